"""Where the holes of a benchmark lie in a frame: anywhere, beside the occulter, or in the shadow of the pylon.

A size of holes is written as the name of a shape and, where the holes must lie at a certain place, ``@`` and the place:
``2x2``, ``run64``, ``1@occulter``, ``3x3@pylon``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.photometry.detector import ObservedFrame
from corinpaint.lasco.simulation.hole_placement import SHAPES, place_holes
from corinpaint.lasco.simulation.lost_runs import RUNS, place_runs

PLACES = ("occulter", "pylon")
"""Places beside which holes may be asked for."""

MIN_OBSERVED = 0.5
"""Minimum share of observed pixels in each block of a hole beside occulter or pylon; elsewhere all are observed."""

PYLON_ANGLE, PYLON_HALF_WIDTH = 225.0, 30.0
"""Direction of the pylon of both telescopes from the middle of the detector, degrees counter-clockwise from +column
(`corinpaint.lasco.nominal.c2.PYLON_ANGLE`, `corinpaint.lasco.simulation.camera.PYLON`), and half the angle of its
shadow in C3."""

SIZES = (*SHAPES, *RUNS)
"""Sizes without a place."""


def check_size(size: str) -> str:
    """Return a size as it is.

    Raises
    ------
    OptionError
        When there is no such shape or place.
    """
    shape, _, place = size.partition("@")
    if shape not in SIZES or (place and (place not in PLACES or shape in RUNS)) or size.endswith("@"):
        raise OptionError(
            f"sizes {size!r} are unknown",
            f"choose of {', '.join(SIZES)}; all but runs also with @{' or @'.join(PLACES)} at the end",
        )
    return size


def place(complete: ObservedFrame, size: str, max_count: int, rng: np.random.Generator) -> list[blocks.Blocks]:
    """Place holes of one size in a frame.

    Parameters
    ----------
    complete : ObservedFrame
    size : str
    max_count : int
        Maximum number of holes.
    rng : numpy.random.Generator

    Returns
    -------
    list of ndarray of bool, shape (H / 32, W / 32)
        The blocks of each hole. Runs have blocks that are observed in part, at the edges of the field of view.
    """
    return place_in_all([complete], size, max_count, rng)


def place_in_all(
    frames: list[ObservedFrame], size: str, max_count: int, rng: np.random.Generator
) -> list[blocks.Blocks]:
    """Place the same holes in several frames of one shape; as `place`."""
    shape, _, where = size.partition("@")
    observed = np.logical_and.reduce([frame.observed for frame in frames])
    shares = blocks.block_means(observed)
    if shape in RUNS:
        return place_runs(shares > 0, RUNS[shape], max_count, rng)
    if not where:
        return place_holes(shares == 1, shape, max_count, rng)
    beside = blocks.block_means(_beside(frames[0], where)) > 0
    return place_holes(shares >= MIN_OBSERVED, shape, max_count, rng, touching=beside)


def _beside(frame: ObservedFrame, where: str) -> NDArray[np.bool_]:
    """Observed pixels at most a block from the edge of the occulter, or in the direction of the pylon; shape (H, W)."""
    rows, columns = np.indices(frame.shape)
    x, y = columns - (frame.shape[1] - 1) / 2, rows - (frame.shape[0] - 1) / 2
    radius = np.hypot(x, y)
    angle = np.degrees(np.angle(np.exp(1j * (np.arctan2(y, x) - np.radians(PYLON_ANGLE)))))
    towards_pylon = np.abs(angle) < PYLON_HALF_WIDTH
    away = ~towards_pylon
    ring = radius.astype(int)
    share = np.bincount(ring[away], frame.field[away]) / np.maximum(np.bincount(ring[away]), 1)
    edge = int(np.argmax(share > 0.5))
    if where == "occulter":
        return np.asarray(frame.observed & away & (radius < edge + blocks.BLOCK_SIZE))
    return np.asarray(frame.observed & towards_pylon)
