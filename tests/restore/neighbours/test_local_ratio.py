"""The smooth local ratio of two images."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.restore.neighbours.local_ratio import local_ratio

ROWS, COLUMNS = np.mgrid[0:256, 0:256].astype(float)
TRUTH = 1 + 0.2 * np.cos(np.arctan2(ROWS - 300, COLUMNS - 300))
SCENE = 5 + np.sin(COLUMNS / 3)


@pytest.fixture
def common():
    return np.ones(SCENE.shape, dtype=bool)


def test_it_follows_position_and_leaves_structure_alone(common):
    found = local_ratio(TRUTH * SCENE, SCENE, common)
    assert np.abs(found / TRUTH - 1)[32:-32, 32:-32].max() < 0.01


def test_a_hole_takes_the_ratio_of_its_surroundings(common):
    common[96:160, 96:160] = False
    image = np.where(common, TRUTH * SCENE, np.nan)
    found = local_ratio(image, SCENE, common)
    assert np.abs(found / TRUTH - 1)[96:160, 96:160].max() < 0.01


def test_stars_and_impossible_pixels_do_not_move_it(common):
    image = TRUTH * SCENE
    clean = local_ratio(image, SCENE, common)
    image[100:104, 100:104] *= 1000
    assert np.abs(local_ratio(image, SCENE, common) / clean - 1).max() < 0.01


def test_it_is_finite_and_positive_where_almost_nothing_is_common(common):
    common[:] = False
    common[:16, :16] = True
    found = local_ratio(TRUTH * SCENE, SCENE, common)
    assert np.isfinite(found).all()
    assert (found > 0).all()
    assert found[200, 200] == pytest.approx(TRUTH[:16, :16].mean(), rel=0.01)
