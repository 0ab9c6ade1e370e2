"""Outlines of pixels: polygons along their edges, for drawings that can be enlarged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vertex = tuple[int, int]
"""Column and row of a corner of pixels, counted from the corner of pixel (0, 0)."""

Sides = dict[tuple[Vertex, int], Vertex]
"""Ends of straight sides, by their beginning and direction (1 or -1)."""


def outlines(where: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Polygons around the selected pixels.

    Pixels that touch by a corner alone lie in polygons of their own. A region with an opening gives two polygons.

    Parameters
    ----------
    where : ndarray of bool, shape (H, W)

    Returns
    -------
    list of ndarray of float64, shape (N, 2)
        (column, row) of the corners on the edges of pixels, whose centres are whole numbers; the selected pixels lie on
        the left where rows go up, and on the right in pictures whose row 0 is at the top. The first corner is not
        repeated at the end.
    """
    padded = np.pad(where, 1).astype(np.int8)
    along = _sides(np.diff(padded, axis=0)[:, 1:-1], transposed=False)
    # A side that has its pixels on the left goes up the rows where the pixels end, and down where they begin.
    up = _sides(-np.diff(padded, axis=1)[1:-1].T, transposed=True)
    polygons = []
    while along:
        polygons.append(np.array(_polygon(along, up), dtype=np.float64) - 0.5)
    return polygons


def _sides(steps: NDArray[np.int8], *, transposed: bool) -> Sides:
    """Straight sides along the lines of an image, where its steps are 1 (forwards) or -1 (backwards)."""
    length = steps.shape[1]
    flat = np.pad(steps, ((0, 0), (1, 1))).ravel()
    changes = np.flatnonzero(np.diff(flat)) + 1
    sides: Sides = {}
    for begin, end in zip(changes[:-1].tolist(), changes[1:].tolist(), strict=True):
        step = int(flat[begin])
        if not step:
            continue
        line, first = divmod(begin, length + 2)
        first, last = first - 1, first - 1 + end - begin
        corners = [(line, place) if transposed else (place, line) for place in (first, last)]
        sides[corners[int(step < 0)], step] = corners[int(step > 0)]
    return sides


def _polygon(along: Sides, up: Sides) -> list[Vertex]:
    """One closed polygon, whose sides are taken out; at a corner that two polygons share, it turns left."""
    (start, step), place = along.popitem()
    corners = [start]
    while place != start or len(corners) % 2:
        corners.append(place)
        sides, left = (up, step) if len(corners) % 2 == 0 else (along, -step)
        step = left if (place, left) in sides else -left
        place = sides.pop((place, step))
    return corners
