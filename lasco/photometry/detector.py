"""Calibration of a frame on the detector grid, where missing blocks are still rectangles and can be filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.geometry import clock, distortion
from corinpaint.lasco.geometry.clock import Clock
from corinpaint.lasco.geometry.distortion import Geometry
from corinpaint.lasco.geometry.pointing import Pointing, determine_pointing, sun_centre_on_detector
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.options import DEFAULT, Options
from corinpaint.lasco.photometry import noise, photometry
from corinpaint.lasco.photometry.corkit import calfactor
from corinpaint.lasco.photometry.exposure import Exposure, determine_exposure
from corinpaint.lasco.photometry.optics import Optics, field_of_view, load_optics
from corinpaint.lasco.photometry.photometry import MSB_UNIT, RATE_UNIT
from corinpaint.lasco.photometry.plausibility import Anomaly, anomalies
from corinpaint.lasco.photometry.reception import received
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet


@dataclass(frozen=True, eq=False)
class ObservedFrame:
    """A frame calibrated on the detector grid, with its clock, pointing, noise and masks.

    Attributes
    ----------
    frame : Frame
        The Level 0.5 frame.
    calibration : CalibrationSet
        Calibration set.
    options : Options
        Steps that were applied.
    exposure : Exposure
        Exposure factor and bias.
    clock : Clock
        Start of the exposure after the clock correction.
    pointing : Pointing
        Sun centre and roll of the product.
    scale : float
        Calibration factor, MSB / (DN / s); 1 when it is left out.
    brightness : ndarray of float32, shape (H, W)
        MSB, or DN/s without calibration factor; (row, column), row 0 at the bottom. Meaningless in pixels that were not
        received.
    variance : ndarray of float32, shape (H, W)
        Variance of the brightness from photon noise, pixel response, read-out and compression.
    field : ndarray of bool, shape (H, W)
        Pixels in the field of view.
    unsent : ndarray of bool, shape (H, W)
        Pixels that LASCO never sends, or outside of the subfield.
    impossible : ndarray of bool, shape (H, W)
        Pixels of blocks that were received whose counts cannot be; see `corinpaint.lasco.photometry.reception`.
    saturated : ndarray of bool, shape (H, W)
        Saturated pixels.
    missing : ndarray of bool, shape (H / 32, W / 32)
        Missing blocks, (block row, block column).
    anomalies : tuple of Anomaly
        What contradicts the header; see `corinpaint.lasco.photometry.plausibility`.
    """

    frame: Frame
    calibration: CalibrationSet
    options: Options
    exposure: Exposure
    clock: Clock
    pointing: Pointing
    scale: float
    brightness: NDArray[np.float32]
    variance: NDArray[np.float32]
    field: NDArray[np.bool_]
    unsent: NDArray[np.bool_]
    impossible: NDArray[np.bool_]
    saturated: NDArray[np.bool_]
    missing: blocks.Blocks
    anomalies: tuple[Anomaly, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the frame, px."""
        return self.frame.data.shape[0], self.frame.data.shape[1]

    @property
    def geometry(self) -> Geometry:
        """Mapping from the detector grid to the corrected one, without roll."""
        return _geometry(self.frame, self.options)

    @property
    def unit(self) -> str:
        """Unit of the brightness as a FITS unit string."""
        return MSB_UNIT if self.options.calfactor else RATE_UNIT

    @property
    def centre(self) -> tuple[float, float]:
        """Sun centre (column, row) on the detector grid, px of the frame from 0."""
        return sun_centre_on_detector(self.frame, self.pointing)

    @cached_property
    def observed(self) -> NDArray[np.bool_]:
        """Pixels that were received, are in the field of view and are not saturated; shape (H, W)."""
        return self.sent & self.field & ~self.saturated

    @property
    def sent(self) -> NDArray[np.bool_]:
        """Pixels that were received: not missing, unsent or impossible; shape (H, W)."""
        return np.asarray(~(blocks.to_pixels(self.missing) | self.unsent | self.impossible))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user has to know before measuring in the product: on stderr, in HISTORY and in the report."""
        texts = (self.pointing.warning, *(anomaly.text for anomaly in self.anomalies))
        return tuple(text for text in texts if text)

    @property
    def anomaly_error(self) -> float:
        """Relative error (1 sigma) of the brightness that the anomalies make possible; 0 without any."""
        return max((anomaly.relative_error for anomaly in self.anomalies), default=0.0)

    @property
    def missing_in_field(self) -> blocks.Blocks:
        """Missing blocks with at least one pixel in the field of view; shape (H / 32, W / 32)."""
        return np.asarray(self.missing & (blocks.block_means(self.field) > 0))

    def hole(self, missing: blocks.Blocks) -> NDArray[np.bool_]:
        """Pixels of the given blocks in the field of view: from shape (H / 32, W / 32) to (H, W)."""
        return np.asarray(blocks.to_pixels(missing) & self.field)

    def __repr__(self) -> str:
        return f"<ObservedFrame of {self.frame!r}: {int(self.missing.sum())} missing blocks, {self.unit}>"


def calibrate_on_detector(
    frame: Frame, calibration: CalibrationSet, options: Options = DEFAULT, roll_from: Sequence[Frame] = ()
) -> ObservedFrame:
    """Calibrate a frame on the detector grid: bias, exposure, vignetting, calibration factor, stray light.

    Source: SolarSoft ``c2_calibrate.pro`` and ``c3_calibrate.pro`` 1.54.

    Parameters
    ----------
    frame : Frame
        Level 0.5, DN.
    calibration : CalibrationSet
        Calibration set.
    options : Options
        Steps to apply.
    roll_from : sequence of Frame
        Frames of the same hours, from which the roll is borrowed when the header has placeholders.

    Returns
    -------
    ObservedFrame

    Raises
    ------
    UnsupportedFrameError
        When the frame is not an exposure of the corona, or filter and polariser have no calibration factor.
    CalibrationError
        When a calibration file is missing or damaged.
    """
    photometry.check_supported(frame)
    exposure, optics = determine_exposure(frame, calibration), load_optics(calibration, frame.detector, frame.sums)
    corrected = clock.correct_clock(frame.date, calibration)
    scale = calfactor(frame) if options.calfactor else 1.0
    brightness, variance = _brightness_and_variance(frame, optics, options, exposure, scale)
    found = received(frame, exposure.bias)
    pointing = determine_pointing(frame, calibration, corrected.date, roll_from)
    observed = ObservedFrame(
        frame=frame,
        calibration=calibration,
        options=options,
        exposure=exposure,
        clock=corrected,
        pointing=pointing,
        scale=scale,
        brightness=brightness,
        variance=variance,
        field=field_of_view(optics, _geometry(frame, options)).on_detector,
        unsent=found.unsent,
        impossible=found.impossible,
        saturated=photometry.saturated_pixels(frame),
        missing=found.missing,
    )
    return replace(observed, anomalies=anomalies(frame, exposure, optics, observed.sent, observed.centre))


def _brightness_and_variance(
    frame: Frame, optics: Optics, options: Options, exposure: Exposure, scale: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Brightness and its variance, each float32 of the shape of the frame."""
    vignetting = optics.vignetting(frame.day) if options.vignetting else np.ones_like(optics.ramp)
    ramp = optics.ramp if subtracts_stray_light(frame, options) else np.zeros_like(optics.ramp)
    exposure_terms = (exposure.bias, frame.exptime, exposure.factor)
    brightness = photometry.from_counts(frame.data, exposure_terms, vignetting, scale, ramp)
    variance, per_count = np.empty_like(frame.data), np.float32(scale / (frame.exptime * exposure.factor))
    for first in range(0, frame.data.shape[0], photometry.ROWS_PER_STEP):
        rows = slice(first, first + photometry.ROWS_PER_STEP)
        variance[rows] = np.square(vignetting[rows] * per_count) * noise.variance(frame, exposure.bias, rows)
    brightness[vignetting == 0] = np.nan  # no light passes there
    return brightness, variance


def noise_variance(
    observed: ObservedFrame, brightness: NDArray[np.float32], where: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Variance of the noise that pixels would have had at another brightness.

    Parameters
    ----------
    observed : ObservedFrame
    brightness : ndarray of float32, shape (P,)
        Of the chosen pixels, unit of the frame.
    where : ndarray of bool, shape (H, W)
        The chosen pixels.

    Returns
    -------
    ndarray of float32, shape (P,)
        Unit of the frame squared; 0 where no light passes.
    """
    bias = observed.exposure.bias
    there = replace(observed.frame, data=observed.frame.data[where])
    step = np.sqrt(observed.variance[where] / noise.variance(there, bias))  # brightness per count
    change = np.where(step > 0, (brightness - observed.brightness[where]) / np.where(step > 0, step, 1), 0)
    counts = there.data + change
    imagined = replace(observed.frame, data=np.nan_to_num(counts).astype(np.float32))
    return np.asarray(np.nan_to_num(noise.variance(imagined, bias) * step**2, posinf=0), dtype=np.float32)


def subtracts_stray_light(frame: Frame, options: Options) -> bool:
    """Whether stray light is subtracted: only from C3 Clear, and not from polarisation products, which contain none."""
    wanted = options.ramp and options.calfactor
    return wanted and frame.detector == "C3" and frame.filter == "CLEAR" and not frame.polarised_product


def _geometry(frame: Frame, options: Options) -> Geometry:
    centre = distortion.occulter_centre(frame.date, frame.detector)
    shape = (frame.data.shape[0], frame.data.shape[1])
    return Geometry(frame.detector, centre, shape, options.warp, options.solarsoft)
