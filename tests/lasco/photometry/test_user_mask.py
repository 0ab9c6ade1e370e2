"""A user's own mask: pixels that are called missing are filled and flagged apart, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

import corinpaint
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.product import Flag, flagged
from corinpaint.lasco.options import parse
from corinpaint.lasco.photometry import user_mask
from corinpaint.restore.report import report

MISSING = ((20, 8),)
ON_DETECTOR = parse(["no-warp", "no-roll"])


@pytest.fixture(scope="module")
def frame(make_frame):
    return read_frame(make_frame(missing=MISSING))


@pytest.fixture(scope="module")
def trail() -> np.ndarray:
    """A thin trail across six blocks, and a part of the missing block and of the occulter."""
    mask = np.zeros((1024, 1024), dtype=bool)
    mask[760:763, 600:690] = mask[645:650, 260:270] = mask[500:520, 505:515] = True
    return mask


@pytest.fixture(scope="module")
def without(frame):
    return corinpaint.restore(frame, fill="harmonic", options=ON_DETECTOR)


@pytest.fixture(scope="module")
def restored(frame, trail):
    return corinpaint.restore(frame, fill="harmonic", options=ON_DETECTOR, mask=trail)


@pytest.mark.slow
def test_masked_pixels_are_filled_flagged_apart_and_all_others_are_bit_identical(restored, without, trail):
    product = restored.level1
    assert not without.level1.header.get("NUSER")
    rotated = trail[::-1, ::-1] if product.header["RECTIFY"] else trail
    user = flagged(product.mask, Flag.USER)
    assert user.sum() == 270
    assert not (user & ~rotated).any()
    assert set(np.unique(product.mask[user])) == {Flag.USER | Flag.FILLED}
    assert (product.data[user] != without.level1.data[user]).all()
    for plane in ("data", "mask", "uncertainty", "noise"):
        ours, theirs = getattr(product, plane), getattr(without.level1, plane)
        assert np.array_equal(ours[~user], theirs[~user], equal_nan=plane == "data"), plane


@pytest.mark.slow
def test_the_product_and_the_report_say_so(restored, without, tmp_path):
    header = restored.level1.header
    assert header["NUSER"] == 270
    assert len(header["USERMASK"]) == 16
    assert "270 pixels in the field of view called missing, 270 of" in "\n".join(header["HISTORY"])
    assert (header["NMISSING"], header["NFILLED"]) == (1, 1)
    assert restored.counts == without.counts
    assert report(restored)["pixels"]["user"] == 270
    assert [record.total for record in restored.zones].count(None) >= 1
    found = corinpaint.read_level1(restored.level1.write(tmp_path, compress="lossless"))
    assert np.array_equal(found.mask, restored.level1.mask)
    assert found.provenance["user_mask"] == header["USERMASK"]
    assert [zone.method for zone in found.zones] == [record.method for record in restored.zones]


@pytest.mark.slow
def test_masked_pixels_of_a_refused_zone_have_no_value(frame, trail, without):
    refused = corinpaint.restore(frame, fill="none", options=ON_DETECTOR, mask=trail)
    user = flagged(refused.level1.mask, Flag.USER)
    assert user.sum() == 270
    assert (refused.level1.mask[user] == Flag.USER | Flag.REFUSED).all()
    assert np.isnan(refused.level1.data[user]).all()
    others = ~flagged(refused.level1.mask, Flag.REFUSED)
    assert np.array_equal(refused.level1.data[others], without.level1.data[others], equal_nan=True)


@pytest.mark.slow
def test_with_the_distortion_corrected_pixels_that_take_from_masked_ones_are_flagged_too(frame, trail):
    product = corinpaint.restore(frame, fill="harmonic", mask=trail).level1
    plain = corinpaint.restore(frame, fill="harmonic").level1
    user = flagged(product.mask, Flag.USER)
    assert 270 < user.sum() < 2 * 270 + 400
    assert np.array_equal(product.data[~user], plain.data[~user], equal_nan=True)


@pytest.mark.parametrize("mask", [np.zeros((1024, 1024)), np.zeros((512, 512), dtype=bool), [True]])
def test_other_masks_are_refused(frame, mask):
    with pytest.raises(OptionError, match="mask has the type"):
        user_mask.check_mask(frame, mask)


def test_a_mask_is_read_from_the_first_image_that_a_file_has(tmp_path):
    from astropy.io import fits

    wanted = np.zeros((6, 4))
    wanted[1, 2] = -2.5
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(wanted.astype(np.float32))]).writeto(tmp_path / "mask.fits")
    assert np.array_equal(user_mask.read_mask(tmp_path / "mask.fits"), wanted != 0)
