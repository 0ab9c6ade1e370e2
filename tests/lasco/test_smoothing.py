"""Smoothing of what is known."""

from __future__ import annotations

import numpy as np

from corinpaint.lasco.smoothing import gaussian_sums, smooth

KNOWN = np.ones((40, 40), dtype=bool)
KNOWN[10:20, 10:20] = False


def test_a_constant_stays_where_it_is_known_and_what_is_not_known_is_not_read():
    image = np.where(KNOWN, 3.0, np.nan)
    found, weight = smooth(image, KNOWN, 2.0)
    assert np.allclose(found[KNOWN], 3)
    assert not found[~KNOWN].any()
    assert weight[15, 15] < weight[5, 5]


def test_the_ratio_of_the_sums_is_the_average_in_holes_too():
    total, weight = gaussian_sums(np.where(KNOWN, 3.0, np.nan), KNOWN, 4.0, np.float32)
    assert total.dtype == weight.dtype == np.float32
    assert np.allclose(total / weight, 3, rtol=1e-5)
