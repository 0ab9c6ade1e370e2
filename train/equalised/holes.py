"""Artificial holes: missing telemetry blocks in the shapes in which they occur."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SIZES = (1, 2, 3, 4, 6, 8)
"""Sides of square holes, blocks."""
MAX_RUN = 6
"""Maximum length of a run of missing blocks along a row or a column, blocks."""
MAX_SHARE = 0.5
"""Maximum share of the usable blocks that is made missing."""
MAX_DRAWS = 40
"""Maximum number of shapes that are drawn."""

Blocks = NDArray[np.bool_]
Shape = Callable[[np.random.Generator, tuple[int, int]], Blocks]


def draw(rng: np.random.Generator, usable: Blocks, share: float | None = None) -> Blocks:
    """Draw holes: squares, runs along a row or a column, and scattered clusters.

    Parameters
    ----------
    rng : numpy.random.Generator
    usable : ndarray of bool, shape (rows, columns)
        True where a block can be made missing: it is sent and not behind the occulter.
    share : float, optional
        Approximate share of the usable blocks to be made missing; drawn between 0.05 and 0.35 when not given. At most
        `MAX_SHARE` of them are.

    Returns
    -------
    missing : ndarray of bool, shape (rows, columns)
        At least one block, all of them usable; none when nothing is usable.
    """
    missing = np.zeros_like(usable)
    total = int(usable.sum())
    if total == 0:
        return missing
    wanted = max(1, round((rng.uniform(0.05, 0.35) if share is None else share) * total))
    limit = max(1, int(MAX_SHARE * total))
    for _ in range(MAX_DRAWS):
        shape = _SHAPES[rng.choice(len(_SHAPES), p=_ODDS)]
        more = missing | (shape(rng, (usable.shape[0], usable.shape[1])) & usable)
        if more.sum() <= limit:
            missing = more
        if missing.sum() >= wanted:
            break
    return missing if missing.any() else _single_block(rng, usable)


def squares(shape: tuple[int, int], side: int, gap: int = 2) -> Blocks:
    """Squares of missing blocks on a regular grid, for validation.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the block map.
    side : int
        Side of every square, blocks.
    gap : int
        Minimum number of blocks between neighbouring squares.

    Returns
    -------
    missing : ndarray of bool, shape (rows, columns)
    """
    return np.outer(_intervals(shape[0], side, gap), _intervals(shape[1], side, gap))


def _intervals(length: int, side: int, gap: int) -> Blocks:
    count = max(1, length // (side + gap))
    room = length - count * side
    chosen = np.zeros(length, dtype=bool)
    for index in range(count):
        start = (room * (2 * index + 1)) // (2 * count) + index * side
        chosen[start : start + side] = True
    return chosen


def _single_block(rng: np.random.Generator, usable: Blocks) -> Blocks:
    missing = np.zeros_like(usable)
    rows, columns = np.nonzero(usable)
    index = rng.integers(len(rows))
    missing[rows[index], columns[index]] = True
    return missing


def _rectangle(rng: np.random.Generator, shape: tuple[int, int], height: int, width: int) -> Blocks:
    missing = np.zeros(shape, dtype=bool)
    row = rng.integers(max(shape[0] - height, 0) + 1)
    column = rng.integers(max(shape[1] - width, 0) + 1)
    missing[row : row + height, column : column + width] = True
    return missing


def _square(rng: np.random.Generator, shape: tuple[int, int]) -> Blocks:
    fitting = [side for side in SIZES if side <= max(1, min(shape) * 3 // 4)]
    side = int(rng.choice(fitting))
    return _rectangle(rng, shape, side, side)


def _run(rng: np.random.Generator, shape: tuple[int, int]) -> Blocks:
    length = int(rng.integers(2, MAX_RUN + 1))
    return _rectangle(rng, shape, 1, length) if rng.random() < 0.5 else _rectangle(rng, shape, length, 1)


def _cluster(rng: np.random.Generator, shape: tuple[int, int]) -> Blocks:
    middle = rng.uniform(0, shape)
    missing = np.zeros(shape, dtype=bool)
    for row, column in rng.normal(middle, 1.5, (int(rng.integers(2, 9)), 2)).astype(int):
        if 0 <= row < shape[0] and 0 <= column < shape[1]:
            missing[row, column] = True
    return missing


_SHAPES: tuple[Shape, ...] = (_square, _run, _cluster)
_ODDS = (0.5, 0.25, 0.25)
