"""Artificial holes for log-polar windows: a main hole and a few beside it, on a block grid with a random origin.

With the frame's own block grid a network would learn where the corners of the blocks lie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level05.blocks import BLOCK_SIZE, block_means
from corinpaint.lasco.simulation.lost_runs import RUNS, place_runs

SHAPES: dict[tuple[int, int], float] = {
    (1, 1): 0.20,
    (2, 2): 0.19,
    (3, 3): 0.18,
    (4, 4): 0.16,
    (5, 5): 0.02,
    (1, 6): 0.06,
    (6, 1): 0.06,
    (2, 3): 0.015,
    (3, 2): 0.015,
    (1, 2): 0.015,
    (2, 1): 0.015,
    (2, 8): 0.005,
    (8, 2): 0.005,
    (1, 12): 0.005,
    (12, 1): 0.005,
    (1, 24): 0.01,
    (3, 8): 0.01,
    (4, 8): 0.01,
    (8, 8): 0.01,
    (4, 16): 0.01,
}
"""Rectangles of missing blocks (rows, columns), and the probability of each."""

RUN_ODDS = 0.04
"""Probability that the only hole is a run of 16 to 128 blocks in the order of telemetry, past unknown ones."""

CLUSTER_ODDS = 0.06
"""Probability of a cluster: `CLUSTER_BLOCKS` blocks of a square of `CLUSTER_SIDE` by `CLUSTER_SIDE`."""

CLUSTER_SIDE = 5
CLUSTER_BLOCKS = 6

KNOWN_BLOCK = 0.97
"""Share of a block's pixels that must be known for it to be made missing."""

MAX_BESIDE = 3
"""Maximum number of holes beside the main one."""

MAX_DISTANCE = 6
"""Maximum number of blocks, along each axis, between the middle of the main hole and the corner of another."""

MAX_DRAWS = 60
"""Draws for the main hole."""

MAX_DRAWS_BESIDE = 12
"""Draws after which no more holes are put beside it."""


@dataclass(frozen=True, eq=False)
class Holes:
    """Missing blocks on a grid of their own.

    Attributes
    ----------
    missing : ndarray of bool, shape (rows, columns)
        Blocks.
    weight : ndarray of float32, shape (rows, columns)
        1 over the root of the number of blocks of the hole that a block belongs to; 0 elsewhere.
    corner : tuple of int
        Row and column of the grid's first pixel.
    middle : tuple of float
        Row and column of the main hole's middle, px from 0.
    extent : float
        Its longer side, px.
    """

    missing: NDArray[np.bool_]
    weight: NDArray[np.float32]
    corner: tuple[int, int]
    middle: tuple[float, float]
    extent: float

    def at(
        self, rows: NDArray[np.integer], columns: NDArray[np.integer]
    ) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """Whether pixels of the frame are missing (bool), and their weight (float32), in the shape of `rows`."""
        high, wide = self.missing.shape
        down, along = (rows - self.corner[0]) // BLOCK_SIZE, (columns - self.corner[1]) // BLOCK_SIZE
        inside = (down >= 0) & (down < high) & (along >= 0) & (along < wide)
        place = np.where(inside, down * wide + along, 0)
        return inside & self.missing.ravel()[place], np.where(inside, self.weight.ravel()[place], np.float32(0))


def draw(rng: np.random.Generator, known: NDArray[np.bool_]) -> Holes | None:
    """Draw holes.

    Parameters
    ----------
    rng : numpy.random.Generator
    known : ndarray of bool, shape (H, W)
        Pixels of the frame whose truth is known.

    Returns
    -------
    Holes or None
        None where none of `MAX_DRAWS` main holes fits.
    """
    corner = (int(rng.integers(BLOCK_SIZE)), int(rng.integers(BLOCK_SIZE)))
    free = _free(known, corner)
    places = np.argwhere(free)
    if not len(places):
        return None
    if rng.random() < RUN_ODDS and (runs := place_runs(free, int(rng.choice([*RUNS.values()])), 1, rng)):
        return _run(runs[0], corner)
    missing, weight = np.zeros_like(free), np.zeros(free.shape, dtype=np.float32)
    main: tuple[int, int, int, int] | None = None
    wanted = 0
    for attempt in range(MAX_DRAWS):
        pattern = _pattern(rng)
        high, wide = pattern.shape
        if main is None:
            row, column = (int(place) for place in places[rng.integers(len(places))] - (high // 2, wide // 2))
        else:
            middles = (main[0] + main[2] // 2, main[1] + main[3] // 2)
            row, column = (middle + int(rng.integers(-MAX_DISTANCE, MAX_DISTANCE + 1)) for middle in middles)
        if _fits(free, row, column, pattern):
            window = (slice(row, row + high), slice(column, column + wide))
            missing[window] |= pattern
            weight[window][pattern] = 1 / np.sqrt(pattern.sum())
            gap = int(rng.integers(1, 3))
            free[max(row - gap, 0) : row + high + gap, max(column - gap, 0) : column + wide + gap] = False
            if main is None:
                main, wanted = (row, column, high, wide), int(rng.integers(MAX_BESIDE + 1)) + 1
            wanted -= 1
        if main is not None and (wanted == 0 or attempt >= MAX_DRAWS_BESIDE):
            break
    if main is None:
        return None
    return _holes(missing, weight, corner, main)


def _run(missing: NDArray[np.bool_], corner: tuple[int, int]) -> Holes:
    """One run as the only hole."""
    (top, left), (bottom, right) = np.argwhere(missing).min(axis=0), np.argwhere(missing).max(axis=0)
    weight = (missing / np.sqrt(missing.sum())).astype(np.float32)
    return _holes(missing, weight, corner, (int(top), int(left), int(bottom - top) + 1, int(right - left) + 1))


def _holes(
    missing: NDArray[np.bool_], weight: NDArray[np.float32], corner: tuple[int, int], main: tuple[int, int, int, int]
) -> Holes:
    """Holes, the main one of which has this first row, first column, height and width, blocks."""
    row, column, high, wide = main
    middle = (corner[0] + (row + high / 2) * BLOCK_SIZE - 0.5, corner[1] + (column + wide / 2) * BLOCK_SIZE - 0.5)
    return Holes(missing, weight, corner, middle, float(max(high, wide) * BLOCK_SIZE))


_RECTANGLES = list(SHAPES)
_ODDS = np.array([*SHAPES.values(), CLUSTER_ODDS])
_ODDS = _ODDS / _ODDS.sum()


def _pattern(rng: np.random.Generator) -> NDArray[np.bool_]:
    chosen = int(rng.choice(len(_ODDS), p=_ODDS))
    if chosen < len(_RECTANGLES):
        return np.ones(_RECTANGLES[chosen], dtype=bool)
    pattern = np.zeros(CLUSTER_SIDE * CLUSTER_SIDE, dtype=bool)
    pattern[rng.choice(pattern.size, CLUSTER_BLOCKS, replace=False)] = True
    return pattern.reshape(CLUSTER_SIDE, CLUSTER_SIDE)


def _fits(free: NDArray[np.bool_], row: int, column: int, pattern: NDArray[np.bool_]) -> bool:
    high, wide = pattern.shape
    if row < 0 or column < 0 or row + high > free.shape[0] or column + wide > free.shape[1]:
        return False
    return not (pattern & ~free[row : row + high, column : column + wide]).any()


def _free(known: NDArray[np.bool_], corner: tuple[int, int]) -> NDArray[np.bool_]:
    """Blocks that can be made missing, those at the edge of the grid left out."""
    rows, columns = ((length // BLOCK_SIZE - 1) * BLOCK_SIZE for length in known.shape)
    part = known[corner[0] : corner[0] + rows, corner[1] : corner[1] + columns]
    free = np.asarray(block_means(part) > KNOWN_BLOCK)
    free[[0, -1]] = free[:, [0, -1]] = False
    return free
