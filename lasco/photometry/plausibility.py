"""Whether an exposure is what its header says: the light of the corona and behind the occulter, and the exposure time.

The F corona hardly changes, so that the brightness in the middle of the field tells a wrong exposure time from a true
one without any other frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import UnsupportedFrameError
from corinpaint.lasco.geometry.observer import soho_observer
from corinpaint.lasco.geometry.pointing import PLATE_SCALE
from corinpaint.lasco.level05.cards import is_number
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.photometry import photometry
from corinpaint.lasco.photometry.corkit import calfactor
from corinpaint.lasco.photometry.exposure import Exposure
from corinpaint.lasco.photometry.optics import Optics

RING = {"C2": (5.0, 6.0), "C3": (8.0, 12.0)}
"""Distances from the sun centre between which the brightness is measured, solar radii."""

USUAL_BRIGHTNESS = {"C2": 5.8e-10, "C3": 1.7e-10}
"""Median brightness there, MSB. C2: the official frame of 2009-02-28. C3: 1.63e-10 to 1.76e-10 in seven frames of
2002 to 2010."""

BRIGHTNESS_RANGE = (0.6, 2.5)
"""Accepted ratios of the brightness to the usual one: streamers and coronal mass ejections add to the F corona, nothing
takes light away."""

OCCULTER_BOX = slice(510, 554), slice(498, 534)
"""Rows and columns of an unsummed C3 frame behind the middle of the occulter."""

OCCULTER_RATE = 4.6
"""Light there through the clear filter, DN/s in an unsummed pixel: 4.46 to 4.76 in seven frames of 2002 to 2010."""

OCCULTER_TOLERANCE = 1.1
"""Accepted difference from it, DN/s."""

BIAS_SIGMAS = 3.0
"""Accepted difference from the bias, in units of its error; it counts more in short exposures."""

EXPTIME_TOLERANCE_S = 0.02
"""Accepted difference between EXPTIME and EXP0 + EXP3, s; 0.0004 s in 166 real frames."""

SPACING = 4
"""Every fourth row and column is looked at."""

MIN_PIXELS = 1000
"""Minimum number of pixels of a measurement."""

MAX_RELATIVE_ERROR = 100.0
"""Relative error of a frame without light."""


@dataclass(frozen=True)
class Anomaly:
    """Something about a frame that contradicts its header.

    Attributes
    ----------
    text : str
        What was found and what was expected.
    relative_error : float
        Relative error (1 sigma) of the brightness that it makes possible.
    """

    text: str
    relative_error: float


def anomalies(
    frame: Frame,
    exposure: Exposure,
    optics: Optics,
    usable: NDArray[np.bool_],
    centre: tuple[float, float],
) -> tuple[Anomaly, ...]:
    """Compare an exposure with what its header says.

    Parameters
    ----------
    frame : Frame
    exposure : Exposure
    optics : Optics
        Vignetting and stray light of the telescope.
    usable : ndarray of bool, shape of the frame
        Pixels that were received.
    centre : tuple of float
        Sun centre (column, row), px of the frame.

    Returns
    -------
    tuple of Anomaly
        Empty for images made from several exposures.
    """
    if frame.monthly or frame.polarised_product:
        return ()
    found = (
        _brightness(frame, exposure, optics, usable, centre),
        _behind_occulter(frame, exposure, usable),
        _time(frame),
    )
    return tuple(one for one in found if one is not None)


def _brightness(
    frame: Frame, exposure: Exposure, optics: Optics, usable: NDArray[np.bool_], centre: tuple[float, float]
) -> Anomaly | None:
    rows, columns = (np.arange(0, size, SPACING) for size in frame.data.shape)
    x, y = (columns - centre[0]) * frame.sums.x, (rows - centre[1]) * frame.sums.y
    radius = np.hypot(x[None, :], y[:, None]) * (PLATE_SCALE[frame.detector] / soho_observer(frame.date).radius)
    (inner, outer), part = RING[frame.detector], (slice(None, None, SPACING), slice(None, None, SPACING))
    ring = (radius > inner) & (radius < outer) & usable[part]
    if np.count_nonzero(ring) * SPACING**2 < MIN_PIXELS:
        return None
    try:
        factor = calfactor(frame)
    except UnsupportedFrameError:  # it is calibrated without this step
        return None
    rate = photometry.count_rate(frame.data[part][ring], exposure.bias, frame.exptime, exposure.factor)
    ramp = optics.ramp[part][ring] if frame.detector == "C3" and frame.filter == "CLEAR" else 0.0
    vignetting = optics.vignetting(frame.day)[part][ring]
    median = float(np.median(photometry.brightness(rate, vignetting, factor, ramp)))
    ratio, (low, high) = median / USUAL_BRIGHTNESS[frame.detector], BRIGHTNESS_RANGE
    if low <= ratio <= high:
        return None
    return Anomaly(
        f"the brightness at {inner:g} to {outer:g} solar radii is {median:.2g} MSB, {ratio:.2g} of the usual "
        f"({low:g} to {high:g} accepted): the frame is dark, or its EXPTIME is wrong",
        _relative_error(ratio),
    )


def _behind_occulter(frame: Frame, exposure: Exposure, usable: NDArray[np.bool_]) -> Anomaly | None:
    if frame.detector != "C3" or frame.filter != "CLEAR" or frame.polar != "CLEAR":
        return None
    rows, columns = (
        slice(box.start // step, box.stop // step)
        for box, step in zip(OCCULTER_BOX, (frame.sums.y, frame.sums.x), strict=True)
    )
    counts = frame.data[rows, columns][usable[rows, columns]]
    if counts.size * frame.sums.pixels < MIN_PIXELS:
        return None
    seconds = frame.exptime * exposure.factor
    rate = (float(np.median(counts)) - exposure.bias) / (seconds * frame.sums.pixels)
    tolerance = OCCULTER_TOLERANCE + BIAS_SIGMAS * exposure.bias_error / (seconds * frame.sums.pixels)
    if abs(rate - OCCULTER_RATE) <= tolerance:
        return None
    return Anomaly(
        f"the light behind the occulter is {rate:.2f} DN/s, not {OCCULTER_RATE} (up to {tolerance:.1f} off accepted): "
        "the frame is dark, or its EXPTIME or bias is wrong",
        _relative_error(rate / OCCULTER_RATE),
    )


def _time(frame: Frame) -> Anomaly | None:
    parts = [frame.header.get(key) for key in ("EXP0", "EXP3")]
    if not all(is_number(part) for part in parts):
        return None
    seconds = sum(float(part) for part in parts)
    if not seconds > 0 or abs(frame.exptime - seconds) <= EXPTIME_TOLERANCE_S:
        return None
    return Anomaly(
        f"EXPTIME = {frame.exptime:g} s, but EXP0 + EXP3 = {seconds:g} s: the exposure time is unsure",
        _relative_error(frame.exptime / seconds),
    )


def _relative_error(ratio: float) -> float:
    """Relative error of values whose ratio to the true ones is this."""
    return min(max(ratio, 1 / max(ratio, 1e-9)) - 1, MAX_RELATIVE_ERROR)
