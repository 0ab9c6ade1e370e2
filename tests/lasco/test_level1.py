"""The Level 1 product: header, flags, files."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from corinpaint.lasco import blocks, calibration, level1
from corinpaint.lasco.errors import OutputError
from corinpaint.lasco.frame import read_frame

NONE = np.zeros((32, 32), dtype=bool)


@pytest.fixture
def product(make_frame) -> level1.Level1:
    frame = read_frame(make_frame())
    assets = calibration.load_assets()
    return level1.finish(frame, calibration.photometry(frame, assets), NONE, NONE, assets)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("32082037", "35082037"),
        ("31082037", "34082037"),
        ("33082037", "34082037"),
        ("22322749", "25322749"),
        ("mine", "mine_level1"),
    ],
)
def test_files_are_numbered_as_solarsoft_numbers_them(number, expected):
    assert level1.level1_number(number) == expected


def test_the_file_holds_brightness_and_an_explained_mask(product, tmp_path):
    path = product.write(tmp_path)
    assert path.name == "35082037.fits"
    with fits.open(path, checksum=True) as hdus:
        assert hdus[0].data.dtype == np.dtype(">f4")
        assert hdus["MASK"].data.dtype == np.uint8
        assert [hdus["MASK"].header[f"FLAG{bit}"] for bit in (1, 2, 4, 8, 16)] == [1, 2, 4, 8, 16]
        assert "filled" in hdus["MASK"].header.comments["FLAG1"]
        assert np.array_equal(hdus[0].data, product.data, equal_nan=True)


def test_the_world_coordinates_put_the_sun_at_the_origin(product):
    wcs = WCS(product.header)
    x, y = wcs.world_to_pixel_values(0, 0)
    assert (x, y) == pytest.approx((517.956, 532.632), abs=1e-6)
    assert wcs.wcs.ctype[1] == "HPLT-TAN"


def test_sunpy_opens_image_and_mask_without_a_warning(real_frames, tmp_path):
    sunpy_map = pytest.importorskip("sunpy.map")
    assets = calibration.load_assets()
    for path in real_frames[::3]:
        frame = read_frame(path)
        written = level1.finish(frame, calibration.photometry(frame, assets), NONE, NONE, assets).write(tmp_path)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            image, mask = sunpy_map.Map(written)
            assert image.instrument == "LASCO"
            assert image.unit is not None
            assert image.observer_coordinate.radius.to_value("au") == pytest.approx(1, abs=0.03)
            assert mask.data.dtype.itemsize == 1


def test_the_solar_radius_is_within_a_thousandth_of_the_official_one(shared):
    frame = read_frame(shared / "c3_level05" / "32082037.fts.gz")
    official = fits.getheader(shared / "c3_level1" / "35082038.fts.gz")
    assets = calibration.load_assets()
    ours = level1.finish(frame, calibration.photometry(frame, assets), NONE, NONE, assets).header
    assert ours["RSUN"] == pytest.approx(official["RSUN"], rel=1e-3)
    assert ours["CRPIX1"] == pytest.approx(official["CRPIX1"], abs=0.1)
    assert ours["CRPIX2"] == pytest.approx(official["CRPIX2"], abs=0.1)
    assert ours["CROTA1"] == pytest.approx(official["CROTA1"], abs=0.02)


def test_history_cards_with_tabs_survive(make_frame, tmp_path):
    frame = read_frame(make_frame().replace(b"offset_bias.pro 1.24", b"offset_bias.pro\t1.24"))
    assets = calibration.load_assets()
    path = level1.finish(frame, calibration.photometry(frame, assets), NONE, NONE, assets).write(tmp_path)
    assert "offset_bias.pro 1.24" in str(fits.getheader(path)["HISTORY"])


def test_a_long_misslist_is_kept_whole(make_frame, tmp_path):
    lost = np.random.default_rng(0).random((32, 32)) < 0.3
    lost &= ~blocks.never_sent()
    frame = read_frame(make_frame())
    assets = calibration.load_assets()
    path = level1.finish(frame, calibration.photometry(frame, assets), lost, NONE, assets).write(tmp_path)
    assert np.array_equal(blocks.from_misslist(fits.getheader(path)["MISSLIST"]), lost)


def test_an_existing_file_is_not_replaced_unless_asked(product, tmp_path):
    product.write(tmp_path)
    with pytest.raises(OutputError, match="is there already"):
        product.write(tmp_path)
    product.write(tmp_path, overwrite=True)


def test_a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing(product, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        product.write(tmp_path / "file")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
