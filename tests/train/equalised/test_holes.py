"""Hole sampling on the grid of telemetry blocks."""

import numpy as np
import pytest

from corinpaint.train.equalised.holes import sample, squares


def draw(seed, sendable, **more):
    return sample(np.random.default_rng(seed), sendable, **more)


def test_the_same_seed_loses_the_same_blocks_and_another_seed_others():
    sendable = np.ones((32, 32), dtype=bool)

    assert np.array_equal(draw(1, sendable), draw(1, sendable))
    assert not np.array_equal(draw(1, sendable), draw(2, sendable))


def test_only_sendable_blocks_are_lost_and_at_most_half_of_them():
    sendable = np.random.default_rng(0).random((8, 8)) < 0.4

    for seed in range(50):
        lost = draw(seed, sendable)
        assert not (lost & ~sendable).any()
        assert 1 <= lost.sum() <= sendable.sum() / 2


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4])
def test_about_the_wanted_share_is_lost(share):
    sendable = np.ones((16, 16), dtype=bool)

    mean = np.mean([draw(seed, sendable, share=share).mean() for seed in range(40)])

    assert share <= mean < share + 0.15


def test_single_blocks_big_squares_and_runs_all_occur():
    sendable = np.ones((32, 32), dtype=bool)

    maps = [draw(seed, sendable, share=0.001) for seed in range(300)]

    extents = {tuple(np.ptp(np.nonzero(lost), axis=1) + 1) for lost in maps}
    assert {(1, 1), (2, 2), (8, 8), (1, 6), (6, 1)} <= extents


def test_a_single_sendable_block_is_lost():
    sendable = np.zeros((4, 4), dtype=bool)
    sendable[2, 1] = True

    assert np.array_equal(draw(0, sendable), sendable)


def test_nothing_sendable_means_nothing_lost():
    assert not draw(0, np.zeros((8, 8), dtype=bool)).any()


@pytest.mark.parametrize(("side", "count"), [(1, 4), (2, 4), (4, 1)])
def test_validation_squares_have_one_size_and_do_not_touch(side, count):
    lost = squares((8, 8), side)

    assert lost.sum() % side**2 == 0
    assert lost.sum() >= count * side**2
    edges = np.diff(np.pad(lost.any(axis=0).astype(int), 1))
    assert set(np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)) == {side}
