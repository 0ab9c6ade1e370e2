"""Stretches: from brightness to the values of a picture, with limits that another frame can be drawn with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.pictures.coordinates import solar_coordinates

STRETCHES = ("nrgf", "log", "linear", "difference")
"""Kinds of stretch; see `scale`."""

PERCENTILES = {"nrgf": (1.0, 99.7), "log": (1.0, 99.7), "linear": (0.5, 99.0)}
"""Percentiles of the values that are black and white."""

DIFFERENCE_PERCENTILE = 98.0
"""Percentile of the absolute differences that is black below zero and white above."""

MIN_RING_PIXELS = 100
"""Pixels with a value that a ring needs for a mean and a standard deviation of its own."""

Limits = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Profile:
    """Brightness of a frame in rings about the sun.

    Attributes
    ----------
    step : float
        Width of a ring, solar radii; the first begins at 0.
    mean, deviation : ndarray of float64, shape (N,)
        Mean and standard deviation of each ring, in the unit of the frame; interpolated between other rings where
        there are fewer than `MIN_RING_PIXELS` pixels with a value.
    """

    step: float
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scaled:
    """Values to draw.

    Attributes
    ----------
    values : ndarray of float32, shape (H, W)
        NaN where there is none. For 'log', the common logarithm of the brightness; for 'nrgf', standard deviations from
        the mean of the ring; else as given.
    limits : tuple of float
        The values that are black and white.
    kind : str
        Of `STRETCHES`.
    profile : Profile or None
        Of 'nrgf'.
    """

    values: NDArray[np.float32]
    limits: Limits
    kind: str
    profile: Profile | None = None


def scale(
    data: NDArray[np.floating],
    header: fits.Header | None,
    kind: str,
    limits: Limits | None = None,
    *,
    profile: Profile | None = None,
) -> Scaled:
    """Stretch a frame.

    Parameters
    ----------
    data : ndarray of float, shape (H, W)
        Brightness, or a difference of brightness; NaN where nothing was observed or filled, which no limit is taken
        from.
    header : astropy.io.fits.Header or None
        Of the frame; only 'nrgf' needs it.
    kind : str
        'nrgf': normalising radial graded filter of Morgan, Habbal & Woo (2006, Solar Physics 236, 263): brightness less
        the mean of its ring about the sun, over the standard deviation of the ring. 'log': common logarithm; what is
        not above zero has the lower limit. 'linear'. 'difference': linear, zero in the middle.
    limits : tuple of float, optional
        Those of another frame; by default percentiles of this one.
    profile : Profile, optional
        That of another frame for 'nrgf'; by default that of this one.

    Returns
    -------
    Scaled

    Raises
    ------
    OptionError
        When there is no such stretch.
    MissingKeywordError, BadKeywordError
        When 'nrgf' finds no sun centre, scale or radius in the header.
    """
    if kind not in STRETCHES:
        raise OptionError(f"stretch {kind!r} is unknown", f"choose one of {', '.join(STRETCHES)}")
    values = np.asarray(data, dtype=np.float32)
    if kind == "nrgf":
        values, profile = _normalised(values, header if header is not None else fits.Header(), profile)
    elif kind == "log":
        values = _logarithm(values, limits)
    found = limits or (_symmetric(values) if kind == "difference" else _percentiles(values, PERCENTILES[kind]))
    return Scaled(values, found, kind, profile if kind == "nrgf" else None)


def radial_profile(data: NDArray[np.floating], header: fits.Header) -> Profile:
    """Mean and standard deviation of a frame in rings of one pixel about the sun.

    Parameters
    ----------
    data : ndarray of float, shape (H, W)
        NaN where there is no value.
    header : astropy.io.fits.Header

    Raises
    ------
    MissingKeywordError, BadKeywordError
        When the header gives no sun centre, scale or radius.
    """
    sun = solar_coordinates(header)
    step = 1.0 / max(abs(size) for size in sun.radius)
    return _profile(np.asarray(data, dtype=np.float32), sun.distance(data.shape), step)


def grey(scaled: Scaled) -> NDArray[np.uint8]:
    """The values between their limits as bytes, for an image file.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Row 0 at the TOP of the picture, so the row order of FITS is reversed; 0 where there is no value.
    """
    low, high = scaled.limits
    slope = 255.0 / (high - low) if high > low else 0.0
    levels = (scaled.values[::-1] - np.float32(low)) * np.float32(slope)
    return np.asarray(np.nan_to_num(np.clip(levels, 0, 255), nan=0.0, copy=False).astype(np.uint8))


def _normalised(
    data: NDArray[np.float32], header: fits.Header, profile: Profile | None
) -> tuple[NDArray[np.float32], Profile]:
    sun = solar_coordinates(header)
    distance = sun.distance(data.shape)
    if profile is None:
        profile = _profile(data, distance, 1.0 / max(abs(size) for size in sun.radius))
    ring = np.minimum(_rings(distance, profile.step), len(profile.mean) - 1)
    mean, deviation = profile.mean.astype(np.float32), profile.deviation.astype(np.float32)
    return (data - mean[ring]) / deviation[ring], profile


def _rings(distance: NDArray[np.float32], step: float) -> NDArray[np.intp]:
    return (distance * np.float32(1.0 / step)).astype(np.intp)


def _profile(data: NDArray[np.float32], distance: NDArray[np.float32], step: float) -> Profile:
    ring = _rings(distance, step)
    length = int(ring.max()) + 1
    finite = np.isfinite(data)
    ring, values = ring[finite], data[finite]
    count = np.bincount(ring, minlength=length)
    mean = np.bincount(ring, values, length) / np.maximum(count, 1)
    square = np.bincount(ring, np.square(values - mean.astype(np.float32)[ring]), length) / np.maximum(count, 1)
    enough = (count >= MIN_RING_PIXELS) & (square > 0)
    if not enough.any():
        return Profile(step, np.zeros(1), np.ones(1))
    places = np.flatnonzero(enough)
    mean, deviation = (np.interp(np.arange(length), places, each[places]) for each in (mean, np.sqrt(square)))
    return Profile(step, mean, deviation)


def _logarithm(data: NDArray[np.float32], limits: Limits | None) -> NDArray[np.float32]:
    positive = data > 0
    found = np.full_like(data, np.nan)
    np.log10(data, out=found, where=positive)
    lowest = limits[0] if limits else np.min(found, where=positive, initial=np.inf)
    found[np.isfinite(data) & ~positive] = lowest if np.isfinite(lowest) else np.nan
    return found


def _percentiles(values: NDArray[np.float32], percentiles: tuple[float, float]) -> Limits:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, percentiles)
    return float(low), float(high)


def _symmetric(values: NDArray[np.float32]) -> Limits:
    finite = np.abs(values[np.isfinite(values)])
    high = float(np.percentile(finite, DIFFERENCE_PERCENTILE)) if finite.size else 1.0
    return -high, high
