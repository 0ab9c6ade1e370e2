"""Products minus a background, the frame before or the first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import products
import pytest
from astropy.io import fits

from corinpaint.lasco.errors import CalibrationError, WrongShapeError
from corinpaint.lasco.inputs.kinds import PRODUCT, kind_of_header
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.collection import collect
from corinpaint.lasco.level1.differences import difference_name, pairs, subtract
from corinpaint.lasco.level1.product import Flag, Level1File, read_level1, read_planes

SHAPE = (32, 32)
RNG = np.random.default_rng(0)
NAMES = ("35000002.fits", "35000001.fits")


def as_read(product) -> Level1File:
    return Level1File(
        product.data.astype(float),
        np.isnan(product.data),
        product.header,
        product.mask,
        product.uncertainty,
        product.noise,
    )


def image(number=1, mask=None, data=None, **cards) -> Level1File:
    values = RNG.normal(5e-11, 1e-12, SHAPE) if data is None else data
    return as_read(products.made_up(35000000 + number, f"2002-01-08T0{number}:00:00", values, mask, 1e-12, **cards))


def test_the_difference_is_that_of_the_values_with_the_noise_of_both():
    one, two = image(2), image(1)
    made = subtract(one, two, "running", NAMES)
    assert made.data.dtype == np.float32
    assert np.allclose(made.data, one.data - two.data, atol=1e-17)
    assert np.allclose(made.noise, np.sqrt(2) * 1e-12, rtol=3e-4)
    error = one.header["CALERR"]
    assert np.allclose(made.uncertainty, np.hypot(made.noise, error * made.data), rtol=6e-4)
    assert made.header["CALERR"] == pytest.approx(error)
    assert made.header["CALADD"] == 0


def test_an_uncertainty_that_one_image_has_alone_does_not_cancel():
    one, two = image(2, CALERR=0.05), image(1, CALERR=0.01)
    for frame, other in ((one, two), (two, one)):
        made = subtract(frame, other, "running", NAMES)
        expected = np.sqrt(made.noise**2 + (0.01 * made.data) ** 2 + (0.05**2 - 0.01**2) * one.data**2)
        assert np.allclose(made.uncertainty, expected, rtol=6e-4)
        assert made.header["CALERR"] == 0.01


def test_flags_of_both_are_kept_and_values_are_where_both_have_one():
    masks = np.zeros((2, *SHAPE), np.uint8)
    data = np.full((2, *SHAPE), 5e-11)
    masks[0, 0, 0], masks[1, 0, 0] = Flag.FILLED, Flag.SATURATED
    masks[0, 0, 1], masks[1, 0, 1], data[1, 0, 1] = Flag.FILLED, Flag.REFUSED, np.nan
    data[1, 0, 2] = np.nan
    made = subtract(image(2, masks[0], data[0]), image(1, masks[1], data[1]), "base", NAMES)
    assert made.mask[0, 0] == Flag.FILLED | Flag.SATURATED
    assert made.mask[0, 1] == made.mask[0, 2] == Flag.REFUSED
    assert np.argwhere(np.isnan(made.data)).tolist() == [[0, 1], [0, 2]]
    assert np.isinf(made.noise[0, 1:3]).all()
    assert np.isinf(made.uncertainty[0, 1:3]).all()


def test_what_is_subtracted_is_moved_to_the_sun_centre_of_the_frame():
    data = RNG.normal(5e-11, 1e-12, SHAPE)
    moved = np.roll(data, (3, -2), (0, 1))
    made = subtract(image(2, data=moved, CRPIX1=14.5, CRPIX2=19.5), image(1, data=data), "running", NAMES)
    seen = np.isfinite(made.data)
    assert seen.sum() == 29 * 30
    assert np.allclose(made.data[seen], 0, atol=1e-16)
    assert (made.mask[~seen] == Flag.NEVER_SENT).all()


def test_the_header_is_the_frames_and_says_what_was_subtracted():
    one = image(2, DATAMAX=7.0, FILL="network")
    made = subtract(one, image(1), "background", ("35000002.fits", "3m1_clcl_020108.fts"), "ab" * 32)
    header = made.header
    assert made.filename == header["FILENAME"] == "35000002_minus_background.fits"
    assert (header["LEVEL"], header["SUBTRACT"], header["SUBFILE"]) == ("2.0", "background", "3m1_clcl_020108.fts")
    assert header["SUBDATE"] == "2002-01-08T01:00:00"
    assert header["SUBHASH"] == "ab" * 32
    assert header["BUNIT"] == one.header["BUNIT"]
    assert header["DATE-OBS"] == one.header["DATE-OBS"]
    assert header["FILL"] == "network"
    assert header["DATAMAX"] == pytest.approx(made.data.max(), rel=1e-6)
    assert list(header).count("DATAMAX") == 1
    assert "Subtracted 3m1_clcl_020108.fts (background)" in " ".join(header["HISTORY"])
    assert list(one.header["HISTORY"]) == list(header["HISTORY"])[: len(one.header["HISTORY"])]
    assert kind_of_header(header) is PRODUCT


def test_a_difference_of_a_compressed_product_does_not_say_that_it_is_compressed(tmp_path):
    product = products.made_up(35000002, "2002-01-08T02:00:00", RNG.normal(5e-11, 1e-12, SHAPE))
    read = read_level1(product.write(tmp_path, compress="rice"))
    path = subtract(read, image(1), "running", NAMES).write(tmp_path)
    with fits.open(path, checksum=True) as hdus:
        assert not {"COMPRESS", "QSTEP", "QERR"} & set(hdus[0].header)
        assert hdus[0].header["NEXTEND"] == 3
        hdus.verify("exception")
    assert read_planes(path).noise is not None


def test_images_that_do_not_go_together_are_named():
    with pytest.raises(CalibrationError, match=r"35000001\.fits: CALIB = 'OFFICIAL', but 'NOMINAL' in 35000002"):
        subtract(image(2), image(1, CALIB="OFFICIAL"), "running", NAMES)
    with pytest.raises(WrongShapeError, match=r"35000001\.fits: \(64, 64\), but \(32, 32\)"):
        subtract(image(2), image(1, data=np.ones((64, 64))), "running", NAMES)


def test_files_without_mask_and_noise_have_no_flags_and_unknown_noise():
    bare = image(1)
    bare = Level1File(bare.data, bare.masked, bare.header)
    made = subtract(image(2), bare, "base", NAMES)
    assert (made.mask == 0).all()
    assert np.isinf(made.noise).all()


def test_running_takes_the_frame_before_base_the_first_and_background_all(tmp_path):
    for number in (1, 2, 3):
        products.write(tmp_path, 35000000 + number, f"2002-01-08T0{number}:00:00", np.ones(SHAPE))
    (members,) = collect([tmp_path]).groups.values()

    def of(kind, *more):
        return [(pair.frame.path.stem[-1], pair.subtracted.stem[-1]) for pair in pairs(members, kind, *more)]

    assert of("running") == [("2", "1"), ("3", "2")]
    assert of("base") == [("2", "1"), ("3", "1")]
    assert of("background", Path("b.fts"), "x") == [("1", "b"), ("2", "b"), ("3", "b")]
    hashes = {pair.identity for kind in ("running", "base") for pair in pairs(members, kind)}
    assert len(hashes) == 3  # the first of both kinds is of the same two files
    assert difference_name(Path("24000464_level1.fits"), "base") == "24000464_level1_minus_base.fits"


@pytest.mark.slow
def test_the_noise_of_a_difference_is_its_scatter_in_real_frames(shared):
    one, two = (
        as_read(calibrate(read_frame(shared / "c2_level05" / f"{number}.fts.gz"))) for number in (22493749, 22493748)
    )
    made = subtract(one, two, "running", ("25493749.fits", "25493748.fits"))
    y, x = np.indices(made.data.shape)
    far = np.isfinite(made.data) & (np.hypot(x - 511, y - 507) > 400)  # where little moves
    ratio = made.data[far] / made.noise[far]
    assert 1.4826 * np.median(np.abs(ratio - np.median(ratio))) == pytest.approx(1, abs=0.15)
