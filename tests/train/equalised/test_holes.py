"""Hole sampling on the grid of telemetry blocks."""

import numpy as np
import pytest

from corinpaint.train.equalised.holes import draw, squares


def drawn(seed, usable, **more):
    return draw(np.random.default_rng(seed), usable, **more)


def test_the_same_seed_draws_the_same_blocks_and_another_seed_others():
    usable = np.ones((32, 32), dtype=bool)

    assert np.array_equal(drawn(1, usable), drawn(1, usable))
    assert not np.array_equal(drawn(1, usable), drawn(2, usable))


def test_only_usable_blocks_are_made_missing_and_at_most_half_of_them():
    usable = np.random.default_rng(0).random((8, 8)) < 0.4

    for seed in range(50):
        missing = drawn(seed, usable)
        assert not (missing & ~usable).any()
        assert 1 <= missing.sum() <= usable.sum() / 2


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4])
def test_about_the_wanted_share_is_made_missing(share):
    usable = np.ones((16, 16), dtype=bool)

    mean = np.mean([drawn(seed, usable, share=share).mean() for seed in range(40)])

    assert share <= mean < share + 0.15


def test_single_blocks_big_squares_and_runs_all_occur():
    usable = np.ones((32, 32), dtype=bool)

    maps = [drawn(seed, usable, share=0.001) for seed in range(300)]

    extents = {tuple(np.ptp(np.nonzero(missing), axis=1) + 1) for missing in maps}
    assert {(1, 1), (2, 2), (8, 8), (1, 6), (6, 1)} <= extents


def test_a_single_usable_block_is_made_missing():
    usable = np.zeros((4, 4), dtype=bool)
    usable[2, 1] = True

    assert np.array_equal(drawn(0, usable), usable)


def test_where_nothing_is_usable_nothing_is_made_missing():
    assert not drawn(0, np.zeros((8, 8), dtype=bool)).any()


@pytest.mark.parametrize(("side", "count"), [(1, 4), (2, 4), (4, 1)])
def test_validation_squares_have_one_size_and_do_not_touch(side, count):
    missing = squares((8, 8), side)

    assert missing.sum() % side**2 == 0
    assert missing.sum() >= count * side**2
    edges = np.diff(np.pad(missing.any(axis=0).astype(int), 1))
    assert set(np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)) == {side}
