"""Radial interpolation: exact on power laws, keeps streamers, takes the better of ray and circle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import problems

from corinpaint.restore.methods import laplace, radial

FOUR = ((20, 20), (20, 21), (21, 20), (21, 21))


def _angle(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return np.arctan2(rows - problems.CENTRE[1], columns - problems.CENTRE[0])


def _streamers(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return problems.power(rows, columns) * (1 + 0.3 * np.sin(40 * _angle(rows, columns)))


def _rings(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    radius = np.hypot(columns - problems.CENTRE[0], rows - problems.CENTRE[1])
    return problems.power(rows, columns) * (1 + 0.3 * np.sin(radius / 6))


def _error(field, fill=None, **options) -> float:
    made, truth = problems.problem(field, FOUR, noise=0.01, **options)
    filled = (fill or radial.radial())(made)
    return float(np.sqrt(np.mean(np.square(filled - truth)[made.hole])) / problems.UNIT)


def test_streamers_along_the_rays_are_carried_through_the_hole():
    assert _error(_streamers) < 0.05
    assert _error(_streamers) < 0.5 * _error(_streamers, laplace.harmonic())


def test_rings_about_the_sun_are_carried_through_the_hole():
    assert _error(_rings) < 0.05
    assert _error(_rings) < 0.5 * _error(_rings, laplace.harmonic())


def test_a_power_law_goes_on_where_only_one_side_is_observed():
    y, x = np.mgrid[0:1024, 0:1024]
    hidden = np.hypot(x - problems.CENTRE[0], y - problems.CENTRE[1]) < 185
    made, truth = problems.problem(problems.power, FOUR, hidden=hidden)
    assert 0 < made.hole.sum() < 4096
    assert problems.worst(radial.radial()(made), truth, made) < 1e-4


def test_a_star_at_the_rim_of_the_hole_draws_no_line_through_it():
    made, truth = problems.problem(problems.power, FOUR, noise=0.01)
    image = made.image.copy()
    image[638:640, 650:652] = 20 * problems.UNIT
    filled = radial.radial()(replace(made, image=image))
    assert np.abs(filled - truth)[made.hole].max() < 0.05 * problems.UNIT


def test_the_sun_may_lie_anywhere_even_in_the_hole():
    made, _ = problems.problem(problems.plane, FOUR, noise=0.01)
    for centre in ((672.0, 672.0), (-3000.0, 100.0), (660.0, 400.0)):
        assert np.isfinite(radial.radial()(replace(made, centre=centre))[made.hole]).all()


def test_pixels_without_ray_and_circle_get_no_value():
    made, _ = problems.problem(problems.power, FOUR)
    observed = np.zeros_like(made.observed)
    observed[630:638, 640:660] = True
    filled = radial.radial()(replace(made, observed=observed))[made.hole]
    assert np.isnan(filled).any()
    assert np.isfinite(filled).any()
