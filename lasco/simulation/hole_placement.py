"""Placement of artificial holes: on observed telemetry blocks, in the shapes of which blocks are missing."""

from __future__ import annotations

import hashlib

import numpy as np
from scipy import ndimage

from corinpaint.lasco.level05 import blocks

SHAPES: dict[str, tuple[int, int]] = {
    "1": (1, 1),
    "2x2": (2, 2),
    "3x3": (3, 3),
    "4x4": (4, 4),
    "1x6": (1, 6),
    "6x1": (6, 1),
    "cluster": (5, 5),
}
"""Sizes of holes: rows x columns, blocks; a cluster is scattered over its square."""

CLUSTER_BLOCKS = 6
"""Number of blocks of a cluster."""

KEPT_FREE = 5
"""Side in blocks of the square around each block of a hole that holds no other hole, so that zones stay apart."""


def place_holes(
    usable: blocks.Blocks,
    size: str,
    max_count: int,
    rng: np.random.Generator,
    touching: blocks.Blocks | None = None,
) -> list[blocks.Blocks]:
    """Place holes of one size on a frame.

    Parameters
    ----------
    usable : ndarray of bool, shape (H / 32, W / 32)
        Blocks whose every pixel was observed.
    size : str
        Key of `SHAPES`.
    max_count : int
        Maximum number of holes.
    rng : numpy.random.Generator
    touching : ndarray of bool, shape (H / 32, W / 32), optional
        Blocks of which each hole has at least one; by default all.

    Returns
    -------
    list of ndarray of bool, shape (H / 32, W / 32)
        The blocks of each hole: usable, not at the edge of the frame, in zones of their own.
    """
    free = usable.copy()
    free[[0, -1]] = free[:, [0, -1]] = False
    rows, columns = SHAPES[size]
    if rows > free.shape[0] or columns > free.shape[1]:
        return []
    corners = np.argwhere(np.ones((free.shape[0] - rows + 1, free.shape[1] - columns + 1), dtype=bool))
    holes: list[blocks.Blocks] = []
    for row, column in rng.permutation(corners):
        hole = np.zeros_like(free)
        hole[row : row + rows, column : column + columns] = _pattern(size, rng)
        if not (hole & ~free).any() and (touching is None or (hole & touching).any()):
            holes.append(hole)
            free &= clear_of(hole)
        if len(holes) == max_count:
            break
    return holes


def clear_of(hole: blocks.Blocks) -> blocks.Blocks:
    """Blocks that are far enough from a hole for another one, so that both are zones of their own."""
    return np.asarray(~ndimage.binary_dilation(hole, np.ones((KEPT_FREE, KEPT_FREE), dtype=bool)))


def generator(text: str) -> np.random.Generator:
    """Random generator whose seed is a text: the same on every machine, and independent of other texts."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


def _pattern(size: str, rng: np.random.Generator) -> blocks.Blocks:
    rows, columns = SHAPES[size]
    if size != "cluster":
        return np.ones((rows, columns), dtype=bool)
    pattern = np.zeros(rows * columns, dtype=bool)
    pattern[rng.choice(rows * columns, CLUSTER_BLOCKS, replace=False)] = True
    return pattern.reshape(rows, columns)
