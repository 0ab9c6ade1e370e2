"""The C3 camera of the simulator: shadows, flat field, saturation, noise, cosmic rays and onboard compression.

Numbers without a source were measured on Level 0.5 frames of C3 Clear (32082037 to 32219521, 2002 to 2010).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco.photometry.noise import FLAT_FIELD, GAIN, READ_NOISE
from corinpaint.lasco.photometry.optics import Optics, occulted_on_detector
from corinpaint.lasco.simulation.corona import polar_coordinates

FLAT_SEED = 19951202
"""Seed of the flat field, which is the same in all frames."""

FULL_WELL = (12300.0, 12750.0)
"""Counts of bleed trails at their left and right ends, DN."""

COMPRESSION_STEP = 16.0
"""Quantisation step of the orthonormal Haar coefficients, DN. In real frames, sums of 2 x 2 px differ by multiples of
32, the HCOMP_SF of their headers (H-compress; White, Postman and Lattanzi 1992)."""

SCATTERED_LIGHT = ((0, 4.0), (150, 4.0), (200, 3.2), (300, 2.0), (400, 1.4), (500, 0.95))
"""Radius (px) and scattered light (DN/s) behind the occulter and the pylon."""

LIGHT_OUTSIDE_FIELD = 0.9
"""Light beyond the edge of the field of view, DN/s."""

FIELD_EDGE_RADIUS = 558.5
"""Radius of the field of view about the occulter centre, px; its edge is 2 px wide."""

RING_CENTRE = (517.2, 531.9)
"""Centre (column, row) of the diffraction ring, px from 0."""

RING = (
    (0, 4.4), (20, 4.9), (30, 5.2), (40, 6.0), (45, 6.9), (50, 8.2), (52, 9.4), (54, 11.5), (56, 15.4), (58, 22.6),
    (60, 39.5), (62, 78.0), (64, 160.0), (66, 305.0), (67, 370.0), (68, 385.0), (69, 330.0), (70, 270.0), (71, 248.0),
    (72, 248.0), (74, 262.0), (76, 270.0), (80, 290.0), (2000, 290.0),
)  # fmt: skip
"""Radius (px) and light (DN/s) behind the occulter and in its diffraction ring; medians beside the pylon's shadow."""

RING_ASYMMETRY = (0.38, 40.0)
"""Relative amplitude and position angle (degrees) of the asymmetry of the diffraction ring."""

PYLON = (226.5, 29.5, 3.7)
"""Position angle, half width and width of the edges (degrees) of the pylon's shadow on the diffraction ring."""

PYLON_WIDTH = 27.0
"""Half width of the core of the pylon's shadow next to the occulter, px."""

PYLON_DEPTH = 4.5
"""Distance over which the light falls by a factor of e inside the masked core of the pylon's shadow, where the
vignetting is not known, px."""


@lru_cache(maxsize=2)
def flat_field() -> NDArray[np.float32]:
    """Relative response of the pixels, float32, shape (1024, 1024), mean 1; the same in every call."""
    return (1 + FLAT_FIELD["C3"] * np.random.default_rng(FLAT_SEED).normal(size=(1024, 1024))).astype(np.float32)


@lru_cache(maxsize=4)
def _shadows(optics: Optics, centre: tuple[float, float]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Transmission of occulter, pylon and field edge besides the vignetting, and the light that is added (DN/s)."""
    radius, angle = polar_coordinates(centre)
    edge = 1 / (1 + np.exp(np.clip((radius - FIELD_EDGE_RADIUS) / 0.8, -40, 40)))
    floor = np.interp(radius, *np.transpose(SCATTERED_LIGHT))
    inner = np.hypot(*np.ogrid[-RING_CENTRE[1] : 1024 - RING_CENTRE[1], -RING_CENTRE[0] : 1024 - RING_CENTRE[0]])
    outside = np.clip((inner - 73) / 6, 0, 1)
    ring = np.interp(inner, *np.transpose(RING)) - SCATTERED_LIGHT[0][1]
    ring = ring * (1 + RING_ASYMMETRY[0] * np.cos(np.radians(angle - RING_ASYMMETRY[1])) * (inner > 45))
    shaded = 1 / (1 + np.exp(np.clip((PYLON[1] - np.abs(angle - PYLON[0])) / PYLON[2], -40, 40)))
    depth = _pylon_depth(occulted_on_detector(optics, centre), radius, angle)
    behind = np.maximum(1 - outside, np.clip(depth / 6, 0, 1))
    added = ((1 - outside) * ring * shaded + floor * behind) * edge + LIGHT_OUTSIDE_FIELD * (1 - edge)
    return (outside * np.exp(-depth / PYLON_DEPTH) * edge).astype(np.float32), added.astype(np.float32)


def _pylon_depth(
    occulted: NDArray[np.bool_], radius: NDArray[np.float32], angle: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Distance from the edge of the masked core of the pylon's shadow, px; 0 outside of it."""
    difference = np.radians(angle - PYLON[0])
    near = (np.cos(difference) > 0) & (np.abs(radius * np.sin(difference)) < PYLON_WIDTH)
    core = occulted & (np.abs(angle - PYLON[0]) < 45) & (near | (radius > 90))
    return np.asarray(ndimage.distance_transform_edt(core))


def expected_counts(
    brightness: NDArray[np.float32],
    optics: Optics,
    centre: tuple[float, float],
    calfactor: float,
    exptime: float,
    mjd: float,
) -> NDArray[np.float32]:
    """Noise-free counts above the bias from the brightness.

    The inverse of `corinpaint.lasco.photometry.detector.calibrate_on_detector` outside of the shadows of occulter,
    pylon and field edge: ``(brightness + ramp) / vignetting / calfactor * exptime``.

    Parameters
    ----------
    brightness : ndarray of float32, shape (1024, 1024)
        MSB on the detector grid.
    optics : Optics
        Calibration images of C3.
    centre : tuple of float
        Occulter centre (column, row), px from 0.
    calfactor : float
        MSB per (DN / s).
    exptime : float
        Exposure time, s.
    mjd : float
        Modified Julian date, which selects the vignetting.

    Returns
    -------
    ndarray of float32, shape (1024, 1024)
        DN.
    """
    transmission, added = _shadows(optics, centre)
    rate = (brightness + optics.ramp) / (optics.vignetting(mjd) * np.float32(calfactor))
    return np.asarray((transmission * rate + added) * np.float32(exptime), dtype=np.float32)


def read_out(counts: NDArray[np.float32], bias: float, exptime: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Counts of the camera with all its effects: flat field, photon and read noise, cosmic rays, bias, saturation.

    Parameters
    ----------
    counts : ndarray of float32, shape (1024, 1024)
        Noise-free DN above the bias.
    bias : float
        DN.
    exptime : float
        Exposure time, s, on which the number of cosmic rays depends.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape (1024, 1024)
        DN, not yet rounded.
    """
    signal = counts * flat_field()
    sigma = np.sqrt(np.maximum(signal, 0) / np.float32(GAIN["C3"]) + np.float32(READ_NOISE["C3"] ** 2))
    signal += sigma * rng.standard_normal(signal.shape, dtype=np.float32)
    _add_cosmic_rays(signal, exptime, rng)
    signal += np.float32(bias)
    _bleed(signal, rng)
    return signal


def _add_cosmic_rays(signal: NDArray[np.float32], exptime: float, rng: np.random.Generator) -> None:
    """Add straight tracks of a few px in place; about 60 in 19 s, including those during the read-out."""
    for _ in range(rng.poisson(40 + exptime)):
        start, angle = rng.uniform(0, 1024, 2), rng.uniform(0, 2 * np.pi)
        length = min(rng.exponential(2.0) + 0.5, 30.0)
        steps = np.arange(0, length, 0.5)
        rows = (start[0] + steps * np.sin(angle)).astype(int) % 1024
        columns = (start[1] + steps * np.cos(angle)).astype(int) % 1024
        np.add.at(signal, (rows, columns), 20 * (1 + rng.pareto(1.0)) / 2)


def _bleed(signal: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Spread charge above the full well along the rows, in place, over as many pixels as can hold it."""
    low, high = FULL_WELL
    for row in np.flatnonzero((signal > high).any(axis=1)):
        line = signal[row]
        over = np.flatnonzero(line > high)
        excess, peak = float((line[over] - high).sum()), int(over[np.argmax(line[over])])
        capacity = np.cumsum(np.maximum(high - line, 0.0), dtype=np.float64)
        share = excess * rng.uniform(0.4, 0.6)
        last = int(np.searchsorted(capacity, capacity[peak] + excess - share))
        first = int(np.searchsorted(capacity, max(capacity[peak] - share, 0.0)))
        first, last = min(first, int(over[0])), min(max(last, int(over[-1])), line.size - 1)
        count = last - first + 1
        line[first : last + 1] = np.linspace(low, high, count) + rng.normal(0, 8.0, count)


def compress(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Counts after H-compress: the Haar coefficients of each 32 x 32 block are rounded to `COMPRESSION_STEP`.

    Parameters
    ----------
    counts : ndarray of float32, shape (1024, 1024)
        DN.

    Returns
    -------
    ndarray of float32, shape (1024, 1024)
        DN, whole numbers.
    """
    return np.rint(_haar(np.rint(counts).astype(np.float32), levels=5))


def _haar(image: NDArray[np.float32], levels: int) -> NDArray[np.float32]:
    """Haar transform with rounded coefficients and its inverse, recursively for the sums of 2 x 2 px."""
    step = np.float32(COMPRESSION_STEP)
    if levels == 0:
        return np.asarray(step * np.rint(image / step))
    a, b, c, d = image[::2, ::2], image[::2, 1::2], image[1::2, ::2], image[1::2, 1::2]
    bottom, top, left, right = a + b, c + d, a - b, c - d
    total = _haar(np.asarray((bottom + top) / 2, dtype=np.float32), levels - 1)
    rows, columns, cross = (
        step * np.rint(detail / (2 * step)) for detail in (bottom - top, left + right, left - right)
    )
    restored = np.empty_like(image)
    restored[::2, ::2] = (total + rows + columns + cross) / 2
    restored[::2, 1::2] = (total + rows - columns - cross) / 2
    restored[1::2, ::2] = (total - rows + columns - cross) / 2
    restored[1::2, 1::2] = (total - rows - columns + cross) / 2
    return restored
