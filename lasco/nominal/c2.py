"""The nominal vignetting and field of C2, for users without ``c2vig_final.fts``; fitted to frames, no copy of it.

`corinpaint.lasco.nominal.derivation.c2` fitted it; docs/explanation/nominal_c2.md tells how, and how good it is.
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
"""The pylon's shadow: middle (degrees on the detector, counter-clockwise from +column), half width, softness, the same
within 3 degrees in 2010 and 2013 (SOHO upside down) and 2014 (upright); how far to either side it is fitted."""


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
def polar_coordinates(centre: tuple[float, float], side: int = 1024) -> tuple[Image, Image]:
    """Radius (px of the full frame) and angle (degrees, 0 to 360) about a place on the detector, each (side, side)."""
    places = ((np.arange(side) + 0.5) * (1024 / side) - 0.5).astype(np.float32)
    x, y = (places - np.float32(c) for c in centre)
    angle = np.degrees(np.arctan2(y[:, None], x[None, :]))
    return np.hypot(x[None, :], y[:, None]), np.where(angle < 0, angle + np.float32(360), angle)


def pylon_shadow(angle: NDArray[np.floating]) -> NDArray[np.floating]:
    """Profile of the pylon's shadow over the angle: one in the middle, zero outside."""
    away = np.abs(angle - angle.dtype.type(PYLON[0]))
    return np.asarray(0.5 * (np.tanh((PYLON[1] - away) / PYLON[2]) + np.tanh((PYLON[1] + away) / PYLON[2])))


def read(directory: Path) -> tuple[Image, NDArray[np.bool_]]:
    """Read a set that `write` made.

    Returns
    -------
    vignetting : ndarray of float32, shape (1024, 1024)
        Correction factor on the detector grid, at least 1; held where it ends, behind the occulter and beyond the edge.
    field : ndarray of bool, shape (1024, 1024)
        Field of view on the corrected grid.

    Raises
    ------
    CalibrationError
        When a file is missing or damaged.
    """
    try:
        table = json.loads((directory / FILES[0]).read_text())
        radii, light, depth = (np.array(table[key], dtype=float) for key in ("radius", "transmission", "pylon"))
        with fits.open(directory / FILES[1]) as hdus:
            seen = hdus[1].data.astype(bool)
        if radii.shape != light.shape or radii.shape != depth.shape or (light <= 0).any() or seen.shape != (1024, 1024):
            raise ValueError("shapes or values")
    except (OSError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise CalibrationError(f"{directory}: the nominal C2 set is damaged", "install CorInpaint again") from error
    radius, angle = polar_coordinates(distortion.C2_OCCULTER_CENTRE)
    steps, index = np.arange(0.0, 730.0, 0.25), (radius * np.float32(4)).astype(np.int32)
    passed, shade = (np.interp(steps, radii, values).astype(np.float32)[index] for values in (light, depth))
    return np.asarray(1 / (passed * (1 - shade * pylon_shadow(angle))), dtype=np.float32), seen
