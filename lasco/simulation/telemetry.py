"""Random losses of telemetry blocks, for the simulator and for training."""

from __future__ import annotations

import numpy as np

from corinpaint.lasco.level05 import blocks


def lost_pattern(rng: np.random.Generator, count: int | None = None) -> blocks.Blocks:
    """Random lost blocks inside the sent field: single ones, runs and clusters.

    Parameters
    ----------
    rng : numpy.random.Generator
    count : int, optional
        Exactly so many; if None, one to three pieces, together mostly 2 to 12 blocks and at times up to 8 x 8.

    Returns
    -------
    ndarray of bool, shape (32, 32)

    Raises
    ------
    ValueError
        When `count` is negative or more than the blocks that are sent.
    """
    sent = ~blocks.never_sent()
    if count is None:
        return _draw_pieces(rng, sent)
    if not 0 <= count <= int(sent.sum()):
        raise ValueError(f"count = {count}; C3 sends {int(sent.sum())} blocks")
    lost = np.zeros_like(sent)
    while (missing := count - int(lost.sum())) > 0:
        more = np.argwhere(_draw_piece(rng) & sent & ~lost)[:missing]
        lost[tuple(more.T)] = True
    return lost


def _draw_pieces(rng: np.random.Generator, sent: blocks.Blocks) -> blocks.Blocks:
    lost = np.zeros_like(sent)
    for _ in range(rng.integers(1, 4)):
        lost |= _draw_piece(rng) & sent
    while lost.sum() < 2:
        lost |= _draw_piece(rng) & sent
    return lost


def _draw_piece(rng: np.random.Generator) -> blocks.Blocks:
    """One single block, run (a few telemetry packets in a row) or cluster, anywhere on the block map."""
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
