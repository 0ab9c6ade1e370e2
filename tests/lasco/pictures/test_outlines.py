"""Outlines of pixels as polygons."""

from __future__ import annotations

import numpy as np
from matplotlib.path import Path

from corinpaint.lasco.pictures.outlines import outlines


def _area(polygon):
    """Positive where the inside lies on the left."""
    x, y = polygon.T
    return 0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))


def _inside(polygons, shape):
    rows, columns = np.indices(shape)
    places = np.column_stack([columns.ravel(), rows.ravel()])
    crossings = sum(Path(np.vstack([p, p[:1]]), closed=True).contains_points(places).astype(int) for p in polygons)
    return (crossings % 2).astype(bool).reshape(shape)


def test_a_block_is_a_rectangle_along_the_edges_of_its_pixels():
    where = np.zeros((10, 10), bool)
    where[2:5, 3:9] = True
    (polygon,) = outlines(where)
    assert sorted(map(tuple, polygon)) == [(2.5, 1.5), (2.5, 4.5), (8.5, 1.5), (8.5, 4.5)]
    assert _area(polygon) == 18


def test_nothing_has_no_outline_and_everything_has_that_of_the_image():
    assert outlines(np.zeros((4, 4), bool)) == []
    (polygon,) = outlines(np.ones((3, 5), bool))
    assert _area(polygon) == 15


def test_pixels_that_touch_by_a_corner_are_parted():
    assert [len(polygon) for polygon in outlines(np.eye(3, dtype=bool))] == [4, 4, 4]
    assert [len(polygon) for polygon in outlines(np.eye(3, dtype=bool)[::-1])] == [4, 4, 4]


def test_an_opening_is_a_polygon_the_other_way_round():
    where = np.ones((6, 6), bool)
    where[2:4, 2:4] = False
    assert sorted(_area(polygon) for polygon in outlines(where)) == [-4, 36]


def test_polygons_hold_the_pixels_and_no_other_whatever_the_shape():
    for seed in range(20):
        where = np.random.default_rng(seed).random((17, 23)) < 0.5
        polygons = outlines(where)
        assert np.array_equal(_inside(polygons, where.shape), where)
        assert sum(map(_area, polygons)) == where.sum()
