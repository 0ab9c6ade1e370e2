"""How far the calibration itself may be off: the calibration term of the uncertainty, relative to SolarSoft's scale.

The absolute scale (how well SolarSoft's calibration factors hold) is not in it: see Morrill et al. (2006, Solar Physics
233, 331) for C3 and Colaninno and Howard (2015, Solar Physics 290, 997) for C2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.geometry.observer import soho_observer
from corinpaint.lasco.geometry.pointing import PLATE_SCALE, Pointing
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.nominal import c2
from corinpaint.lasco.photometry.exposure import Exposure
from corinpaint.lasco.photometry.optics import INTERRUPTION_MJD
from corinpaint.lasco.reference_files.calibration_set import Assets

EXPOSURE_ERROR_WITH_TABLE = 0.001
"""Relative error of the exposure factor from a table (Sig = 0.00095 in the HISTORY of an official file of 2002)."""

EXPOSURE_ERROR_WITHOUT_TABLE = 0.012
"""Spread of the ratio to the official Level 1 frame over four frames without table (docs/explanation/accuracy.md)."""

NOMINAL_C3_ERROR = 0.007
"""Spread over the radii, 4 to 30 solar radii, of the ratio of nominal products to the official one."""

NOMINAL_C3_ERROR_BEFORE_1998 = 0.05
"""The vignetting of before the interruption is another one, and no file of it was at hand: not measured, a guess."""


def relative_calibration_error(frame: Frame, assets: Assets, taken: Exposure, place: Pointing) -> NDArray[np.float32]:
    """Relative 1 sigma error of the brightness by the calibration.

    Parameters
    ----------
    frame : Frame
    assets : Assets
    taken : Exposure
    place : Pointing
        Where the radius counts from.

    Returns
    -------
    ndarray of float32, shape () or that of the frame
    """
    exposure = EXPOSURE_ERROR_WITH_TABLE if taken.file is not None else EXPOSURE_ERROR_WITHOUT_TABLE
    if assets.kind == "OFFICIAL":
        return np.asarray(exposure, dtype=np.float32)
    if frame.detector == "C3":
        images = NOMINAL_C3_ERROR_BEFORE_1998 if frame.day < INTERRUPTION_MJD else NOMINAL_C3_ERROR
        return np.asarray(np.hypot(exposure, images), dtype=np.float32)
    return np.hypot(np.float32(exposure), _nominal_c2_error(frame, place)).astype(np.float32)


def _nominal_c2_error(frame: Frame, place: Pointing) -> NDArray[np.float32]:
    rows, columns = (np.arange(side, dtype=np.float32) for side in frame.data.shape)
    x, y = (columns - np.float32(place.column)) * frame.sums.x, (rows - np.float32(place.row)) * frame.sums.y
    radius = np.hypot(x[None, :], y[:, None]) * np.float32(PLATE_SCALE["C2"] / soho_observer(frame.date).radius)
    return np.asarray(c2.relative_error(radius), dtype=np.float32)
