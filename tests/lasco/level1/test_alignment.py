"""Images of one camera on one grid."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.errors import BadKeywordError
from corinpaint.lasco.level1.alignment import shift_to, shifted, sun_centre


def test_an_image_is_moved_by_whole_pixels_and_what_comes_in_is_filled():
    plane = np.arange(12.0).reshape(3, 4)
    assert shifted(plane, (0, 0), np.nan) is plane
    assert shifted(plane, (1, -1), -1).tolist() == [[-1, 4, 5, 6], [-1, 8, 9, 10], [-1, -1, -1, -1]]
    assert shifted(plane, (-3, 2), -1).tolist() == [[-1] * 4, [-1] * 4, [3, -1, -1, -1]]
    assert (shifted(plane, (9, 0), -1) == -1).all()


def test_sun_centres_meet_within_half_a_pixel():
    own, reference = (506.044, 491.368), (518.956, 533.632)
    columns, rows = shift_to(reference, own)
    assert (columns, rows) == (13, 42)
    plane = np.zeros((1024, 1024))
    plane[491, 506] = 1
    assert np.argwhere(shifted(plane, (columns, rows), 0)).tolist() == [[533, 519]]


def test_a_product_without_a_sun_centre_is_named():
    assert sun_centre(fits.Header({"CRPIX1": 5.5, "CRPIX2": 6}), "x.fits") == (5.5, 6.0)
    with pytest.raises(BadKeywordError, match=r"x\.fits: CRPIX2"):
        sun_centre(fits.Header({"CRPIX1": 5.5, "CRPIX2": "low"}), "x.fits")
