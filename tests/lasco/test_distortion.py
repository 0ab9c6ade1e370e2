"""Optical distortion: the formula, the maps both ways, and the rule for flags."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.time import Time

from corinpaint.lasco import distortion

CENTRE = (516.456, 531.132)


def test_the_shift_at_200_px_is_the_one_that_was_measured():
    assert distortion.shift(200.0) == pytest.approx(-2.45, abs=0.005)
    mm = 0.021 * 300
    by_hand = mm * (0.0051344125 - 0.00012233862 * mm**2 + 1.0978595e-7 * mm**4) / 0.021
    assert distortion.shift(300.0, "C2") == pytest.approx(by_hand, rel=1e-12)


def test_the_occulter_centre_is_the_tabulated_one_nearest_in_time():
    assert distortion.occulter_centre(Time("1996-09-01")) == (516.514, 529.717)
    assert distortion.occulter_centre(Time("2010-01-01")) == CENTRE


def test_taking_the_distortion_out_of_a_distorted_image_gives_it_back():
    y, x = np.mgrid[0:1024, 0:1024]
    image = 2 + np.sin(x / 50) * np.cos(y / 40)
    there = distortion.distort_map(CENTRE).image(image)
    back = distortion.undistort_map(CENTRE).image(there)
    assert np.abs(back - image)[40:-40, 40:-40].max() < 1e-3
    assert np.abs(there - image).max() > 0.02


def test_a_ring_moves_by_the_shift():
    y, x = np.mgrid[0:1024, 0:1024]
    radius = np.hypot(x - CENTRE[0], y - CENTRE[1])
    straightened = distortion.undistort_map(CENTRE).image(radius)
    row = straightened[531, 517:1000]
    expected = radius[531, 517:1000] + distortion.shift(radius[531, 517:1000])
    assert np.abs(row - expected).max() < 0.02


def test_a_pixel_is_touched_exactly_when_its_value_depends_on_a_flagged_one():
    warp = distortion.undistort_map(CENTRE)
    rng = np.random.default_rng(1)
    flags = np.zeros((1024, 1024), dtype=bool)
    flags[320:352, 640:672] = True
    image = rng.uniform(1, 2, (1024, 1024)).astype(np.float32)
    other = np.where(flags, image + 1, image).astype(np.float32)
    changed = warp.image(image) != warp.image(other)
    touched = warp.touched(flags)
    assert changed.any()
    assert not (changed & ~touched).any()
    assert (touched & ~changed).sum() < 5  # weights so small that float32 loses them


def test_sources_are_the_pixels_that_wanted_ones_are_made_of():
    warp = distortion.undistort_map(CENTRE)
    wanted = np.zeros((1024, 1024), dtype=bool)
    wanted[100:110, 200:230] = True
    sources = warp.sources(wanted)
    assert np.array_equal(warp.touched(~sources) & wanted, np.zeros_like(wanted))
    one = np.zeros_like(wanted)
    one[np.argwhere(sources)[5][0], np.argwhere(sources)[5][1]] = True
    assert (warp.touched(one) & wanted).any()
