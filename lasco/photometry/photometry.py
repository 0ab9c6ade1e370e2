"""Counts to brightness, step by step, each a pure function of arrays (SolarSoft ``c3_calibrate.pro`` 1.54)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import UnsupportedFrameError
from corinpaint.lasco.level05.frame import Frame

MSB_UNIT = "2.009E7 W / (m2 sr)"
"""One mean solar brightness as a unit that FITS readers can parse."""

RATE_UNIT = "DN / s"
"""Unit of a product without the calibration factor."""

SATURATION_DN = {"C2": 15000.0, "C3": 11000.0}
"""Counts of one read-out from which pixels are flagged as saturated. Bleed trails of bright planets in real frames of
C3 plateau between 11300 and 13100 DN (full well), in C2 (22322749) between 15700 and 16383 DN, where the converter
ends."""


ROWS_PER_STEP = 32
"""Rows that are calibrated at a time."""


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
        Exposure factor.

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
        Correction factor.
    calfactor : float
        MSB / (DN / s).
    ramp : ndarray or float
        Stray light, MSB; neither vignetted nor masked.

    Returns
    -------
    ndarray of float32
        MSB.
    """
    return np.asarray(rate * calfactor * vignetting - ramp, dtype=np.float32)


def from_counts(
    counts: NDArray[np.float32],
    exposed: tuple[float, float, float],
    vignetting: NDArray[np.float32],
    calfactor: float,
    ramp: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Both steps, some rows at a time, so that what lies in between stays in the processor's cache.

    Parameters
    ----------
    counts : ndarray of float32, shape (H, W)
        DN.
    exposed : tuple of float
        Bias (DN), EXPTIME (s), exposure factor.
    vignetting, ramp : ndarray of float32, shape (H, W)
    calfactor : float

    Returns
    -------
    ndarray of float32, shape (H, W)
        MSB.
    """
    image = np.empty(counts.shape, dtype=np.float32)
    for first in range(0, counts.shape[0], ROWS_PER_STEP):
        rows = slice(first, first + ROWS_PER_STEP)
        image[rows] = brightness(count_rate(counts[rows], *exposed), vignetting[rows], calfactor, ramp[rows])
    return image


def check_supported(frame: Frame) -> None:
    """Refuse, by name, exposures that do not show the corona.

    Raises
    ------
    UnsupportedFrameError
        For a dark or calibration-lamp exposure.
    """
    program = str(frame.header.get("LP_NUM") or "").strip().upper()
    state = str(frame.header.get("LAMP") or 0).strip()
    if state not in ("", "0", "0.0", "False") or any(word in program for word in ("DARK", "CAL", "LAMP")):
        raise UnsupportedFrameError(
            f"{frame.name}: LP_NUM = {program!r}, LAMP = {state}: not an exposure of the corona", "give one that is"
        )


def saturated_pixels(frame: Frame) -> NDArray[np.bool_]:
    """Pixels whose mean count per read-out is at or above `SATURATION_DN`; shape of the frame, detector grid."""
    if frame.monthly or frame.polarised_product:
        return np.zeros(frame.data.shape, dtype=bool)
    return np.asarray(frame.data >= SATURATION_DN[frame.detector] * frame.sums.reads)
