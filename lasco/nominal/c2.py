"""The nominal vignetting and field of view of C2, for users without the official file ``c2vig_final.fts``.

`corinpaint.lasco.nominal.derivation.c2` fitted it to frames; docs/explanation/nominal_c2.md describes how,
and its accuracy.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.geometry import distortion

Array = NDArray[np.float64]
Image = NDArray[np.float32]

FILES = ("nominal_c2_vignetting.json", "nominal_c2_mask.fits")
"""Names of the files of the set."""

RELATIVE_ERROR = (
    (2.3, 0.25),
    (2.6, 0.20),
    (3.0, 0.15),
    (4.0, 0.10),
    (5.0, 0.06),
    (6.4, 0.05),
    (7.5, 0.07),
    (8.2, 0.10),
)
"""Distance from the sun centre (solar radii) and relative error (1 sigma) of the brightness by the nominal set; the
derivation is in docs/explanation/nominal_c2.md."""

PYLON = (224.5, 20.5, 6.0, 50.0)
"""Shadow of the pylon, degrees: position angle of its middle (on the detector, counter-clockwise from +column), half
width, width of its edges, and half width of the range of the fit. The middle is the same within 3 degrees in 2010, 2013
(SOHO upside down) and 2014 (upright)."""


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


def pylon_shadow(angle: NDArray[np.floating]) -> NDArray[np.floating]:
    """Relative depth of the pylon's shadow at an angle (degrees on the detector): 1 in the middle, 0 outside."""
    distance = np.abs(angle - angle.dtype.type(PYLON[0]))
    return np.asarray(0.5 * (np.tanh((PYLON[1] - distance) / PYLON[2]) + np.tanh((PYLON[1] + distance) / PYLON[2])))


def read(directory: Path) -> tuple[Image, NDArray[np.bool_]]:
    """Read the nominal C2 set, which `corinpaint.lasco.nominal.derivation.c2.write` writes.

    Returns
    -------
    vignetting : ndarray of float32, shape (1024, 1024)
        Correction factor on the detector grid, at least 1; constant behind the occulter and beyond the edge.
    field : ndarray of bool, shape (1024, 1024)
        Field of view on the grid corrected for distortion.

    Raises
    ------
    CalibrationError
        When a file is missing or damaged.
    """
    try:
        table = json.loads((directory / FILES[0]).read_text())
        radii, light, depth = (np.array(table[key], dtype=float) for key in ("radius", "transmission", "pylon"))
        with fits.open(directory / FILES[1]) as hdus:
            field = hdus[1].data.astype(bool)
        if (
            radii.shape != light.shape
            or radii.shape != depth.shape
            or (light <= 0).any()
            or field.shape != (1024, 1024)
        ):
            raise ValueError("shapes or values")
    except (OSError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise CalibrationError(f"{directory}: the nominal C2 set is damaged", "install CorInpaint again") from error
    radius, angle = polar_coordinates(distortion.C2_OCCULTER_CENTRE)
    steps, index = np.arange(0.0, 730.0, 0.25), (radius * np.float32(4)).astype(np.int32)
    transmission, shadow = (np.interp(steps, radii, values).astype(np.float32)[index] for values in (light, depth))
    return np.asarray(1 / (transmission * (1 - shadow * pylon_shadow(angle))), dtype=np.float32), field
