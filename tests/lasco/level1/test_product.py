"""The Level 1 product as a file, and reading Level 1 files back."""

from __future__ import annotations

import gzip
import warnings

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from corinpaint.lasco.errors import FrameError, NotFitsError, OutputError, WrongLevelError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1 import product as level1
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.product import read_level1
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.photometry.photometry import MSB_UNIT


@pytest.fixture(scope="module")
def product(make_frame) -> level1.Level1:
    return calibrate(read_frame(make_frame()), load_calibration_set())


def test_the_file_holds_brightness_an_explained_mask_uncertainty_and_noise(product, tmp_path):
    path = product.write(tmp_path)
    assert path.name == "35082037.fits"
    with fits.open(path, checksum=True) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "MASK", "UNCERT", "NOISE"]
        assert hdus[0].header["NEXTEND"] == len(hdus) - 1
        assert hdus[0].data.dtype == np.dtype(">f4")
        assert hdus["MASK"].data.dtype == np.uint8
        assert [hdus["MASK"].header[f"FLAG{bit}"] for bit in (1, 2, 4, 8, 16)] == [1, 2, 4, 8, 16]
        assert "filled" in hdus["MASK"].header.comments["FLAG1"]
        assert hdus["UNCERT"].header["BUNIT"] == hdus[0].header["BUNIT"] == MSB_UNIT
        assert np.array_equal(hdus[0].data, product.data, equal_nan=True)
        assert np.array_equal(hdus["UNCERT"].data, product.uncertainty)
        assert np.array_equal(hdus["NOISE"].data, product.noise)
        assert hdus["NOISE"].data.dtype == np.dtype(">f4")
        assert hdus["NOISE"].header["BUNIT"] == MSB_UNIT
        assert np.array_equal(np.isinf(hdus["NOISE"].data), np.isnan(product.data))
        assert all(hdu.header["DATE"] == product.header["DATE"] for hdu in hdus)


def test_noise_is_less_than_the_whole_uncertainty_by_the_calibration(product):
    seen = np.isfinite(product.data)
    calibration = product.uncertainty[seen] ** 2 - product.noise[seen] ** 2
    share = np.sqrt(np.maximum(calibration, 0)) / np.abs(product.data[seen])
    assert (product.uncertainty[seen] >= product.noise[seen]).all()
    assert np.median(share) == pytest.approx(product.header["CALERR"], rel=0.2)


def test_the_world_coordinates_put_the_sun_at_the_origin(product):
    wcs = WCS(product.header)
    x, y = wcs.world_to_pixel_values(0, 0)
    assert (x, y) == pytest.approx((517.956, 532.632), abs=1e-6)
    assert wcs.wcs.ctype[1] == "HPLT-TAN"


@pytest.mark.slow
def test_sunpy_opens_image_and_extensions_without_a_warning(shared, tmp_path):
    sunpy_map = pytest.importorskip("sunpy.map")
    names = ("c3_level05/32082037", "c3_level05/32180009", "c2_level05/22460143", "c2_level05_polarised_512/22455061")
    for name in names:
        written = calibrate(read_frame(shared / f"{name}.fts.gz")).write(tmp_path)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            image, mask, uncertainty, noise = sunpy_map.Map(written)
            assert image.instrument == "LASCO"
            assert image.unit is not None
            assert image.unit == uncertainty.unit == noise.unit
            assert image.date.isot == image.date_start.isot == image.meta["date_obs"]
            assert (image.date_end - image.date_start).to_value("s") == pytest.approx(image.meta["exptime"], abs=2e-3)
            assert image.reference_date == noise.reference_date == image.date_average
            assert image.rotation_matrix[0, 1] == pytest.approx(-np.sin(np.radians(image.meta["crota"])), abs=1e-6)
            assert image.observer_coordinate.radius.to_value("au") == pytest.approx(1, abs=0.03)
            assert mask.data.dtype.itemsize == 1


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


def _scaled(path, raw, **cards):
    hdu = fits.PrimaryHDU(raw)
    hdu.header.update({"LEVEL": "1.0", "BSCALE": 6.5e-9 / 65536, "BZERO": 6.5e-9 / 65536 * 32769, **cards})
    hdu.writeto(path)
    return path


def test_masked_pixels_of_solarsofts_files_are_masked_and_not_half_of_the_range(tmp_path):
    raw = np.array([[-32768, -32767], [0, 100]], np.int16)
    found = read_level1(_scaled(tmp_path / "35000000.fts", raw, BLANK=-32768))
    assert found.masked.tolist() == [[True, False], [True, False]]
    step = 6.5e-9 / 65536
    assert found.data[0, 1] == pytest.approx(2 * step)
    assert found.data[1, 1] == pytest.approx(100 * step + 32769 * step)
    assert np.isnan(found.data[found.masked]).all()


def test_raw_zeros_of_the_official_file_are_its_mask(shared):
    found = read_level1(shared / "c3_level1" / "35082038.fts.gz")
    assert found.masked.sum() == found.header["DATAZER"] == 189510
    assert np.nanmax(found.data) == pytest.approx(found.header["DATAMAX"], rel=1e-4)


def test_files_of_corinpaint_are_read(product, tmp_path):
    found = read_level1(product.write(tmp_path))
    assert np.array_equal(found.data, product.data.astype(float), equal_nan=True)
    assert np.array_equal(found.masked, np.isnan(product.data))
    for name in ("mask", "uncertainty", "noise"):
        plane, expected = getattr(found, name), getattr(product, name)
        assert np.array_equal(plane, expected)
        assert plane.dtype == expected.dtype


def test_planes_that_a_file_does_not_have_are_none(product, tmp_path):
    with fits.open(product.write(tmp_path)) as hdus:
        del hdus["NOISE"]
        hdus.writeto(tmp_path / "earlier.fits")
    earlier = read_level1(tmp_path / "earlier.fits")
    assert earlier.noise is None
    assert np.array_equal(earlier.uncertainty, product.uncertainty)
    official = read_level1(_scaled(tmp_path / "35000000.fts", np.ones((2, 2), np.int16)))
    assert official.mask is official.uncertainty is official.noise is None


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", NotFitsError), (b"<html>", NotFitsError), (gzip.compress(b"no FITS", mtime=0), NotFitsError)],
)
def test_a_file_that_is_not_fits_is_named(tmp_path, content, error):
    (tmp_path / "35000000.fts").write_bytes(content)
    with pytest.raises(error, match=r"35000000\.fts"):
        read_level1(tmp_path / "35000000.fts")


def test_a_cut_product_is_named(product, tmp_path):
    path = product.write(tmp_path)
    path.write_bytes(path.read_bytes()[:-2880])
    with pytest.raises(NotFitsError, match=r"35082037\.fits: cannot be read"):
        read_level1(path)


def test_a_file_that_is_not_level_1_or_has_no_image_is_refused(tmp_path, make_frame):
    (tmp_path / "32082037.fts").write_bytes(make_frame())
    with pytest.raises(WrongLevelError, match="LEVEL"):
        read_level1(tmp_path / "32082037.fts")
    fits.PrimaryHDU().writeto(tmp_path / "empty.fts")
    with pytest.raises(FrameError, match="no image"):
        read_level1(tmp_path / "empty.fts")
