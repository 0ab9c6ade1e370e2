"""Histogram equalisation: fitted on valid pixels, monotone, invertible within its range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from corinpaint.lasco.errors import FrameError
from corinpaint.restore import equalise


@pytest.fixture
def corona() -> np.ndarray:
    y, x = np.mgrid[0:256, 0:256]
    noise = np.random.default_rng(0).normal(0, 1e-13, (256, 256))
    return (1e-9 / (np.hypot(x - 128, y - 128) + 10) ** 1.5 + noise).astype(np.float32)


def test_equalised_valid_pixels_are_spread_evenly_over_zero_to_one(corona):
    levels = equalise.fit(corona, np.ones_like(corona, bool)).forward(corona)
    assert levels.dtype == np.float32
    assert (levels.min(), levels.max()) == (0, 1)
    shares, _ = np.histogram(levels, bins=10, range=(0, 1))
    assert np.abs(shares / corona.size - 0.1).max() < 2e-3


def test_the_inverse_gives_the_values_back_within_the_range(corona):
    equaliser = equalise.fit(corona, np.ones_like(corona, bool))
    back = equaliser.inverse(equaliser.forward(corona))
    assert np.abs(back / corona - 1).max() < 2e-4
    assert np.median(np.abs(back / corona - 1)) < 1e-6


def test_invalid_pixels_do_not_count(corona):
    valid = np.ones_like(corona, bool)
    valid[:64] = False
    clean = equalise.fit(corona, valid)
    dirty = corona.copy()
    dirty[:64] = np.nan
    dirty[0, 0] = 1e30
    again = equalise.fit(dirty, valid)
    assert np.array_equal(clean.values, again.values)
    assert np.array_equal(clean.levels, again.levels)


def test_values_beyond_the_range_stay_at_its_ends(corona):
    equaliser = equalise.fit(corona, np.ones_like(corona, bool))
    assert equaliser.forward(np.array([-1.0, 1.0])).tolist() == [0, 1]
    assert equaliser.inverse(np.array([-0.5, 1.5])) == pytest.approx([corona.min(), corona.max()])


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, 200, elements=st.floats(-1e3, 1e3)))
def test_the_knots_rise_strictly_whatever_the_values(sample):
    if np.unique(sample).size < 2:
        return
    try:
        equaliser = equalise.fit(sample, np.ones_like(sample, bool), knots=64)
    except FrameError:
        return
    assert (np.diff(equaliser.values) > 0).all()
    assert (np.diff(equaliser.levels) > 0).all()
    assert (np.diff(equaliser.forward(np.sort(sample))) >= 0).all()


@pytest.mark.parametrize("sample", [np.zeros(0), np.full(9, 3.0), np.full(9, np.nan)])
def test_nothing_to_equalise_is_an_error(sample):
    with pytest.raises(FrameError, match="equalise"):
        equalise.fit(sample, np.ones_like(sample, bool))
