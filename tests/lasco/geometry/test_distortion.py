"""Optical distortion: the formula, the maps both ways, and the rule for flags."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.time import Time

from corinpaint.lasco.geometry import distortion

CENTRE = (516.456, 531.132)


def test_the_radial_shift_at_200_px_is_the_measured_one():
    assert distortion.radial_shift(200.0) == pytest.approx(-2.45, abs=0.005)
    mm = 0.021 * 300
    by_hand = mm * (0.0051344125 - 0.00012233862 * mm**2 + 1.0978595e-7 * mm**4) / 0.021
    assert distortion.radial_shift(300.0, "C2") == pytest.approx(by_hand, rel=1e-12)


def test_the_occulter_centre_is_the_tabulated_one_nearest_in_time():
    assert distortion.occulter_centre(Time("1996-09-01")) == (516.514, 529.717)
    assert distortion.occulter_centre(Time("2010-01-01")) == CENTRE


def test_correcting_a_distorted_image_restores_it():
    y, x = np.mgrid[0:1024, 0:1024]
    image = 2 + np.sin(x / 50) * np.cos(y / 40)
    there = distortion.distort_map(CENTRE).image(image)
    back = distortion.undistort_map(CENTRE).image(there)
    assert np.abs(back - image)[40:-40, 40:-40].max() < 1e-3
    assert np.abs(there - image).max() > 0.02


def test_a_ring_moves_by_the_radial_shift():
    y, x = np.mgrid[0:1024, 0:1024]
    radius = np.hypot(x - CENTRE[0], y - CENTRE[1])
    straightened = distortion.undistort_map(CENTRE).image(radius)
    row = straightened[531, 517:1000]
    expected = radius[531, 517:1000] + distortion.radial_shift(radius[531, 517:1000])
    assert np.abs(row - expected).max() < 0.02


def test_a_pixel_is_flagged_exactly_when_its_value_depends_on_a_flagged_one():
    warp = distortion.undistort_map(CENTRE)
    rng = np.random.default_rng(1)
    flags = np.zeros((1024, 1024), dtype=bool)
    flags[320:352, 640:672] = True
    image = rng.uniform(1, 2, (1024, 1024)).astype(np.float32)
    other = np.where(flags, image + 1, image).astype(np.float32)
    changed = warp.image(image) != warp.image(other)
    touched = warp.propagate_flags(flags)
    assert changed.any()
    assert not (changed & ~touched).any()
    assert (touched & ~changed).sum() < 5  # weights so small that float32 loses them


def test_source_pixels_are_those_on_which_the_wanted_ones_depend():
    warp = distortion.undistort_map(CENTRE)
    wanted = np.zeros((1024, 1024), dtype=bool)
    wanted[100:110, 200:230] = True
    sources = warp.source_pixels(wanted)
    assert np.array_equal(warp.propagate_flags(~sources) & wanted, np.zeros_like(wanted))
    one = np.zeros_like(wanted)
    one[np.argwhere(sources)[5][0], np.argwhere(sources)[5][1]] = True
    assert (warp.propagate_flags(one) & wanted).any()


def _scene(column: np.ndarray, row: np.ndarray) -> np.ndarray:
    """A corona about the occulter: brightness falls as in C3."""
    return (100 / (np.hypot(column - CENTRE[0], row - CENTRE[1]) + 60)) ** 2.5


@pytest.mark.slow
def test_solarsofts_grid_and_the_exact_map_differ_by_less_than_a_twentieth_of_a_per_cent():
    row, column = np.mgrid[0:1024, 0:1024].astype(float)
    exact, coarse = (
        distortion.product_map(distortion.Geometry("C3", CENTRE, solarsoft=grid)).image(_scene(column, row))
        for grid in (False, True)
    )
    apart = np.abs(coarse / exact - 1)[20:-20, 20:-20]
    assert 1e-6 < apart.max() < 5e-4


def test_a_summed_image_is_corrected_as_the_sum_of_the_corrected_one():
    row, column = np.mgrid[0:1024, 0:1024].astype(float)
    scene = _scene(column, row)
    of_sum = distortion.product_map(distortion.Geometry("C3", CENTRE, (512, 512))).image(_halved(scene))
    sum_of = _halved(distortion.undistort_map(CENTRE).image(scene))
    middle = np.hypot(*(np.mgrid[0:512, 0:512] - 260)) > 60  # where the corona is not so steep that sums curve
    assert np.abs(of_sum / sum_of - 1)[middle].max() < 3e-3


def _halved(image: np.ndarray) -> np.ndarray:
    return image.reshape(512, 2, 512, 2).mean(axis=(1, 3))


@pytest.mark.parametrize("upside_down", [False, True])
def test_the_roll_is_corrected_about_the_pivot(upside_down):
    """A blob that the roll moved along a circle about the sun comes back to where it belongs."""
    pivot, roll = (518.0, 500.0), 30.0
    angle = np.radians(-roll)  # the camera sees the sky turned clockwise by the roll
    place = np.array(pivot) + np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ (
        150.0,
        80.0,
    )
    seen = 1023 - place if upside_down else place
    row, column = np.mgrid[0:1024, 0:1024]
    image = np.exp(-((column - seen[0]) ** 2 + (row - seen[1]) ** 2) / 50)
    geometry = distortion.Geometry("C3", CENTRE, warp=False, upside_down=upside_down, roll=roll, pivot=pivot)
    product = distortion.product_map(geometry).image(image)
    assert np.unravel_index(product.argmax(), product.shape) == (580, 668)
    assert distortion.product_map(geometry).outside.any()


def test_without_warp_and_roll_nothing_is_interpolated():
    image = np.random.default_rng(0).random((1024, 1024), dtype=np.float32)
    same = distortion.product_map(distortion.Geometry("C3", CENTRE, warp=False)).image(image)
    assert np.array_equal(same, image)


def test_the_number_of_cached_maps_is_limited():
    assert distortion.product_map.cache_parameters()["maxsize"] * 52 < 200  # MB
