"""Fill from context: the mean of frames before and after, and a smooth surface for the change since.

The mean of the two nearest frames that observed a pixel, lightly smoothed, plus the harmonic fill of the difference
between frame and mean around the hole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.smoothing import smooth
from corinpaint.restore.context import Context
from corinpaint.restore.methods import laplace
from corinpaint.restore.methods.problem import Fill, Problem

MOST = 2
"""Maximum number of context frames that are averaged at a pixel."""

LIGHTLY = 1.0
"""Width of the smoothing of the mean, px."""

DIFFERENCE = 2.5
"""Width of the smoothing of the difference, whose noise would run on into the hole, px."""


def temporal() -> Fill:
    """The fill from context; NaN where no context frame observed the hole."""

    def fill(problem: Problem) -> NDArray[np.float32]:
        mean, known = average(problem)
        if not known.any():
            return np.full(problem.image.shape, np.nan, dtype=np.float32)
        base, _ = smooth(mean, known, LIGHTLY)
        both = problem.observed & known
        difference, _ = smooth(np.where(both, problem.image - base, 0), both, DIFFERENCE)
        change = laplace.membrane(replace(problem, image=difference.astype(np.float32), observed=both))
        return np.where(problem.hole & known, base + change, np.nan).astype(np.float32)

    return fill


def average(problem: Problem) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Mean of the nearest context frames that observed each pixel, at most `MOST`, and where there is any."""
    total = np.zeros(problem.image.shape)
    count = np.zeros(problem.image.shape, dtype=np.int8)
    for context in problem.context:  # the nearest first
        wanted = context.observed & (count < MOST)
        total[wanted] += context.image[wanted]
        count[wanted] += 1
    return total / np.maximum(count, 1), count > 0


def contributing(context: Sequence[Context], area: blocks.Blocks, most: int = MOST) -> tuple[str, ...]:
    """File numbers of the context frames that `average` takes from in some blocks, the nearest first.

    Parameters
    ----------
    context : sequence of Context
        The nearest frame first.
    area : ndarray of bool, shape (H / 32, W / 32)
    most : int
        Maximum number of frames at a pixel.
    """
    found, count = [], np.zeros(0)
    for one in context:
        place = blocks.bounding_box(area, one.observed.shape)
        seen = one.observed[place][blocks.to_pixels(area)[place]]
        count = count if count.size else np.zeros(seen.size)
        if (seen & (count < most)).any():
            found += one.number.split()
        count += seen
    return tuple(found)
