"""Bilinear maps: images, variances and flags."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.geometry.resampling import bilinear_map, flags_at

ROWS, COLUMNS = np.mgrid[0:32, 0:48].astype(float)


def test_a_plane_is_resampled_exactly():
    moved = bilinear_map(COLUMNS + 0.3, ROWS - 0.4, clip=True)
    image = moved.image(2 * COLUMNS + 5 * ROWS)
    expected = 2 * (COLUMNS + 0.3) + 5 * (ROWS - 0.4)
    assert np.allclose(image[1:, :-1], expected[1:, :-1], rtol=1e-6)


def test_variance_is_that_of_many_noisy_images():
    moved = bilinear_map(COLUMNS + 0.3, ROWS + 0.4, clip=True)
    rng = np.random.default_rng(0)
    images = np.stack([moved.image(rng.normal(0, 2, ROWS.shape)) for _ in range(4000)])
    predicted = moved.variance(np.full(ROWS.shape, 4.0))
    assert np.allclose(images.var(axis=0) / predicted, 1, atol=0.12)
    assert predicted[5, 5] == pytest.approx(4 * (0.7**2 + 0.3**2) * (0.6**2 + 0.4**2), rel=1e-5)


def test_positions_outside_take_the_edge_value_or_none():
    clipped, open_ = (bilinear_map(COLUMNS + 10, ROWS, clip=clip) for clip in (True, False))
    assert (clipped.image(COLUMNS)[:, -1] == 47).all()
    assert (open_.image(COLUMNS + 1)[:, -10:] == 0).all()
    assert open_.outside.sum() == 10 * 32
    assert not clipped.outside.any()


def test_values_that_are_not_finite_count_as_zero():
    image = np.ones(ROWS.shape)
    image[4, 4] = np.nan
    assert bilinear_map(COLUMNS, ROWS, clip=True).image(image)[4, 4] == 0


def test_a_pixel_exactly_on_the_grid_depends_on_itself_alone():
    flags = np.zeros(ROWS.shape, dtype=bool)
    flags[7, 9] = True
    identity = bilinear_map(COLUMNS, ROWS, clip=True)
    assert np.array_equal(identity.propagate_flags(flags), flags)
    assert np.array_equal(identity.source_pixels(flags), flags)


def test_flags_at_places_are_those_of_a_map_that_is_used_once():
    rows, columns = np.mgrid[0:40, 0:48].astype(float)
    angle, flags = np.radians(7.0), np.random.default_rng(1).random((40, 48)) < 0.1
    x = 20 + (columns - 20) * np.cos(angle) + (rows - 15) * np.sin(angle)
    y = 15 + (rows - 15) * np.cos(angle) - (columns - 20) * np.sin(angle)
    x[5], y[5] = 7.0, np.arange(48) % 40  # whole pixels, whose neighbours have no weight
    affected, outside = flags_at(x, y, flags)
    expected = bilinear_map(x, y, clip=False)
    assert np.array_equal(affected, expected.propagate_flags(flags))
    assert np.array_equal(outside, expected.outside)
    assert affected.any()
    assert outside.any()
