"""A Gaussian process in the logarithm of the radius and the position angle: the statistical reference.

Brightness over the power of the radius that the zone follows is a constant plus a Gaussian process with a Matern kernel
(nu = 3/2) and a length along each of both coordinates, plus white noise; Rasmussen and Williams (2006), "Gaussian
processes for machine learning", equations 2.25 (the prediction), 2.30 (the marginal likelihood) and 4.17 (the kernel).
It is observed as the medians of cells of log radius and angle around the hole, at most `CELLS` of them; amplitude,
lengths and noise are those of the largest marginal likelihood for each zone, the constant is the weighted mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize

from corinpaint.restore.methods.problem import Fill, Problem
from corinpaint.restore.methods.windows import Image, Window, by_zone, fall_off, polar

MARGIN = 24
"""Margin around the missing blocks from which pixels are used, px."""

CELLS = 250
"""Maximum number of cells, roughly: time grows with its third power."""

FEWEST = 4
"""Minimum number of observed pixels of a cell."""

FEWEST_CELLS = 8
"""Minimum number of cells that a process is fitted to; with fewer the constant counts."""

MEDIAN_NOISE = 1.25
"""Noise of the median of many pixels over that of their mean."""

ROUNDS = 25
"""Maximum number of iterations of the fit."""

JITTER = 1e-9
"""Added to the diagonal of the covariance, in units of the variance, so that rounding keeps it positive."""

BOUNDS = ((-7.0, 7.0), (0.7, 7.0), (0.7, 7.0), (-2.3, 2.3))
"""Logarithms: of the amplitude in units of the noise of a cell, of the lengths in px along radius and circle, and of
the noise over that expected."""

START = (1.5, 3.5, 3.0, 0.0)
"""Where the fit begins; units as of `BOUNDS`."""


def gaussian_process() -> Fill:
    """The Gaussian process on log-polar cells."""

    def fill(problem: Problem) -> NDArray[np.float32]:
        return by_zone(problem, MARGIN, lambda window: _predicted(window, problem.centre))

    return fill


@dataclass(frozen=True, eq=False)
class _Cells:
    """Medians of cells.

    Attributes
    ----------
    place : ndarray of float64, shape (N, 2)
        Mean of log radius and of angle over the observed pixels of a cell, px at the radius of the zone.
    value, noise : ndarray of float64, shape (N,)
    """

    place: Image
    value: Image
    noise: Image


def _predicted(window: Window, centre: tuple[float, float]) -> Image:
    """Values in the hole; NaN elsewhere."""
    radius, angle = polar(window, centre)
    power = fall_off(window, radius)
    middle = float(np.median(radius[window.hole]))
    ahead = float(np.angle(np.exp(1j * angle[window.hole]).mean()))
    turned = np.angle(np.exp(1j * (angle - ahead)))
    place = middle * np.stack((np.log(radius / middle), turned), axis=-1)
    cells = _cells(window, place, power)
    filled = np.full(window.image.shape, np.nan)
    if cells.value.size:
        filled[window.hole] = _posterior(cells, place[window.hole])
    return filled * power


def _cells(window: Window, place: Image, power: Image) -> _Cells:
    """Medians of the observed pixels of square cells."""
    known = window.observed
    side = max(float(np.sqrt(known.sum() / CELLS)), 2.0)
    index = np.floor((place[known] - place[known].min(axis=0)) / side).astype(np.int64)
    number = index[:, 0] * (index[:, 1].max() + 1) + index[:, 1]
    _, cell, count = np.unique(number, return_inverse=True, return_counts=True)
    values, sigma = (window.image / power)[known], (window.sigma / power)[known]
    order = np.lexsort((values, cell))
    ends = np.cumsum(count)
    start = ends - count
    ordered = values[order]
    medians = (ordered[start + (count - 1) // 2] + ordered[start + count // 2]) / 2
    means = [np.bincount(cell, weights=part) / count for part in (*place[known].T, sigma**2)]
    kept = count >= FEWEST
    noise = MEDIAN_NOISE * np.sqrt(means[2] / count)
    floor = 1e-6 * max(float(np.abs(medians).max()), 1e-30)  # where the noise is unknown
    return _Cells(np.stack(means[:2], axis=1)[kept], medians[kept], np.maximum(noise, floor)[kept])


def _posterior(cells: _Cells, wanted: Image) -> Image:
    """Mean of the process at some places."""
    weight = cells.noise**-2
    constant = float((weight * cells.value).sum() / weight.sum())
    if cells.value.size < FEWEST_CELLS:
        return np.full(len(wanted), constant)
    unit = float(np.median(cells.noise))
    value, noise = (cells.value - constant) / unit, cells.noise / unit
    steps = [cells.place[:, None, axis] - cells.place[None, :, axis] for axis in (0, 1)]

    def cost(parameters: Image) -> float:
        covariance = _kernel(steps, parameters) + _white(noise, parameters)
        try:
            lower = linalg.cholesky(covariance, lower=True)
        except linalg.LinAlgError:
            return 1e300
        whitened = linalg.solve_triangular(lower, value, lower=True)
        return float(0.5 * whitened @ whitened + np.log(np.diag(lower)).sum())

    best = optimize.minimize(cost, START, method="L-BFGS-B", bounds=BOUNDS, options={"maxiter": ROUNDS}).x
    factor = linalg.cho_factor(_kernel(steps, best) + _white(noise, best), lower=True)
    ones = linalg.cho_solve(factor, np.ones(value.size))
    mean = float(ones @ value / ones.sum())  # of the process, now that its covariance is known
    across = [wanted[:, None, axis] - cells.place[None, :, axis] for axis in (0, 1)]
    return np.asarray(constant + unit * (mean + _kernel(across, best) @ linalg.cho_solve(factor, value - mean)))


def _kernel(steps: list[Image], parameters: Image) -> Image:
    """Matern covariance for nu = 3/2 (Rasmussen and Williams 2006, equation 4.17)."""
    amplitude, along, across, _ = np.exp(parameters)
    distance = np.sqrt(3 * (np.square(steps[0] / along) + np.square(steps[1] / across)))
    return np.asarray(amplitude**2 * (1 + distance) * np.exp(-distance))


def _white(noise: Image, parameters: Image) -> Image:
    amplitude, factor = np.exp(parameters[0]), np.exp(parameters[3])
    return np.diag(np.square(factor * noise) + JITTER * amplitude**2)
