"""The window of a zone, and what the methods share."""

from __future__ import annotations

import numpy as np
import problems
import pytest

from corinpaint.restore.methods import windows


def test_a_window_holds_the_missing_blocks_and_a_margin_in_units_of_the_corona():
    made, truth = problems.problem(problems.plane, ((20, 20), (21, 21)))
    window = windows.cut(made, made.zones[0], 5)
    assert window.image.shape == (64 + 10, 64 + 10)
    assert window.corner == (20 * 32 - 5, 20 * 32 - 5)
    assert window.hole.sum() == 2 * 1024
    assert (window.image[~window.observed] == 0).all()
    assert np.allclose(window.image[window.observed] * window.unit, truth[window.place][window.observed])
    assert np.median(window.image[window.observed]) == pytest.approx(1)


def test_a_window_ends_with_the_frame():
    made, _ = problems.problem(problems.plane, ((0, 31),))
    assert windows.cut(made, made.zones[0], 8).image.shape == (40, 40)


def test_values_outside_of_the_holes_are_nan_and_those_inside_in_the_unit_of_the_frame():
    made, truth = problems.problem(problems.plane, ((20, 20), (8, 12)))
    filled = windows.by_zone(made, 4, lambda window: np.ones_like(window.image))
    assert np.isnan(filled[~made.hole]).all()
    assert np.abs(filled[made.hole] / truth[made.hole] - 1).max() < 0.1


def test_a_piece_is_held_by_one_pixel_beside_it_or_three_that_span_a_plane():
    made, _ = problems.problem(problems.plane, ((20, 20), (20, 22)), hidden=np.ones((1024, 1024), dtype=bool))
    window = windows.cut(made, made.zones[0], 4)
    window.hole[4:36, 4:36] = window.hole[4:36, 68:100] = True
    window.observed[3, 10:30] = True  # below the left block, on one line
    assert windows.held(window, 1).sum() == 1024
    assert not windows.held(window, 2).any()
    window.observed[2, 20] = True
    assert np.array_equal(windows.held(window, 2), windows.held(window, 1))


def test_the_fall_off_of_a_power_law_is_found():
    made, truth = problems.problem(problems.power, ((20, 20),))
    window = windows.cut(made, made.zones[0], 16)
    radius, _ = windows.polar(window, made.centre)
    found = windows.fall_off(window, radius) * window.unit
    assert np.abs(found / truth[window.place] - 1).max() < 1e-3


def test_a_field_that_is_nowhere_positive_has_no_fall_off():
    made, _ = problems.problem(lambda rows, columns: -1.0 - 0 * rows * columns, ((20, 20),))
    window = windows.cut(made, made.zones[0], 16)
    assert (windows.fall_off(window, windows.polar(window, made.centre)[0]) == 1).all()
