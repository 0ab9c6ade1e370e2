"""A frame calibrated on the detector grid, where its missing blocks are whole and can be filled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.geometry import clock, distortion
from corinpaint.lasco.geometry.clock import Clock
from corinpaint.lasco.geometry.distortion import Geometry
from corinpaint.lasco.geometry.pointing import Pointing, determine_pointing, sun_centre_on_detector
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05 import frame as frames
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.options import DEFAULT, Options
from corinpaint.lasco.photometry import noise, photometry
from corinpaint.lasco.photometry.corkit import calfactor
from corinpaint.lasco.photometry.exposure import Exposure, determine_exposure
from corinpaint.lasco.photometry.optics import Optics, field_of_view, load_optics
from corinpaint.lasco.photometry.photometry import MSB_UNIT, RATE_UNIT
from corinpaint.lasco.reference_files.calibration_set import Assets


@dataclass(frozen=True, eq=False)
class ObservedFrame:
    """A calibrated frame on the detector grid, with all that is known of it.

    Attributes
    ----------
    frame : Frame
        The Level 0.5 frame.
    assets : Assets
    options : Options
    exposure : Exposure
    clock : Clock
        Start of the exposure, clock corrected.
    pointing : Pointing
        Sun centre and roll of the product.
    scale : float
        Calibration factor, MSB / (DN / s); 1 without it.
    brightness : ndarray of float32, shape (H, W)
        MSB (DN/s without calibration factor); meaningless where nothing was sent.
    variance : ndarray of float32, shape (H, W)
        Of the brightness, from photons, read-out and compression.
    field : ndarray of bool, shape (H, W)
        Field of view.
    unsent : ndarray of bool, shape (H, W)
        Never sent, or outside of the subfield.
    saturated : ndarray of bool, shape (H, W)
    lost : ndarray of bool, shape (32, 32)
        Missing blocks.
    """

    frame: Frame
    assets: Assets
    options: Options
    exposure: Exposure
    clock: Clock
    pointing: Pointing
    scale: float
    brightness: NDArray[np.float32]
    variance: NDArray[np.float32]
    field: NDArray[np.bool_]
    unsent: NDArray[np.bool_]
    saturated: NDArray[np.bool_]
    lost: blocks.Blocks

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the frame, px."""
        return self.frame.data.shape[0], self.frame.data.shape[1]

    @property
    def geometry(self) -> Geometry:
        """From this grid to the corrected one, without roll."""
        return _geometry(self.frame, self.options)

    @property
    def unit(self) -> str:
        """Unit of the brightness, as FITS writes it."""
        return MSB_UNIT if self.options.calfactor else RATE_UNIT

    @property
    def centre(self) -> tuple[float, float]:
        """Sun centre (column, row) on the detector grid, px of the frame from 0."""
        return sun_centre_on_detector(self.frame, self.pointing)

    @cached_property
    def observed(self) -> NDArray[np.bool_]:
        """Pixels that were sent, are in the field of view, not missing and not saturated; shape (H, W)."""
        return self.sent & self.field & ~self.saturated

    @property
    def sent(self) -> NDArray[np.bool_]:
        """Pixels that arrived; shape (H, W)."""
        return np.asarray(~(blocks.to_pixels(self.lost, self.shape) | self.unsent))

    @property
    def missing_in_field(self) -> blocks.Blocks:
        """Missing blocks that reach into the field of view; shape (32, 32)."""
        return np.asarray(self.lost & (blocks.block_means(self.field, blocks.block_shape(self.shape)) > 0))

    # SHIM
    @property
    def exposed(self):  # type: ignore
        return self

    @property
    def seen(self):  # type: ignore
        return self.field

    @property
    def missing(self):  # type: ignore
        return self.missing_in_field

    # END SHIM
    def hole(self, missing: blocks.Blocks) -> NDArray[np.bool_]:
        """Pixels of some blocks inside the field of view; (32, 32) -> (H, W)."""
        return np.asarray(blocks.to_pixels(missing, self.shape) & self.field)

    def __repr__(self) -> str:
        return f"<ObservedFrame of {self.frame!r}: {int(self.lost.sum())} missing blocks, {self.unit}>"


def calibrate_on_detector(frame: Frame, assets: Assets, options: Options = DEFAULT) -> ObservedFrame:
    """Calibrate a frame on the detector grid: bias, exposure, vignetting, calibration factor, stray light.

    Parameters
    ----------
    frame : Frame
    assets : Assets
    options : Options

    Returns
    -------
    ObservedFrame

    Raises
    ------
    UnsupportedFrameError
        When it is no exposure of the corona, or filter and polariser have no calibration factor.
    CalibrationError
        When a calibration file is missing or damaged.
    """
    photometry.check_supported(frame)
    taken, optics = determine_exposure(frame, assets), load_optics(assets, frame.detector, frame.sums)
    time = clock.correct_clock(frame.date, assets)
    scale = calfactor(frame) if options.calfactor else 1.0
    brightness, variance = _brightness_and_variance(frame, optics, options, taken, scale)
    return ObservedFrame(
        frame=frame,
        assets=assets,
        options=options,
        exposure=taken,
        clock=time,
        pointing=determine_pointing(frame, assets, time.date),
        scale=scale,
        brightness=brightness,
        variance=variance,
        field=field_of_view(optics, _geometry(frame, options)).on_detector,
        unsent=frames.unsent(frame),
        saturated=photometry.saturated_pixels(frame),
        lost=frames.lost(frame),
    )


def _brightness_and_variance(
    frame: Frame, optics: Optics, options: Options, taken: Exposure, scale: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Brightness and its variance."""
    vignetting = optics.vignetting(frame.day) if options.vignetting else np.ones_like(optics.ramp)
    ramp = optics.ramp if subtracts_stray_light(frame, options) else np.zeros_like(optics.ramp)
    exposed = (taken.bias, frame.exptime, taken.factor)
    brightness = photometry.from_counts(frame.data, exposed, vignetting, scale, ramp)
    variance, per_count = np.empty_like(frame.data), np.float32(scale / (frame.exptime * taken.factor))
    for first in range(0, frame.data.shape[0], photometry.ROWS_PER_STEP):
        rows = slice(first, first + photometry.ROWS_PER_STEP)
        variance[rows] = np.square(vignetting[rows] * per_count) * noise.variance(frame, taken.bias, rows)
    brightness[vignetting == 0] = np.nan  # no light passes there, and nothing is known
    return brightness, variance


def subtracts_stray_light(frame: Frame, options: Options) -> bool:
    """Whether stray light is subtracted: that of C3 Clear is known, and polarisation products hold none."""
    wanted = options.ramp and options.calfactor
    return wanted and frame.detector == "C3" and frame.filter == "CLEAR" and not frame.polarised_product


def _geometry(frame: Frame, options: Options) -> Geometry:
    centre = distortion.occulter_centre(frame.date, frame.detector)
    shape = (frame.data.shape[0], frame.data.shape[1])
    return Geometry(frame.detector, centre, shape, options.warp, options.solarsoft)
