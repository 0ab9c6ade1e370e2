"""The robust local polynomial: exact on polynomials, blind to stars, careful where little is observed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import problems
import pytest

from corinpaint.restore.methods import polynomial

ONE = ((20, 20),)
SIXTEEN = tuple((row, column) for row in range(18, 22) for column in range(20, 24))


def _sextic(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    y, x = (rows - 640) / 128, (columns - 700) / 128
    return 5 + x - y**2 + 0.3 * x**3 * y**2 - 0.1 * x**6 + 0.2 * y**6


def test_a_polynomial_of_its_degree_is_recovered():
    for missing in (ONE, SIXTEEN):
        made, truth = problems.problem(_sextic, missing)
        assert problems.worst(polynomial.polynomial()(made), truth, made) < 1e-4


def test_stars_and_cosmic_rays_around_the_hole_do_not_count():
    clean, truth = problems.problem(problems.quadratic, ONE, noise=0.02)
    rng = np.random.default_rng(5)
    image = clean.image.copy()
    image[rng.random(image.shape) < 0.05] *= 4
    image[660:668, 676:684] = 30 * problems.UNIT
    starry = replace(clean, image=image)
    for made in (clean, starry):
        error = (polynomial.polynomial()(made) - truth)[made.hole] / problems.UNIT
        assert np.sqrt(np.mean(error**2)) < 0.01


def test_noisier_pixels_count_less():
    made, truth = problems.problem(problems.quadratic, ONE, noise=0.02)
    image, sigma = made.image.copy(), made.sigma.copy()
    rng = np.random.default_rng(1)
    sigma[:656] *= 30
    image[:656] += (rng.normal(0, 0.6, image[:656].shape) * problems.UNIT).astype(np.float32)

    def error(sigma: np.ndarray) -> float:
        filled = polynomial.polynomial()(replace(made, image=image, sigma=sigma))
        return float(np.sqrt(np.mean(np.square(filled - truth)[made.hole])))

    assert error(sigma) < 0.7 * error(made.sigma)


def test_a_one_sided_hole_lowers_the_degree_instead_of_running_away():
    hidden = np.ones((1024, 1024), dtype=bool)
    hidden[:, 600:650] = False
    made, truth = problems.problem(problems.quadratic, ONE, hidden=hidden & False, noise=0.05)
    observed = made.observed & ~hidden
    filled = polynomial.polynomial()(replace(made, observed=observed))
    assert np.isfinite(filled[made.hole]).all()
    assert np.abs(filled - truth)[made.hole].max() < 0.5 * problems.UNIT


def test_too_few_pixels_for_a_plane_give_no_values():
    made, _ = problems.problem(problems.plane, ONE)
    observed = np.zeros_like(made.observed)
    observed[630:632, 640:644] = True
    assert np.isnan(polynomial.polynomial()(replace(made, observed=observed))[made.hole]).all()


@pytest.mark.slow
def test_a_long_row_of_blocks_is_filled_in_pieces_that_follow_the_field():
    row = tuple((20, column) for column in range(8, 24))
    made, truth = problems.problem(problems.grating(20, 160), row, noise=0.02)
    error = (polynomial.polynomial()(made) - truth)[made.hole] / problems.UNIT
    assert np.sqrt(np.mean(error**2)) < 0.03
