"""Uncertainty of a fill: from how well a smooth surface fits the observed pixels around the hole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.photometry.detector import ObservedFrame
from corinpaint.lasco.photometry.noise import scatter_about_zero

DEGREE = 3
"""Degree of the polynomial surface that is fitted around each zone."""

INFLATION = 1.1
"""By how much the error in the hole exceeds the scatter around it; measured, docs/explanation/method.md has the
coverage of 90 % intervals."""

FEWEST = 64
"""Minimum number of observed pixels around a zone for a fit."""


def of_fill(observed: ObservedFrame, filled: blocks.Blocks, brightness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Variance of the brightness with the filled blocks in place.

    Parameters
    ----------
    observed : ObservedFrame
        The frame before the fill.
    filled : ndarray of bool, shape (H / 32, W / 32)
        Blocks that were filled.
    brightness : ndarray of float32, shape of the frame
        With the fill, unit of `observed`.

    Returns
    -------
    ndarray of float32, shape of the frame
        Unchanged outside of the filled blocks; there the scatter of the observed pixels around the zone about a cubic
        surface (`corinpaint.lasco.photometry.noise.scatter_about_zero`), squared, times `INFLATION` squared.
    """
    variance = observed.variance.copy()
    for zone in blocks.zones(filled):
        around = blocks.to_pixels(zone.area) & observed.observed
        hole = observed.hole(zone.missing)
        variance[hole] = np.float32((INFLATION * _scatter(brightness, around)) ** 2)
    return variance


def _scatter(brightness: NDArray[np.float32], where: NDArray[np.bool_]) -> float:
    rows, columns = np.nonzero(where)
    values = brightness[rows, columns].astype(np.float64)
    if values.size < FEWEST:
        return float("inf")
    x, y = ((place - place.mean()) / max(np.ptp(place) / 2, 1) for place in (columns, rows))
    design = np.stack([x**i * y**j for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)], axis=1)
    unit = np.median(np.abs(values)) or 1.0
    kept, residual = np.ones(values.size, dtype=bool), values
    for _ in range(3):
        solution = np.linalg.lstsq(design[kept], values[kept] / unit, rcond=None)[0]
        residual = values - unit * (design @ solution)
        spread = scatter_about_zero(residual[kept])
        kept = np.abs(residual) <= 3 * spread if spread > 0 else kept
    return scatter_about_zero(residual)
