"""Runs of lost telemetry: consecutive blocks in the order in which they are sent, row by row, dozens at a time."""

from __future__ import annotations

import numpy as np

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.simulation.hole_placement import clear_of

RUNS = {"run16": 16, "run32": 32, "run64": 64, "run128": 128}
"""Numbers of blocks of the runs, by their names as sizes of holes."""

MAX_SHARE = 0.3
"""Maximum share of a frame's blocks in all of its runs; a single run may have more."""


def place_runs(sent: blocks.Blocks, count: int, max_count: int, rng: np.random.Generator) -> list[blocks.Blocks]:
    """Place runs of lost blocks on a frame.

    Parameters
    ----------
    sent : ndarray of bool, shape (H / 32, W / 32)
        Blocks that were received; a run passes over the others.
    count : int
        Number of blocks of a run.
    max_count : int
        Maximum number of runs.
    rng : numpy.random.Generator

    Returns
    -------
    list of ndarray of bool, shape (H / 32, W / 32)
        The blocks of each run, in zones of their own; empty where the frame has fewer than twice as many blocks.
    """
    numbers = np.flatnonzero(sent)
    if 2 * count > numbers.size:
        return []
    runs: list[blocks.Blocks] = []
    free = sent.copy()
    for start in rng.permutation(numbers.size - count + 1):
        run = np.zeros(sent.shape, dtype=bool)
        run.flat[numbers[start : start + count]] = True
        if not (run & ~free).any():
            runs.append(run)
            free &= clear_of(run)
        if len(runs) == max_count or (len(runs) + 1) * count > MAX_SHARE * numbers.size:
            break
    return runs
