"""The response of the detectors' pixels, which differs by about 1 % from one to the next and stays for years.

SolarSoft does not correct it, so it is in every product: the same fine pattern, frame after frame. A fill that ignores
it misses half of the variance of the pixels of C2, and shows in a difference of two frames, where the pattern of the
observed pixels cancels. `corinpaint.lasco.nominal.derivation.pixel_response` measured it in frames of many days;
docs/explanation/pixel_response.md describes how, and what it is worth.

The maps hold what is finer than a few px, whether it is the response of the pixels or diffraction at the edge of the
occulter, as far as it stays in place on the detector and in proportion to the brightness.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.files import package_data
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import FRAME_SHAPE
from corinpaint.lasco.reference_files.calibration_set import CalibrationFile, calibration_file
from corinpaint.lasco.smoothing import gaussian_sums

FILES = {"C2": "pixel_response_c2.fits", "C3": "pixel_response_c3.fits"}
"""Name of the map of each telescope."""

SMOOTHING = 4.0
"""Standard deviation, px, of the Gaussian whose average the response of a pixel is relative to."""

MIN_WEIGHT = 0.05
"""Minimum weight of the observed pixels in that average."""

Image = NDArray[np.float32]


def file(detector: str) -> CalibrationFile:
    """Name and SHA-256 of the map of a telescope, 'C2' or 'C3'."""
    return calibration_file(package_data("corinpaint.lasco.nominal", FILES[detector]))


@lru_cache(maxsize=4)
def load(detector: str, shape: tuple[int, int] = FRAME_SHAPE) -> Image:
    """Excess of the response of the pixels over that of their neighbourhood; cached.

    Parameters
    ----------
    detector : str
        'C2' or 'C3'.
    shape : tuple of int
        Rows and columns of the frame, px; that of a summed frame is the mean over the pixels of a sum.

    Returns
    -------
    ndarray of float32, shape `shape`
        Relative: 0.01 for a pixel that gives 1 % more than those around it; 0 where it is unknown. Read-only.

    Raises
    ------
    CalibrationError
        The map is missing or damaged.
    """
    path = package_data("corinpaint.lasco.nominal", FILES[detector])
    try:
        with fits.open(io.BytesIO(path.read_bytes())) as hdus:
            response = np.asarray(hdus[1].data, dtype=np.float32)
        if response.shape != FRAME_SHAPE or not np.isfinite(response).all() or (response <= -1).any():
            raise ValueError("shape or values")
    except (OSError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise CalibrationError(f"{path.name}: the pixel response is damaged", "install CorInpaint again") from error
    response = summed(response, shape)
    response.setflags(write=False)
    return response


def summed(response: Image, shape: tuple[int, int]) -> Image:
    """The response of a full frame as a summed frame of a shape shows it: the mean over the pixels of a sum."""
    if shape == FRAME_SHAPE:
        return response
    return blocks.block_means(response, (FRAME_SHAPE[0] // shape[0], FRAME_SHAPE[1] // shape[1])).astype(np.float32)


class Excess(NamedTuple):
    """By how much pixels exceed their neighbourhood.

    Attributes
    ----------
    relative : ndarray of float, shape (H, W)
        0 where not measured.
    precision : ndarray of float, shape (H, W)
        Brightness of the neighbourhood in units of the noise of the pixel; 0 where not measured.
    measured : ndarray of bool, shape (H, W)
    """

    relative: NDArray[np.floating]
    precision: NDArray[np.floating]
    measured: NDArray[np.bool_]


def excess(image: NDArray[np.floating], sigma: NDArray[np.floating], known: NDArray[np.bool_]) -> Excess:
    """Measure the excess of the known pixels of an image over their neighbourhood.

    Parameters
    ----------
    image, sigma : ndarray of float, shape (H, W)
        Brightness and its noise, same unit; any value where not known.
    known : ndarray of bool, shape (H, W)
    """
    around = neighbourhood(image, known)
    measured = known & (around > 0) & (sigma > 0)
    base = np.where(measured, around, 1)
    relative = np.where(measured, image, base) / base - 1
    return Excess(relative, np.where(measured, base, 0) / np.where(measured, sigma, 1), measured)


def neighbourhood(image: NDArray[np.floating], known: NDArray[np.bool_], width: float = SMOOTHING) -> Image:
    """Gaussian average of the known pixels.

    Parameters
    ----------
    image : ndarray of float, shape (H, W)
    known : ndarray of bool, shape (H, W)
    width : float
        Standard deviation, px.

    Returns
    -------
    ndarray of float32, shape (H, W)
        NaN where too few pixels are known.
    """
    total, weight = gaussian_sums(image, known, width, np.float32)
    enough = weight > MIN_WEIGHT
    return np.where(enough, total / np.where(enough, weight, 1), np.nan).astype(np.float32)
