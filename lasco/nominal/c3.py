"""The nominal calibration set of C3 Clear: vignetting, stray light and mask, for users without the official files.

`corinpaint.lasco.nominal.derivation.c3` fitted it to a Level 1 and a Level 0.5 frame.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco.errors import CalibrationError

FILES = ("nominal_vignetting.fits", "nominal_mask.fits", "nominal_ramp.json")
"""Names of the files of the set."""


def quadratic(coefficients: tuple[float, ...], size: int = 1024) -> NDArray[np.float64]:
    """Quadratic surface of the stray light on the detector grid.

    Parameters
    ----------
    coefficients : tuple of float
        Coefficients of `quadratic_terms`, MSB.
    size : int
        Rows and columns of the frame.

    Returns
    -------
    ndarray of float64, shape (size, size)
        MSB.
    """
    c0, cx, cy, cxx, cxy, cyy = coefficients
    x = (np.arange(size) - size / 2) / (size / 2)
    y = x[:, None]
    return np.asarray(c0 + cx * x + cxx * x * x + (cy * y + cyy * y * y) + cxy * y * x)  # the terms would take 50 MB


def quadratic_terms(size: int) -> NDArray[np.float64]:
    """The terms 1, x, y, x^2, x y, y^2 of `quadratic`, x and y from -1 to 1; float64, shape (6, size, size)."""
    y, x = (np.mgrid[0:size, 0:size] - size / 2) / (size / 2)
    return np.asarray(np.stack([np.ones_like(x), x, y, x * x, x * y, y * y]))


def read(directory: Path) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Read the nominal C3 set, which `corinpaint.lasco.nominal.derivation.c3.write` writes.

    Returns
    -------
    vignetting : ndarray of float32, shape (1024, 1024)
        Vignetting correction factor on the detector grid.
    ramp : ndarray of float32, shape (1024, 1024)
        Stray light in MSB on the detector grid.
    field : ndarray of bool, shape (1024, 1024)
        Field of view on the grid corrected for distortion.

    Raises
    ------
    CalibrationError
        When a file is missing or damaged.
    """
    try:
        with fits.open(directory / FILES[0]) as hdus:
            step, log = int(hdus[1].header["STEP"]), hdus[1].data.astype(np.float64) * hdus[1].header["LOGSCALE"]
        with fits.open(directory / FILES[1]) as hdus:
            field = hdus[1].data.astype(bool)
        coefficients = tuple(json.loads((directory / FILES[2]).read_text())["coefficients"])
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise CalibrationError(
            f"{directory}: the nominal calibration set is damaged", "install CorInpaint again"
        ) from error
    full = ndimage.zoom(log, step, order=1, mode="nearest", grid_mode=True)
    return np.exp(full).astype(np.float32), quadratic(coefficients).astype(np.float32), field
