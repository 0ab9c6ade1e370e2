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
from corinpaint.lasco.photometry.corkit import calfactor
from corinpaint.lasco.photometry.detector import ObservedFrame
from corinpaint.lasco.photometry.exposure import Exposure
from corinpaint.lasco.photometry.optics import INTERRUPTION_MJD, load_optics
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

STRAY_LIGHT_OF_C3 = ((52282.0, 0.2e-12), (53113.0, 1.8e-12), (54330.0, 1.8e-12), (55201.0, 2.9e-12))
"""Modified Julian dates and light of C3 Clear (MSB) that is neither corona nor in the stray light that is subtracted:
what products of these days have more than the official one of 2002 at 18 to 28 solar radii, over the poles, less the
change of the throughput by stars (0.5, 2 and 3 %). The first is the scatter of four frames of 2002."""

STRAY_LIGHT_PER_YEAR = 0.36e-12
"""Change of this light from 2002 to 2010, MSB per year, by which its error grows before the first and after the last of
these days, where no frame could be measured: a judgement."""

STRAY_LIGHT_RADII = (22.0, 10.0, 0.2)
"""Radius (solar radii) of its minimum, and distance from there (solar radii) at which it is larger by the fraction that
follows; it grows with the square of the distance."""


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
    by_radius = c2.relative_error(_radius(frame, pointing.column, pointing.row)).astype(np.float32)
    return np.asarray(np.sqrt(np.square(by_radius) + np.float32(exposure_error**2)))


def _radius(frame: Frame, column: float, row: float) -> NDArray[np.float32]:
    """Distance of each pixel from the sun centre at (column, row), px of the frame; solar radii."""
    rows, columns = (np.arange(size, dtype=np.float32) for size in frame.data.shape)
    x, y = (columns - np.float32(column)) * frame.sums.x, (rows - np.float32(row)) * frame.sums.y
    scale = PLATE_SCALE[frame.detector] / soho_observer(frame.date).radius
    x, y = (np.square(offset * np.float32(scale)) for offset in (x, y))
    return np.asarray(np.sqrt(x[None, :] + y[:, None]))  # several times as fast as np.hypot


def additive_calibration_error(observed: ObservedFrame) -> NDArray[np.float32]:
    """Systematic uncertainty (1 sigma) of the brightness that does not scale with it: bias, and stray light of C3.

    The error of the bias is that of `Exposure.bias_error`, the same in all pixels, times the vignetting correction:
    ``bias_error / (EXPTIME * factor) * calfactor * vignetting``. C3 Clear has `stray_light_error` besides.

    Parameters
    ----------
    observed : ObservedFrame

    Returns
    -------
    ndarray of float32, shape of the frame
        On the detector grid, in the unit of its brightness.
    """
    frame, exposure = observed.frame, observed.exposure
    per_dn = observed.scale / (frame.exptime * exposure.factor)
    error = np.full(observed.shape, np.float32(exposure.bias_error * per_dn))
    if observed.options.vignetting:
        error *= load_optics(observed.calibration, frame.detector, frame.sums).vignetting(frame.day)
    if frame.detector == "C3" and frame.filter == "CLEAR" and not frame.polarised_product:
        in_unit = observed.scale / calfactor(frame)
        stray = stray_light_error(frame.day, _radius(frame, *observed.centre))
        stray *= np.float32(in_unit)
        error = np.sqrt(np.square(error, out=error) + np.square(stray, out=stray))
    return error


def stray_light_error(day: float, radius: NDArray[np.float32]) -> NDArray[np.float32]:
    """Uncertainty (1 sigma) of the stray light of C3 Clear on a day (modified Julian date), MSB.

    Parameters
    ----------
    day : float
    radius : ndarray of float32
        Distance from the sun centre, solar radii.

    Returns
    -------
    ndarray of float32, shape of `radius`
    """
    days, amounts = np.transpose(STRAY_LIGHT_OF_C3)
    years = max(days[0] - day, day - days[-1], 0.0) / 365.25
    amount = float(np.interp(day, days, amounts)) + STRAY_LIGHT_PER_YEAR * years
    lowest, distance, more = STRAY_LIGHT_RADII
    found = np.square(radius - np.float32(lowest))
    found *= np.float32(amount * more / distance**2)
    found += np.float32(amount)
    return np.asarray(found)
