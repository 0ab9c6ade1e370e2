"""Where the benchmark puts its holes: on observed telemetry blocks, in the shapes in which blocks get lost."""

from __future__ import annotations

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

SCATTERED = 6
"""Blocks of a cluster."""

APART = 5
"""Width in blocks of the square around each block of a hole that other holes keep out of, so that zones stay apart."""


def place(usable: blocks.Blocks, size: str, count: int, rng: np.random.Generator) -> list[blocks.Blocks]:
    """Place holes of one size on a frame.

    Parameters
    ----------
    usable : ndarray of bool, shape (32, 32)
        Blocks whose every pixel was observed.
    size : str
        Key of `SHAPES`.
    count : int
        Most holes.
    rng : numpy.random.Generator

    Returns
    -------
    list of ndarray of bool, shape (32, 32)
        The lost blocks of each hole: usable, off the edge of the frame, in zones of their own.
    """
    free = usable.copy()
    free[[0, -1]] = free[:, [0, -1]] = False
    rows, columns = SHAPES[size]
    corners = np.argwhere(
        np.ones((blocks.BLOCKS_PER_SIDE - rows + 1, blocks.BLOCKS_PER_SIDE - columns + 1), dtype=bool)
    )
    holes: list[blocks.Blocks] = []
    for row, column in rng.permutation(corners):
        hole = np.zeros_like(free)
        hole[row : row + rows, column : column + columns] = _pattern(size, rng)
        if not (hole & ~free).any():
            holes.append(hole)
            free &= ~ndimage.binary_dilation(hole, np.ones((APART, APART), dtype=bool))
        if len(holes) == count:
            break
    return holes


def _pattern(size: str, rng: np.random.Generator) -> blocks.Blocks:
    rows, columns = SHAPES[size]
    if size != "cluster":
        return np.ones((rows, columns), dtype=bool)
    pattern = np.zeros(rows * columns, dtype=bool)
    pattern[rng.choice(rows * columns, SCATTERED, replace=False)] = True
    return pattern.reshape(rows, columns)
