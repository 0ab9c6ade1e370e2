"""Artificial holes for log-polar windows."""

import numpy as np
import pytest
from scipy import ndimage

from corinpaint.train.log_polar.holes import KNOWN_BLOCK, draw

BLOCK = 32
KNOWN = np.ones((1024, 1024), dtype=bool)


def draws(count, known=KNOWN):
    return [draw(np.random.default_rng(seed), known) for seed in range(count)]


def test_the_same_generator_draws_the_same_holes():
    first, second = draws(2), draws(2)

    assert np.array_equal(first[0].missing, second[0].missing)
    assert first[1].corner == second[1].corner
    assert first[0].corner != first[1].corner


@pytest.mark.slow
def test_only_known_blocks_are_made_missing_wherever_their_grid_lies():
    known = KNOWN.copy()
    known[:, 200:] = False
    rows, columns = np.mgrid[:1024, :1024]

    for holes in draws(40, known):
        missing, weight = holes.at(rows, columns)
        assert missing.any()
        assert known[missing].mean() > KNOWN_BLOCK
        assert np.array_equal(weight > 0, missing)
        assert missing.sum() == holes.missing.sum() * BLOCK**2


def test_each_hole_weighs_the_root_of_its_blocks():
    for holes in draws(60):
        if holes.weight.max() == pytest.approx(1 / np.sqrt(holes.missing.sum())):
            continue  # a single hole, which may fall apart where it is a run
        labels, count = ndimage.label(holes.weight > 0, np.ones((3, 3)))
        for number in range(1, count + 1):
            mine = labels == number
            if np.unique(holes.weight[mine]).size == 1:  # a cluster may fall apart and touch nothing
                assert holes.weight[mine][0] >= 1 / np.sqrt(mine.sum()) - 1e-6 or mine.sum() < 6


def test_the_middle_is_that_of_the_main_hole_in_pixels():
    for holes in draws(100):
        if holes.missing.sum() == 1:
            rows, columns = np.mgrid[:1024, :1024]
            missing, _ = holes.at(rows, columns)
            assert holes.middle == pytest.approx((rows[missing].mean(), columns[missing].mean()))
            assert holes.extent == BLOCK
            return
    raise AssertionError("no single block was drawn")


def test_single_blocks_large_squares_runs_and_clusters_occur():
    shapes = {holes.extent / BLOCK for holes in draws(200)}
    assert {1, 2, 3, 4, 5, 6} <= shapes


def test_there_are_no_holes_where_nothing_is_known():
    assert draw(np.random.default_rng(0), np.zeros((1024, 1024), dtype=bool)) is None


def test_runs_in_the_order_of_telemetry_occur_and_are_the_only_hole():
    found = 0
    for holes in draws(150):
        places = np.flatnonzero(holes.missing[1:-1, 1:-1])
        if len(places) in (16, 32, 64, 128) and np.array_equal(places, np.arange(places[0], places[0] + len(places))):
            found += 1
            assert np.allclose(holes.weight[holes.missing], 1 / np.sqrt(len(places)))
            rows, columns = np.nonzero(holes.missing)
            assert holes.extent == BLOCK * (max(np.ptp(rows), np.ptp(columns)) + 1)
    assert found >= 2
