"""Photometric steps from counts to brightness, as functions of arrays (SolarSoft ``c3_calibrate.pro`` 1.54)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import UnsupportedFrameError
from corinpaint.lasco.level05.frame import Frame

MSB_UNIT = "2.009E7 W / (m2 sr)"
"""One mean solar brightness (MSB) as a unit that FITS readers can parse."""

RATE_UNIT = "DN / s"
"""Unit of a product without calibration factor."""

SATURATION_DN = {"C2": 15000.0, "C3": 11000.0}
"""Minimum count of a saturated pixel in one read-out, DN. Bleed trails of bright planets in C3 frames level off between
11300 and 13100 DN (full well), in C2 (frame 22322749) between 15700 and 16383 DN, the maximum of the converter."""

ROWS_PER_STEP = 32
"""Number of rows that are calibrated at a time."""


def count_rate(counts: NDArray[np.floating], bias: float, exptime: float, factor: float) -> NDArray[np.float64]:
    """Count rate: ``(DN - bias) / (EXPTIME * factor)``.

    Parameters
    ----------
    counts : ndarray
        DN.
    bias : float
        DN.
    exptime : float
        EXPTIME of the header, s.
    factor : float
        Exposure factor, by which EXPTIME is multiplied.

    Returns
    -------
    ndarray of float64
        DN/s.
    """
    return np.asarray((np.asarray(counts, dtype=np.float64) - bias) / (exptime * factor))


def brightness(
    rate: NDArray[np.floating],
    vignetting: NDArray[np.floating] | np.floating | float,
    calfactor: float,
    ramp: NDArray[np.floating] | np.floating | float,
) -> NDArray[np.float32]:
    """Brightness: ``rate * vignetting * calfactor - ramp``.

    Parameters
    ----------
    rate : ndarray
        DN/s.
    vignetting : ndarray or float
        Vignetting correction factor.
    calfactor : float
        MSB / (DN / s).
    ramp : ndarray or float
        Stray light, MSB; it is not vignetted.

    Returns
    -------
    ndarray of float32
        MSB.
    """
    return np.asarray(rate * calfactor * vignetting - ramp, dtype=np.float32)


def from_counts(
    counts: NDArray[np.float32],
    exposure_terms: tuple[float, float, float],
    vignetting: NDArray[np.float32],
    calfactor: float,
    ramp: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Brightness from counts: `count_rate` and `brightness`, some rows at a time, which fit the cache of the processor.

    Parameters
    ----------
    counts : ndarray of float32, shape (H, W)
        DN.
    exposure_terms : tuple of float
        Bias (DN), EXPTIME (s) and exposure factor.
    vignetting : ndarray of float32, shape (H, W)
        Vignetting correction factor.
    calfactor : float
        MSB / (DN / s).
    ramp : ndarray of float32, shape (H, W)
        Stray light, MSB.

    Returns
    -------
    ndarray of float32, shape (H, W)
        MSB.
    """
    image = np.empty(counts.shape, dtype=np.float32)
    for first in range(0, counts.shape[0], ROWS_PER_STEP):
        rows = slice(first, first + ROWS_PER_STEP)
        image[rows] = brightness(count_rate(counts[rows], *exposure_terms), vignetting[rows], calfactor, ramp[rows])
    return image


def check_supported(frame: Frame) -> None:
    """Refuse dark and calibration-lamp exposures, which do not show the corona.

    Raises
    ------
    UnsupportedFrameError
        For a dark or calibration-lamp exposure.
    """
    program = str(frame.header.get("LP_NUM") or "").strip().upper()
    state = str(frame.header.get("LAMP") or 0).strip()
    if state not in ("", "0", "0.0", "False") or any(word in program for word in ("DARK", "CAL", "LAMP")):
        raise UnsupportedFrameError(
            f"{frame.name}: LP_NUM = {program!r}, LAMP = {state}: not an exposure of the corona",
            "give an exposure of the corona",
        )


def saturated_pixels(frame: Frame) -> NDArray[np.bool_]:
    """Saturated pixels: those whose mean count per read-out is at least `SATURATION_DN`.

    Returns
    -------
    ndarray of bool, shape of the frame
        On the detector grid; all False for images made from several exposures.
    """
    if frame.monthly or frame.polarised_product:
        return np.zeros(frame.data.shape, dtype=bool)
    return np.asarray(frame.data >= SATURATION_DN[frame.detector] * frame.sums.reads)
