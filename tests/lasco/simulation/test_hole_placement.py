"""Placement of artificial holes."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.simulation import hole_placement

EVERYWHERE = np.ones((32, 32), dtype=bool)


@pytest.mark.parametrize("size", hole_placement.SHAPES)
def test_holes_have_their_size_and_lie_on_usable_blocks_off_the_edge(size):
    usable = EVERYWHERE.copy()
    usable[12:20, 12:20] = False
    holes = hole_placement.place_holes(usable, size, 5, np.random.default_rng(0))
    rows, columns = hole_placement.SHAPES[size]
    assert len(holes) == 5
    for hole in holes:
        assert hole.sum() == (hole_placement.CLUSTER_BLOCKS if size == "cluster" else rows * columns)
        assert np.ptp(np.argwhere(hole), axis=0).max() < max(rows, columns)
        assert not (hole & ~usable).any()
        assert not hole[[0, -1]].any()
        assert not hole[:, [0, -1]].any()


@pytest.mark.parametrize("size", ["1", "2x2", "3x3", "4x4", "1x6", "6x1"])
def test_every_hole_is_a_zone_of_its_own(size):
    holes = hole_placement.place_holes(EVERYWHERE, size, 6, np.random.default_rng(1))
    assert len(blocks.zones(np.logical_or.reduce(holes))) == len(holes)


def test_holes_of_a_cluster_never_join_another_cluster():
    holes = hole_placement.place_holes(EVERYWHERE, "cluster", 6, np.random.default_rng(1))
    for zone in blocks.zones(np.logical_or.reduce(holes)):
        assert sum((zone.missing & hole).any() for hole in holes) == 1


def test_the_same_seed_gives_the_same_holes_and_another_seed_others():
    generators = [np.random.default_rng(seed) for seed in (3, 3, 4)]
    first, again, other = (hole_placement.place_holes(EVERYWHERE, "2x2", 4, rng) for rng in generators)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_where_nothing_fits_there_is_no_hole():
    usable = np.zeros((32, 32), dtype=bool)
    usable[5:8, 5:8] = True
    assert hole_placement.place_holes(usable, "4x4", 4, np.random.default_rng(0)) == []
    assert len(hole_placement.place_holes(usable, "3x3", 4, np.random.default_rng(0))) == 1


def test_a_generator_depends_on_its_text_alone():
    first, again, other = (hole_placement.generator(text).integers(2**32) for text in ("a 1", "a 1", "a 2"))
    assert first == again
    assert first != other


def test_holes_touch_the_blocks_that_they_are_asked_to_touch():
    near = np.zeros((32, 32), dtype=bool)
    near[10:14, 20] = True
    holes = hole_placement.place_holes(EVERYWHERE, "2x2", 6, np.random.default_rng(0), touching=near)
    assert holes
    assert all((hole & near).any() for hole in holes)
