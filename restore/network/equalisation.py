"""Equalisation as an invertible mapping: fitted to valid pixels and stored as knots.

There are two shapes. `fit` is the histogram equalisation of the published method (as CorKit does with astropy's
``HistEqStretch``): the rank of a pixel in the distribution. `fit_noise` measures brightness in units of the noise: the
integral of dB / sigma(B), which is a square root where photon noise dominates (F. Anscombe 1948, Biometrika 35, 246)
and a logarithm where the flat field does. The inverse of the same mapping brings fills back to mean solar brightness.

`fit_levels` is the first in a unit like that of the second: the networks that see log-polar windows can be trained on
either, and nothing but the shape of the mapping differs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import FrameError
from corinpaint.model.metadata import HISTOGRAM_LEVELS

KNOTS = 1024
"""Number of quantiles that represent the distribution."""

BINS = 256
"""Bins of brightness in which the noise is measured."""

FINE = 10
"""Trailing bits of a float32 that are ignored when a distribution is counted."""

SAMPLE = 100_000
"""Approximate number of pixels that the noise scale is fitted to."""

DARKER = 20.0
"""Extension of the noise scale below the darkest pixel, in units of its noise."""

BRIGHTER = 1.5
"""Extension beyond the brightest pixel, as a multiple of its brightness."""


@dataclass(frozen=True, eq=False)
class Equaliser:
    """A monotone mapping between brightness and level.

    Attributes
    ----------
    values : ndarray of float64, shape (K,)
        Knots in the unit of the image, strictly increasing.
    levels : ndarray of float64, shape (K,)
        Share of valid pixels at or below each knot, from 0 to 1 or times a constant, or brightness in units of the
        noise; strictly increasing.
    """

    values: NDArray[np.float64]
    levels: NDArray[np.float64]

    def forward(self, image: NDArray[np.floating]) -> NDArray[np.float32]:
        """Equalise values of any shape; values beyond the knots get the first or the last level."""
        return np.asarray(np.interp(image, self.values, self.levels), dtype=np.float32)

    def inverse(self, equalised: NDArray[np.floating]) -> NDArray[np.float32]:
        """The inverse: levels to values; levels outside get the lowest or the highest knot."""
        return np.asarray(np.interp(equalised, self.levels, self.values), dtype=np.float32)


def fit(image: NDArray[np.floating], valid: NDArray[np.bool_], knots: int = KNOTS) -> Equaliser:
    """Fit the equalisation to the valid pixels of an image.

    Parameters
    ----------
    image : ndarray of float, shape (H, W)
        Any unit.
    valid : ndarray of bool, shape (H, W)
        True where the image was measured; other pixels are ignored.
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
    sample = image[valid].astype(np.float32)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        raise FrameError("no valid pixel in the frame: nothing to equalise", "give a frame with observed blocks")
    values, counts = _counted(sample)
    if values.size < 2:
        raise FrameError("all valid pixels have the same value: nothing to equalise", "give a frame of the corona")
    ends = np.cumsum(counts)
    wanted = np.searchsorted(ends, np.linspace(0, sample.size - 1, knots), side="right")
    kept = np.unique(wanted)
    # Ties: the level in the middle of the run keeps the map unbiased.
    levels = (ends - (counts + 1) / 2)[kept] / (sample.size - 1)
    levels[0], levels[-1] = 0.0, 1.0
    return Equaliser(values[kept], levels)


def _counted(sample: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distribution of values without sorting them: their bits, read as integers, rise with them and are counted.

    Values that share all but the last `FINE` bits, 0.01 % apart at the most, count as their mean; the least and the
    largest value stand at the ends.
    """
    bits = (sample + np.float32(0)).view(np.int32)  # + 0: no negative zero
    keys = np.where(bits < 0, np.iinfo(np.int32).min - bits, bits).astype(np.int32) >> FINE
    low, high = sample.min(), sample.max()
    keys -= keys.min()
    counts = np.bincount(keys)
    there = np.flatnonzero(counts)
    values = np.bincount(keys, weights=sample)[there] / counts[there]
    values[0], values[-1] = low, high
    values, first = np.unique(values, return_index=True)
    return values, np.add.reduceat(counts[there], first)


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
        True where the image was measured; other pixels are ignored.
    knots : int
        Number of knots between the darkest and the brightest pixel, roughly.

    Returns
    -------
    Equaliser
        It extends beyond both ends, so that a fill may be somewhat darker or brighter than the observed pixels.

    Raises
    ------
    FrameError
        As for `fit`, or when no noise is known.
    """
    counted = valid & np.isfinite(image) & (sigma > 0) & np.isfinite(sigma)
    values = image[counted]
    if not values.size:
        raise FrameError("no valid pixel in the frame: nothing to equalise", "give a frame with observed blocks")
    ends = float(values.min()), float(values.max())
    if ends[0] == ends[1]:
        raise FrameError("all valid pixels have the same value: nothing to equalise", "give a frame of the corona")
    step = max(values.size // SAMPLE, 1)
    middle, noise = _binned(values[::step].astype(np.float64), sigma[counted][::step].astype(np.float64))
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


def fit_levels(
    image: NDArray[np.floating], sigma: NDArray[np.floating], valid: NDArray[np.bool_], knots: int = KNOTS
) -> Equaliser:
    """Fit the equalisation of `fit`, its levels times a constant: the median noise of the valid pixels is 1 level.

    Parameters and errors are those of `fit_noise`. Unlike there, nothing lies beyond the ends: what is darker or
    brighter than every valid pixel gets the first or the last level, as published.

    Returns
    -------
    Equaliser
    """
    shares = fit(image, valid, knots)
    counted = valid & np.isfinite(image) & (sigma > 0) & np.isfinite(sigma)
    values, half = image[counted], sigma[counted] / 2
    if not values.size:
        raise FrameError("no noise is known in the frame: no unit for its levels", "give a calibrated frame")
    step = max(values.size // SAMPLE, 1)
    values, half = values[::step], half[::step]
    noise = np.median(shares.forward(values + half) - shares.forward(values - half))
    return Equaliser(shares.values, shares.levels / float(noise))


@dataclass(frozen=True, eq=False)
class Scales:
    """The two mappings of a frame that log-polar windows need.

    Attributes
    ----------
    levels : Equaliser
        To the levels that a network sees: `noise` itself, or of `fit_levels`.
    noise : Equaliser
        To units of the noise, in which point sources stand out, and which say what noise is usual.
    """

    levels: Equaliser
    noise: Equaliser

    @property
    def saturates(self) -> bool:
        """Whether levels end with the valid pixels, so that a fill beyond them is the end itself."""
        return self.levels is not self.noise

    def hold(self, level: NDArray[np.floating], room: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Whether a fill of these levels, same shapes, is one, with so much room above and below.

        Units of the noise extend beyond the valid pixels, and a fill beyond even that is none. Levels of the histogram
        end with the valid pixels, which is no reason to refuse a fill: it stays at the end, as published.
        """
        if self.saturates:
            return np.ones(np.shape(level), dtype=bool)
        return np.asarray((level - room >= self.ends[0]) & (level + room <= self.ends[1]))

    def usual_noise(self, level: NDArray[np.floating]) -> NDArray[np.float32]:
        """Noise that is usual at levels of any shape, unit of the image."""
        at = self.noise.forward(self.levels.inverse(level)) if self.saturates else level
        return self.noise.inverse(at + 0.5) - self.noise.inverse(at - 0.5)

    def width(self, level: NDArray[np.floating], half: NDArray[np.floating]) -> NDArray[np.float32]:
        """Difference of brightness between the levels `half` above and `half` below; same shape, unit of the image.

        Where the levels end before, it is that up to their end, in proportion: else it would be too small there.
        """
        low, high = level - half, level + half
        inside = np.clip(high, *self.ends) - np.clip(low, *self.ends)
        cut = (low < self.ends[0]) | (high > self.ends[1])
        share = np.divide(2 * half, inside, out=np.ones_like(inside), where=cut)
        return np.asarray((self.levels.inverse(high) - self.levels.inverse(low)) * share, dtype=np.float32)

    @property
    def ends(self) -> tuple[float, float]:
        """The first and the last level."""
        return float(self.levels.levels[0]), float(self.levels.levels[-1])


def fit_scales(
    image: NDArray[np.floating], sigma: NDArray[np.floating], valid: NDArray[np.bool_], levels: str
) -> Scales:
    """Fit both mappings of a frame; parameters and errors as for `fit_noise`.

    Parameters
    ----------
    levels : str
        What the network sees, see `corinpaint.model.metadata.Domain`.

    Returns
    -------
    Scales
    """
    noise = fit_noise(image, sigma, valid)
    return Scales(fit_levels(image, sigma, valid) if levels == HISTOGRAM_LEVELS else noise, noise)


def _binned(
    values: NDArray[np.float64], spread: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Median brightness and median noise of `BINS` bins that hold equally many pixels."""
    order = np.argsort(values)
    both = np.stack((values[order], spread[order]))
    size, rest = divmod(values.size, BINS)
    if not size:
        return both[0], both[1]
    split = rest * (size + 1)  # the first bins hold one more, as of `numpy.array_split`
    parts = both[:, :split].reshape(2, rest, size + 1), both[:, split:].reshape(2, BINS - rest, size)
    middle, noise = np.concatenate([np.median(part, axis=2) for part in parts if part.size], axis=1)
    return middle, noise
