"""Systematic uncertainty of the calibration relative to SolarSoft's brightness scale.

The uncertainty of the absolute scale (SolarSoft's calibration factors) is not included; see Morrill et al. (2006, Solar
Physics 233, 331) for C3 and Colaninno and Howard (2015, Solar Physics 290, 997) for C2.
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
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet

EXPOSURE_ERROR_WITH_TABLE = 0.001
"""Relative error (1 sigma) of a tabulated exposure factor (Sig = 0.00095 in HISTORY of an official file of 2002)."""

EXPOSURE_ERROR_WITHOUT_TABLE = 0.012
"""Relative error (1 sigma) without a table: scatter of the ratio to the official Level 1 frame over four frames
(docs/explanation/accuracy.md)."""

NOMINAL_C3_ERROR = 0.007
"""Relative error (1 sigma) of the nominal set: scatter of the ratio of nominal to official products over 4 to 30 solar
radii."""

NOMINAL_C3_ERROR_BEFORE_1998 = 0.05
"""Relative error (1 sigma) of the nominal set before the interruption of 1998, when the vignetting was different: an
estimate, not a measurement, since no official file was available."""


def relative_calibration_error(
    frame: Frame, calibration: CalibrationSet, exposure: Exposure, pointing: Pointing
) -> NDArray[np.float32]:
    """Relative systematic uncertainty (1 sigma) of the brightness from the calibration.

    Parameters
    ----------
    frame : Frame
    calibration : CalibrationSet
    exposure : Exposure
    pointing : Pointing
        Sun centre, from which the radius is measured.

    Returns
    -------
    ndarray of float32, shape () or that of the frame
        Fraction of the brightness.
    """
    exposure_error = EXPOSURE_ERROR_WITH_TABLE if exposure.file is not None else EXPOSURE_ERROR_WITHOUT_TABLE
    if calibration.kind == "OFFICIAL":
        return np.asarray(exposure_error, dtype=np.float32)
    if frame.detector == "C3":
        images = NOMINAL_C3_ERROR_BEFORE_1998 if frame.day < INTERRUPTION_MJD else NOMINAL_C3_ERROR
        return np.asarray(np.hypot(exposure_error, images), dtype=np.float32)
    return np.hypot(np.float32(exposure_error), _nominal_c2_error(frame, pointing)).astype(np.float32)


def _nominal_c2_error(frame: Frame, pointing: Pointing) -> NDArray[np.float32]:
    rows, columns = (np.arange(size, dtype=np.float32) for size in frame.data.shape)
    x, y = (columns - np.float32(pointing.column)) * frame.sums.x, (rows - np.float32(pointing.row)) * frame.sums.y
    radius = np.hypot(x[None, :], y[:, None]) * np.float32(PLATE_SCALE["C2"] / soho_observer(frame.date).radius)
    return np.asarray(c2.relative_error(radius), dtype=np.float32)
