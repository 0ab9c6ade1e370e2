"""Artificial holes: lost telemetry blocks in the shapes in which they get lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SIZES = (1, 2, 3, 4, 6, 8)
"""Sides of square holes, blocks."""
RUN = 6
"""Longest run of blocks lost one after the other."""
MAX_SHARE = 0.5
"""Largest share of the sendable blocks that is lost."""
TRIES = 40

Blocks = NDArray[np.bool_]
Shape = Callable[[np.random.Generator, tuple[int, int]], Blocks]


def sample(rng: np.random.Generator, sendable: Blocks, share: float | None = None) -> Blocks:
    """Draw lost blocks: squares, runs along a row or a column, and scattered clusters.

    Parameters
    ----------
    rng : numpy.random.Generator
    sendable : bool (rows, columns)
        True where a block can be lost: it is sent and not behind the occulter.
    share : float, optional
        Share of the sendable blocks to lose, roughly; drawn between 0.05 and 0.35 when not given. Never more than
        half of them are lost.

    Returns
    -------
    lost : bool (rows, columns)
        At least one block, all of them sendable; none when nothing is sendable.
    """
    lost = np.zeros_like(sendable)
    total = int(sendable.sum())
    if total == 0:
        return lost
    wanted = max(1, round((rng.uniform(0.05, 0.35) if share is None else share) * total))
    limit = max(1, int(MAX_SHARE * total))
    for _ in range(TRIES):
        shape = _SHAPES[rng.choice(len(_SHAPES), p=_ODDS)]
        more = lost | (shape(rng, (sendable.shape[0], sendable.shape[1])) & sendable)
        if more.sum() <= limit:
            lost = more
        if lost.sum() >= wanted:
            break
    return lost if lost.any() else _one(rng, sendable)


def squares(shape: tuple[int, int], side: int, gap: int = 2) -> Blocks:
    """Squares of lost blocks on a regular grid, for validation.

    Parameters
    ----------
    shape : (rows, columns)
        Size of the block map.
    side : int
        Side of every square, blocks.
    gap : int
        Blocks between neighbouring squares, at least.

    Returns
    -------
    lost : bool (rows, columns)
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


def _one(rng: np.random.Generator, sendable: Blocks) -> Blocks:
    lost = np.zeros_like(sendable)
    rows, columns = np.nonzero(sendable)
    index = rng.integers(len(rows))
    lost[rows[index], columns[index]] = True
    return lost


def _rectangle(rng: np.random.Generator, shape: tuple[int, int], height: int, width: int) -> Blocks:
    lost = np.zeros(shape, dtype=bool)
    row = rng.integers(max(shape[0] - height, 0) + 1)
    column = rng.integers(max(shape[1] - width, 0) + 1)
    lost[row : row + height, column : column + width] = True
    return lost


def _square(rng: np.random.Generator, shape: tuple[int, int]) -> Blocks:
    fitting = [side for side in SIZES if side <= max(1, min(shape) * 3 // 4)]
    side = int(rng.choice(fitting))
    return _rectangle(rng, shape, side, side)


def _run(rng: np.random.Generator, shape: tuple[int, int]) -> Blocks:
    length = int(rng.integers(2, RUN + 1))
    return _rectangle(rng, shape, 1, length) if rng.random() < 0.5 else _rectangle(rng, shape, length, 1)


def _cluster(rng: np.random.Generator, shape: tuple[int, int]) -> Blocks:
    centre = rng.uniform(0, shape)
    lost = np.zeros(shape, dtype=bool)
    for row, column in rng.normal(centre, 1.5, (int(rng.integers(2, 9)), 2)).astype(int):
        if 0 <= row < shape[0] and 0 <= column < shape[1]:
            lost[row, column] = True
    return lost


_SHAPES: tuple[Shape, ...] = (_square, _run, _cluster)
_ODDS = (0.5, 0.25, 0.25)
