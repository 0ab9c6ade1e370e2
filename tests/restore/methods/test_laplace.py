"""Harmonic and biharmonic fill against known solutions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import problems
import pytest

from corinpaint.restore.methods import laplace, windows

FOUR = ((20, 20), (20, 21), (21, 20), (21, 21))


def _window(field, missing=((20, 20),), **options):
    made, truth = problems.problem(field, missing, **options)
    window = windows.cut(made, made.zones[0], laplace.MARGIN)
    return window, truth[window.place] / window.unit


def test_a_harmonic_field_is_recovered_by_first_differences():
    window, truth = _window(
        lambda y, x: 9 + ((x - 600) ** 2 - (y - 700) ** 2) / 1e5 + (x - 600) * (y - 700) / 1e5, FOUR
    )
    found = laplace.smoothest(window, laplace.FIRST, 1)
    assert np.abs(found - truth).max() < 1e-6


def test_a_cubic_field_is_recovered_by_second_differences():
    window, truth = _window(lambda y, x: 9 + ((x - 600) ** 3 - (x - 600) * (y - 700) ** 2) / 1e6, FOUR)
    found = laplace.smoothest(window, laplace.SECOND, 2)
    assert np.abs(found - truth).max() < 1e-6


def test_second_differences_give_what_scikit_image_gives_in_the_middle_of_observed_pixels():
    inpaint = pytest.importorskip("skimage.restoration").inpaint_biharmonic
    window, _ = _window(problems.grating(30), noise=0.05)
    ours = laplace.smoothest(window, laplace.SECOND, 2)
    theirs = inpaint(window.image, window.hole)
    low, high = window.image[window.observed].min(), window.image[window.observed].max()
    assert np.abs(np.clip(ours, low, high) - theirs).max() < 1e-6


def test_a_top_inside_the_hole_is_not_clipped():
    made, truth = problems.problem(problems.quadratic, ((20, 20),))
    filled = laplace.biharmonic()(made)
    assert filled[made.hole].max() > truth[made.observed].max()


def test_the_least_and_the_largest_of_a_harmonic_fill_lie_at_its_rim():
    made, _ = problems.problem(problems.power, FOUR, noise=0.05)
    filled = laplace.harmonic()(made)[made.hole]
    rim = made.image[639:705, 639:705]
    assert np.nanmin(rim) <= filled.min() < filled.max() <= np.nanmax(rim)


def test_beside_hidden_pixels_the_surface_ends_freely():
    hidden = np.zeros((1024, 1024), dtype=bool)
    hidden[:, 656:] = True
    made, truth = problems.problem(lambda y, x: 2 + y / 1024 + 0 * x, ((20, 20),), hidden=hidden)
    assert problems.worst(laplace.harmonic()(made), truth, made) < 1e-3
    made, truth = problems.problem(problems.plane, ((20, 20),), hidden=hidden)
    assert problems.worst(laplace.biharmonic()(made), truth, made) < 1e-5


def test_a_surface_that_nothing_fixes_is_not_a_number():
    window, _ = _window(problems.plane)
    alone = replace(window, observed=np.zeros_like(window.observed))
    alone.observed[3, [4, 12, 20]] = alone.observed[2, 30] = True  # no second difference reaches the last one
    found = laplace.smoothest(alone, laplace.SECOND, 2)
    assert np.isnan(found[alone.hole]).all()
