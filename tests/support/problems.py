"""Test problems for the fills: a known brightness, missing blocks and the observed pixels around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from corinpaint.lasco.level05 import blocks
from corinpaint.restore.methods.problem import Problem

CENTRE = (518.2, 532.5)
UNIT = 1e-10
"""Brightness of the corona, MSB."""

Field = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Brightness in units of `UNIT` as a function of row and column, px of the unsummed frame from 0."""


def plane(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return 2 + rows / 1024 + columns / 512


def quadratic(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """A paraboloid with its maximum in block (20, 20)."""
    y, x = (rows - 656) / 512, (columns - 656) / 512
    return 5 - 3 * x**2 - 2 * y**2 + x * y


def power(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """A power law, r^-2.3 from the sun centre."""
    return (np.hypot(columns - CENTRE[0], rows - CENTRE[1]) / 200 + 1e-9) ** -2.3


def grating(degrees: float, period: float = 96.0) -> Field:
    """A sine wave about a constant, along an angle from +column to +row."""

    def field(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        angle = np.radians(degrees)
        return 3 + np.sin(2 * np.pi / period * (columns * np.cos(angle) + rows * np.sin(angle)))

    return field


def problem(
    field: Field,
    missing_at: Sequence[tuple[int, int]],
    *,
    hidden: np.ndarray | None = None,
    noise: float = 0.0,
    size: int = 1024,
    seed: int = 0,
) -> tuple[Problem, np.ndarray]:
    """A problem and its truth without noise.

    `missing_at` are (block row, block column) of the unsummed frame; `hidden` are pixels that are neither observed
    nor to be filled, (size, size); `noise` is in units of `UNIT`.
    """
    step = 1024 // size
    rows, columns = np.mgrid[0:size, 0:size] * step + (step - 1) / 2
    truth = (UNIT * field(rows, columns)).astype(np.float32)
    missing = blocks.no_blocks(truth.shape)
    missing[tuple(np.transpose(missing_at) // step)] = True
    seen = np.ones(truth.shape, dtype=bool) if hidden is None else ~hidden
    hole = blocks.to_pixels(missing)
    image = truth + np.random.default_rng(seed).normal(0, noise * UNIT, truth.shape).astype(np.float32)
    image[hole | ~seen] = np.nan
    centre = ((CENTRE[0] + 0.5) / step - 0.5, (CENTRE[1] + 0.5) / step - 0.5)
    sigma = np.full_like(truth, noise * UNIT)
    return Problem(image, seen & ~hole, hole & seen, sigma, centre, tuple(blocks.zones(missing))), truth


def worst(filled: np.ndarray, truth: np.ndarray, made: Problem) -> float:
    """Largest error in the hole over the largest brightness there; NaN where a pixel was not filled."""
    return float(np.abs(filled - truth)[made.hole].max() / np.abs(truth[made.hole]).max())
