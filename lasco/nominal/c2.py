"""The nominal vignetting and field of view of C2, for users without the official file ``c2vig_final.fts``.

`corinpaint.lasco.nominal.derivation.c2` fitted it to frames; docs/explanation/nominal_c2.md describes how,
and its accuracy.
"""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.geometry import distortion

Array = NDArray[np.float64]
Image = NDArray[np.float32]

FILES = ("nominal_c2_vignetting.fits", "nominal_c2_mask.fits")
"""Names of the files of the set."""

RELATIVE_ERROR = (
    (2.2, 0.20),
    (2.4, 0.10),
    (2.6, 0.07),
    (3.0, 0.06),
    (3.5, 0.05),
    (4.0, 0.04),
    (6.5, 0.04),
    (7.5, 0.05),
    (8.2, 0.10),
)
"""Distance from the sun centre (solar radii) and relative error (1 sigma) of the brightness by the nominal set; the
derivation is in docs/explanation/nominal_c2.md."""

RING_WIDTH, SECTOR_WIDTH = 5.0, 5.0
"""Width of the rings (px) and of the sectors (degrees) of the table of transmissions."""

RINGS, SECTORS = np.arange(162.5, 723.0, RING_WIDTH), np.arange(2.5, 360.0, SECTOR_WIDTH)
"""Middles of the rings (px from the centre of the occulter) and of the sectors (degrees on the detector,
counter-clockwise from +column) of the table."""

PYLON_ANGLE = 224.5
"""Angle of the middle of the shadow of the pylon, degrees on the detector, counter-clockwise from +column. It is the
same within 3 degrees in 2010, 2013 (SOHO upside down) and 2014 (upright)."""

UNIT = 1e-4
"""Transmission per stored integer."""

ROWS_AT_ONCE = 16
"""Rows of the frame that are interpolated together: few enough for a processor's cache."""

MIN_TRANSMISSION = 0.01
"""Minimum of the table, far below the transmission inside the field of view."""


def relative_error(radius: NDArray[np.floating] | float) -> Array:
    """Relative error (1 sigma) of the brightness by the nominal set, interpolated in `RELATIVE_ERROR`.

    Parameters
    ----------
    radius : ndarray or float
        Distance from the sun centre, solar radii.

    Returns
    -------
    ndarray of float64, shape of `radius`
    """
    return np.asarray(np.interp(radius, *np.transpose(RELATIVE_ERROR)), dtype=np.float64)


@lru_cache(maxsize=4)
def polar_coordinates(centre: tuple[float, float], size: int = 1024) -> tuple[Image, Image]:
    """Polar coordinates of the pixels about a point of the detector.

    Parameters
    ----------
    centre : tuple of float
        (column, row), px of the full frame from 0.
    size : int
        Rows and columns of the frame.

    Returns
    -------
    radius : ndarray of float32, shape (size, size)
        px of the full frame.
    angle : ndarray of float32, shape (size, size)
        Degrees, 0 to 360, counter-clockwise from +column.
    """
    positions = ((np.arange(size) + 0.5) * (1024 / size) - 0.5).astype(np.float32)
    x, y = (positions - np.float32(c) for c in centre)
    angle = np.degrees(np.arctan2(y[:, None], x[None, :]))
    return np.hypot(x[None, :], y[:, None]), np.where(angle < 0, angle + np.float32(360), angle)


def read(directory: Path) -> tuple[Image, NDArray[np.bool_]]:
    """Read the nominal C2 set, which `corinpaint.lasco.nominal.derivation.c2.write` writes.

    Returns
    -------
    vignetting : ndarray of float32, shape (1024, 1024)
        Correction factor on the detector grid, at least 1; constant along the radius behind the occulter and beyond the
        edge.
    field : ndarray of bool, shape (1024, 1024)
        Field of view on the grid corrected for distortion.

    Raises
    ------
    CalibrationError
        When a file is missing or damaged.
    """
    try:
        with fits.open(io.BytesIO((directory / FILES[0]).read_bytes())) as hdus:
            table = hdus[0].data.astype(np.float32) * np.float32(UNIT)
        with fits.open(directory / FILES[1]) as hdus:
            field = hdus[1].data.astype(bool)
        if table.shape != (RINGS.size, SECTORS.size) or (table <= 0).any() or field.shape != (1024, 1024):
            raise ValueError("shapes or values")
    except (OSError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise CalibrationError(f"{directory}: the nominal C2 set is damaged", "install CorInpaint again") from error
    radius, angle = polar_coordinates(distortion.C2_OCCULTER_CENTRE)
    vignetting = np.empty_like(radius)
    for first in range(0, len(radius), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        vignetting[rows] = 1 / interpolated(table, radius[rows], angle[rows])
    return vignetting, field


def interpolated(table: Image, radius: Image, angle: Image) -> Image:
    """Values of a table of rings and sectors at polar coordinates, interpolated linearly in both.

    Parameters
    ----------
    table : ndarray of float32, shape (rings, sectors)
    radius, angle : ndarray of float32, shape (H, W)
        px from the centre of the occulter, and degrees; see `polar_coordinates`.

    Returns
    -------
    ndarray of float32, shape (H, W)
        Beyond the first and the last ring it is constant along the radius.
    """
    ring = np.clip((radius - np.float32(RINGS[0])) / np.float32(RING_WIDTH), 0, np.float32(RINGS.size - 1.001))
    sector = (angle - np.float32(SECTORS[0])) / np.float32(SECTOR_WIDTH)
    low, left = np.floor(ring).astype(np.int32), np.floor(sector).astype(np.int32)
    up, across = ring - low, sector - left
    periodic = np.concatenate((table[:, -1:], table, table[:, :1]), axis=1)
    first = low * np.int32(periodic.shape[1]) + left + np.int32(1)
    flat = periodic.ravel()
    inner = flat[first] + across * (flat[first + 1] - flat[first])
    first += np.int32(periodic.shape[1])
    outer = flat[first] + across * (flat[first + 1] - flat[first])
    return np.asarray(inner + up * (outer - inner), dtype=np.float32)
