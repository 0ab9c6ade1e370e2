"""The Gaussian process: it learns lengths and noise from the surroundings of a hole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import problems
import pytest

from corinpaint.restore.methods import gaussian_process, laplace

FOUR = ((20, 20), (20, 21), (21, 20), (21, 21))


def rays(rows, columns):
    angle = np.arctan2(rows - problems.CENTRE[1], columns - problems.CENTRE[0])
    return problems.power(rows, columns) * (1 + 0.3 * np.sin(25 * angle))


def test_it_learns_that_streamers_are_long_along_the_radius():
    made, truth = problems.problem(rays, FOUR, noise=0.01)
    process, harmonic = (
        np.sqrt(np.mean(np.square(fill(made) - truth)[made.hole])) / problems.UNIT
        for fill in (gaussian_process.gaussian_process(), laplace.harmonic())
    )
    assert process < 0.01
    assert process < 0.3 * harmonic


def test_stars_do_not_count():
    made, truth = problems.problem(problems.power, FOUR, noise=0.01)
    image = made.image.copy()
    image[650, 637] += 100 * problems.UNIT
    filled = gaussian_process.gaussian_process()(replace(made, image=image))
    assert np.abs(filled - truth)[made.hole].max() / problems.UNIT < 0.02


@pytest.mark.slow
def test_the_cells_are_no_more_than_a_few_hundred_and_hold_all_that_is_observed(monkeypatch):
    counts = []
    fit = gaussian_process._posterior
    monkeypatch.setattr(
        gaussian_process, "_posterior", lambda cells, wanted: counts.append(cells.value.size) or fit(cells, wanted)
    )
    for missing in (((20, 20),), tuple((row, column) for row in range(19, 23) for column in range(20, 24))):
        made, _ = problems.problem(problems.power, missing, noise=0.01)
        gaussian_process.gaussian_process()(made)
    assert all(150 < count < 400 for count in counts)


def test_with_few_cells_the_constant_counts():
    cells = gaussian_process._Cells(np.zeros((2, 2)), np.array([1.0, 4.0]), np.array([1.0, np.sqrt(2)]))
    assert gaussian_process._posterior(cells, np.zeros((3, 2))) == pytest.approx([2.0] * 3)
