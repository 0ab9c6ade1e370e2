"""Equalisation as an invertible stage: fitted on valid pixels, kept as knots.

Two kinds. `fit` is the histogram equalisation of the method as published (as CorKit does with astropy's
``HistEqStretch``): a pixel's place in the distribution. `fit_noise` counts in units of the noise: the integral of
dB / sigma(B), a square root where photons rule (F. Anscombe 1948, Biometrika 35, 246) and a logarithm where the flat
field does. Read the other way round, the same knots bring fills back to mean solar brightness.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import FrameError

KNOTS = 1024
"""Number of quantiles that the distribution is kept as."""

BINS = 256
"""Bins of brightness in which the noise is measured."""

SAMPLE = 100_000
"""Pixels that the noise scale is fitted to, roughly."""

DARKER = 20.0
"""How far the noise scale goes on below the darkest pixel, units of its noise."""

BRIGHTER = 1.5
"""How far it goes on beyond the brightest pixel, times its brightness."""


@dataclass(frozen=True, eq=False)
class Equaliser:
    """A monotone map between values and their place in the distribution.

    Attributes
    ----------
    values : ndarray of float64, shape (K,)
        Knots in the unit of the image, strictly increasing.
    levels : ndarray of float64, shape (K,)
        Share of valid pixels at or below each knot, from 0 to 1, or brightness in units of the noise; strictly
        increasing.
    """

    values: NDArray[np.float64]
    levels: NDArray[np.float64]

    def forward(self, image: NDArray[np.floating]) -> NDArray[np.float32]:
        """Equalise values of any shape; beyond the knots it stays at the first and the last level."""
        return np.asarray(np.interp(image, self.values, self.levels), dtype=np.float32)

    def inverse(self, equalised: NDArray[np.floating]) -> NDArray[np.float32]:
        """The way back: levels to values; outside it stays at the lowest and the highest knot."""
        return np.asarray(np.interp(equalised, self.levels, self.values), dtype=np.float32)


def fit(image: NDArray[np.floating], valid: NDArray[np.bool_], knots: int = KNOTS) -> Equaliser:
    """Fit the equalisation to the valid pixels of an image.

    Parameters
    ----------
    image : ndarray of float, shape (H, W)
        Any unit.
    valid : ndarray of bool, shape (H, W)
        True where the image was measured; other pixels do not count.
    knots : int
        Number of quantiles.

    Returns
    -------
    Equaliser

    Raises
    ------
    FrameError
        When fewer than two different finite values are valid.
    """
    sample = image[valid]
    sample = sample[np.isfinite(sample)].astype(np.float64)
    if not sample.size:
        raise FrameError("no valid pixel in the frame: nothing to equalise; give a frame with observed blocks")
    quantiles = np.quantile(sample, np.linspace(0, 1, knots))
    values, first = np.unique(quantiles, return_index=True)
    if values.size < 2:
        raise FrameError("all valid pixels have the same value: nothing to equalise; give a frame of the corona")
    last = np.append(first[1:] - 1, knots - 1)  # ties: the level in the middle of the run keeps the map unbiased
    levels = (first + last) / 2 / (knots - 1)
    levels[0], levels[-1] = 0.0, 1.0
    return Equaliser(values, levels)


def fit_noise(
    image: NDArray[np.floating], sigma: NDArray[np.floating], valid: NDArray[np.bool_], knots: int = KNOTS
) -> Equaliser:
    """Fit the scale on which a step of 1 is one standard deviation of the noise.

    Parameters
    ----------
    image : ndarray of float, shape (H, W)
        Any unit.
    sigma : ndarray of float, shape (H, W)
        Noise of the image, one standard deviation, same unit. Its median at each brightness counts.
    valid : ndarray of bool, shape (H, W)
        True where the image was measured; other pixels do not count.
    knots : int
        Number of knots between the darkest and the brightest pixel, roughly.

    Returns
    -------
    Equaliser
        It goes on beyond both ends, so that a fill may be somewhat darker or brighter than what was observed.

    Raises
    ------
    FrameError
        As for `fit`, or when no noise is known.
    """
    counted = valid & np.isfinite(image) & np.isfinite(sigma) & (sigma > 0)
    if not counted.any():
        raise FrameError("no valid pixel in the frame: nothing to equalise; give a frame with observed blocks")
    values, spread = image[counted].astype(np.float64), sigma[counted].astype(np.float64)
    ends = values.min(), values.max()
    step = max(values.size // SAMPLE, 1)
    values, spread = values[::step], spread[::step]
    order = np.argsort(values)
    values, spread = values[order], spread[order]
    if ends[0] == ends[1]:
        raise FrameError("all valid pixels have the same value: nothing to equalise; give a frame of the corona")
    parts = np.array_split(np.arange(values.size), min(BINS, values.size))
    middle = np.array([np.median(values[part]) for part in parts])
    noise = np.array([np.median(spread[part]) for part in parts])
    middle, first = np.unique(middle, return_index=True)
    noise = noise[first]
    low, high = ends[0] - DARKER * noise[0], ends[1] + (BRIGHTER - 1) * abs(ends[1])
    inner = np.interp(np.linspace(0, 1, knots), np.linspace(0, 1, middle.size), middle)
    grid = np.unique(np.concatenate((np.linspace(low, middle[0], 64), inner, np.linspace(middle[-1], high, 256))))
    at = np.interp(grid, middle, noise)
    if middle[-1] > 0:  # beyond the brightest bin the noise is in proportion to the brightness, as a flat field's
        at = np.where(grid > middle[-1], noise[-1] * grid / middle[-1], at)
    steps = np.diff(grid) * (1 / at[1:] + 1 / at[:-1]) / 2
    return Equaliser(grid, np.concatenate(([0.0], np.cumsum(steps))))
