"""Where the benchmark puts its holes."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.simulation import placement

EVERYWHERE = np.ones((32, 32), dtype=bool)


@pytest.mark.parametrize("size", placement.SHAPES)
def test_holes_have_their_size_and_lie_on_usable_blocks_off_the_edge(size):
    usable = EVERYWHERE.copy()
    usable[12:20, 12:20] = False
    holes = placement.place(usable, size, 5, np.random.default_rng(0))
    rows, columns = placement.SHAPES[size]
    assert len(holes) == 5
    for hole in holes:
        assert hole.sum() == (placement.SCATTERED if size == "cluster" else rows * columns)
        assert np.ptp(np.argwhere(hole), axis=0).max() < max(rows, columns)
        assert not (hole & ~usable).any()
        assert not hole[[0, -1]].any()
        assert not hole[:, [0, -1]].any()


@pytest.mark.parametrize("size", ["1", "2x2", "3x3", "4x4", "1x6", "6x1"])
def test_every_hole_is_a_zone_of_its_own(size):
    holes = placement.place(EVERYWHERE, size, 6, np.random.default_rng(1))
    assert len(blocks.zones(np.logical_or.reduce(holes))) == len(holes)


def test_holes_of_a_cluster_never_join_another_cluster():
    holes = placement.place(EVERYWHERE, "cluster", 6, np.random.default_rng(1))
    for zone in blocks.zones(np.logical_or.reduce(holes)):
        assert sum((zone.missing & hole).any() for hole in holes) == 1


def test_the_same_seed_gives_the_same_holes_and_another_seed_others():
    first, again, other = (placement.place(EVERYWHERE, "2x2", 4, np.random.default_rng(s)) for s in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_where_nothing_fits_there_is_no_hole():
    usable = np.zeros((32, 32), dtype=bool)
    usable[5:8, 5:8] = True
    assert placement.place(usable, "4x4", 4, np.random.default_rng(0)) == []
    assert len(placement.place(usable, "3x3", 4, np.random.default_rng(0))) == 1
