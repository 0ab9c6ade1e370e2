"""Random patterns of missing telemetry blocks, for the simulator and for training."""

from __future__ import annotations

import numpy as np

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.simulation.lost_runs import place_runs


def missing_pattern(rng: np.random.Generator, count: int | None = None) -> blocks.Blocks:
    """Random missing blocks among those that C3 sends: single blocks, runs and clusters.

    Parameters
    ----------
    rng : numpy.random.Generator
    count : int, optional
        Number of missing blocks; if None, one to three groups, mostly of 2 to 12 blocks in total, rarely up to 8 x 8.

    Returns
    -------
    ndarray of bool, shape (32, 32)
        (block row, block column), True where missing.

    Raises
    ------
    ValueError
        When `count` is negative or more than the number of blocks that are sent.
    """
    sent = ~blocks.never_sent()
    if count is None:
        return _draw_pieces(rng, sent)
    if not 0 <= count <= int(sent.sum()):
        raise ValueError(f"count = {count} is not between 0 and the {int(sent.sum())} blocks that C3 sends")
    missing = np.zeros_like(sent)
    while (left := count - int(missing.sum())) > 0:
        more = np.argwhere(_draw_piece(rng) & sent & ~missing)[:left]
        missing[tuple(more.T)] = True
    return missing


def missing_run(rng: np.random.Generator, count: int) -> blocks.Blocks:
    """A random run of consecutive blocks in the order in which C3 sends them, row by row.

    Parameters
    ----------
    rng : numpy.random.Generator
    count : int
        Number of missing blocks.

    Returns
    -------
    ndarray of bool, shape (32, 32)
        (block row, block column), True where missing.

    Raises
    ------
    ValueError
        When `count` is not positive, or more than half of the blocks that are sent.
    """
    sent = ~blocks.never_sent()
    if not 0 < 2 * count <= int(sent.sum()):
        raise ValueError(f"count = {count} is not between 1 and half of the {int(sent.sum())} blocks that C3 sends")
    return place_runs(sent, count, 1, rng)[0]


def _draw_pieces(rng: np.random.Generator, sent: blocks.Blocks) -> blocks.Blocks:
    missing = np.zeros_like(sent)
    for _ in range(rng.integers(1, 4)):
        missing |= _draw_piece(rng) & sent
    while missing.sum() < 2:
        missing |= _draw_piece(rng) & sent
    return missing


def _draw_piece(rng: np.random.Generator) -> blocks.Blocks:
    """A single block, a run (a few consecutive telemetry packets) or a cluster, anywhere on the block map."""
    kind = rng.choice(["single", "run", "cluster", "large"], p=[0.35, 0.3, 0.3, 0.05])
    low, high = {"single": (1, 1), "run": (2, 8), "cluster": (2, 3), "large": (4, 8)}[str(kind)]
    height, width = (1, int(rng.integers(low, high + 1))) if kind == "run" else rng.integers(low, high + 1, 2)
    if kind == "run" and rng.uniform() < 0.5:
        height, width = width, height
    piece = np.zeros((blocks.BLOCKS_PER_SIDE, blocks.BLOCKS_PER_SIDE), dtype=bool)
    row, column = (
        rng.integers(0, blocks.BLOCKS_PER_SIDE - height + 1),
        rng.integers(0, blocks.BLOCKS_PER_SIDE - width + 1),
    )
    piece[row : row + height, column : column + width] = True
    return piece
