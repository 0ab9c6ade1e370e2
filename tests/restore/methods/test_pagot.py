"""The published correction: the mean of neighbouring frames, and interpolation along radial profiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import problems
import pytest

from corinpaint.restore.context import Context
from corinpaint.restore.methods import pagot

FOUR = ((20, 20), (20, 21), (21, 20), (21, 21))


def _context(image: np.ndarray, hours: float) -> Context:
    return Context(f"{hours}", hours, image.astype(np.float32), np.ones(image.shape, bool), 1.0)


def test_the_hole_takes_the_mean_of_the_frames_before_and_after():
    made, truth = problems.problem(problems.plane, FOUR)
    context = (_context(0.9 * truth, 0.2), _context(1.1 * truth, -0.2), _context(5 * truth, 0.4))
    filled = pagot.neighbours()(replace(made, context=context))
    assert problems.worst(filled, truth, made) < 1e-6


def test_where_no_neighbour_looked_there_is_no_value():
    made, truth = problems.problem(problems.plane, FOUR)
    blind = replace(_context(truth, 0.2), observed=~made.hole)
    for context in ((), (blind,)):
        assert np.isnan(pagot.neighbours()(replace(made, context=context))[made.hole]).all()


def test_rays_go_on_through_the_hole():
    """Fine rays, of which every profile knows its own."""

    def rays(rows, columns):
        angle = np.arctan2(rows - problems.CENTRE[1], columns - problems.CENTRE[0])
        return problems.power(rows, columns) * (1 + 0.3 * np.sin(50 * angle))

    made, truth = problems.problem(rays, FOUR)
    assert problems.worst(pagot.radial_profiles()(made), truth, made) < 0.05


def test_the_nearer_end_of_a_profile_counts_more():
    made, _ = problems.problem(lambda rows, columns: np.where(rows > 656, 2.0, 1.0) + 0 * columns, ((20, 16),))
    filled = pagot.radial_profiles()(made)[made.hole].reshape(32, 32)[:, 16] / problems.UNIT
    assert (np.diff(filled) > 0).all()
    assert filled[15:17].mean() == pytest.approx(1.5, abs=0.05)
