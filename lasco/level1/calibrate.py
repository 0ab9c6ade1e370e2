"""Calibration of a Level 0.5 frame to Level 1, all steps in order (SolarSoft ``reduce_level_1.pro`` 1.68).

`calibrate_on_detector` calibrates on the detector grid, where missing blocks can be filled; `make_product` corrects the
distortion and the roll, masks the image and makes the header; `calibrate` does both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.file_numbers import level1_number
from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.geometry.distortion import Geometry
from corinpaint.lasco.geometry.observer import soho_observer
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame, check_frame
from corinpaint.lasco.level1 import header as headers
from corinpaint.lasco.level1 import statistics, systematics
from corinpaint.lasco.level1.compression import round_significant
from corinpaint.lasco.level1.product import Flag, Level1, flagged, set_flag
from corinpaint.lasco.notebook.history import WARNING
from corinpaint.lasco.options import DEFAULT, Options
from corinpaint.lasco.photometry.detector import ObservedFrame, calibrate_on_detector, subtracts_stray_light
from corinpaint.lasco.photometry.optics import INTERRUPTION_MJD, field_of_view, load_calibration_set, load_optics
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet

SPACING = 8
"""Every eighth row and column counts in medians over the field that the header gives."""

MIN_ROTATION_DEG = 1.0
"""Minimum roll for which SolarSoft rotates the image about the sun centre, degrees."""


def calibrate(
    frame: Frame,
    calibration: CalibrationSet | None = None,
    options: Options = DEFAULT,
    roll_from: Sequence[Frame] = (),
) -> Level1:
    """Calibrate a frame to Level 1; missing blocks stay NaN and are flagged.

    Parameters
    ----------
    frame : Frame
        Level 0.5, DN; see `corinpaint.lasco.level05.frame.read_frame`.
    calibration : CalibrationSet, optional
        Calibration set; by default the nominal one.
    options : Options, optional
        Steps to leave out; by default none.
    roll_from : sequence of Frame, optional
        Frames of the same hours, from which the roll is borrowed when the header has placeholders.

    Returns
    -------
    Level1
        Brightness and its uncertainty in MSB (1 MSB = 2.009e7 W m-2 sr-1), flags and header.

    Raises
    ------
    UnsupportedFrameError, CalibrationError
        See `calibrate_on_detector`.
    TypeError
        When `frame` is not a Frame.
    """
    check_frame(frame)
    return make_product(calibrate_on_detector(frame, calibration or load_calibration_set(), options, roll_from))


def make_product(
    observed: ObservedFrame,
    filled: blocks.Blocks | None = None,
    history: Sequence[str] = (),
    cards: Sequence[tuple[str, headers.CardValue, str]] = (),
    masked: NDArray[np.bool_] | None = None,
) -> Level1:
    """Make the Level 1 product of a frame calibrated on the detector grid.

    The distortion and the roll of image, flags and variance are corrected in one interpolation, an upside-down frame is
    rotated by 180 degrees, the image is masked, and the header is made.

    Parameters
    ----------
    observed : ObservedFrame
        With the filled values of the missing blocks in its brightness and variance.
    filled : ndarray of bool, shape (H / 32, W / 32), optional
        The missing blocks that were filled, (block row, block column), and those whose masked pixels were.
    history : sequence of str
        Additional lines for HISTORY, in the order of the steps.
    cards : sequence of (keyword, value, comment)
        Additional cards, such as the method of the fills.
    masked : ndarray of bool, shape (H, W), optional
        Pixels that are missing by a user's mask alone; see `corinpaint.lasco.photometry.user_mask`.

    Returns
    -------
    Level1
    """
    frame, pointing = observed.frame, observed.pointing
    filled = np.zeros_like(observed.missing) if filled is None else filled
    geometry = _product_geometry(observed)
    masked = np.zeros(observed.shape, dtype=bool) if masked is None else masked
    data, mask, variance = _resampled(observed, filled, geometry, masked)
    on_detector = systematics.additive_calibration_error(observed)
    additive = _on_product_grid(observed, on_detector, geometry)
    if pointing.upside_down and not geometry.roll:
        data, mask, variance = data[::-1, ::-1].copy(), mask[::-1, ::-1].copy(), variance[::-1, ::-1].copy()
    relative = systematics.relative_calibration_error(frame, observed.calibration, observed.exposure, pointing)
    uncertainty = np.sqrt(variance + np.square(relative * data) + np.square(additive))
    if observed.anomalies:
        uncertainty = np.hypot(uncertainty, _on_product_grid(observed, _anomaly_error(observed), geometry))
    noise = np.sqrt(variance)
    uncertainty[np.isnan(data)] = noise[np.isnan(data)] = np.inf
    uncertainty, noise = round_significant(uncertainty), round_significant(noise)
    origin = _provenance(observed, geometry, relative, on_detector)
    header = make_header(observed, origin, filled & observed.missing, history, cards)
    statistics.add_statistics(header, data, mask)
    name = f"{level1_number(frame.number)}.fits"
    return Level1(data, mask, uncertainty, noise, header, name, observed.warnings)


def make_header(
    observed: ObservedFrame,
    origin: headers.Provenance,
    filled: blocks.Blocks | None = None,
    history: Sequence[str] = (),
    cards: Sequence[tuple[str, headers.CardValue, str]] = (),
) -> fits.Header:
    """Header of a product with its HISTORY and without statistics; parameters as for `make_product`."""
    filled = np.zeros_like(observed.missing) if filled is None else filled
    header = headers.make_header(observed.frame, origin, observed.missing, filled)
    for card in cards:
        headers.add_long(header, *card)
    headers.add_history(header, headers.history_lines(observed.frame, (*origin.steps, *history)))
    return header


def provenance(observed: ObservedFrame) -> headers.Provenance:
    """Provenance of the product of a frame: pointing, clock, calibration files and steps."""
    relative = systematics.relative_calibration_error(
        observed.frame, observed.calibration, observed.exposure, observed.pointing
    )
    additive = systematics.additive_calibration_error(observed)
    return _provenance(observed, _product_geometry(observed), relative, additive)


def _product_geometry(observed: ObservedFrame) -> Geometry:
    """From the detector grid to that of the product, with the rotation about the sun centre where it is needed."""
    pointing = observed.pointing
    if not observed.options.roll or abs(pointing.roll) < MIN_ROTATION_DEG:
        return observed.geometry
    pivot = (pointing.column, pointing.row)
    return replace(observed.geometry, upside_down=pointing.upside_down, roll=pointing.roll, pivot=pivot)


def _resampled(
    observed: ObservedFrame, filled: blocks.Blocks, geometry: Geometry, masked: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """Image, flags and variance on the product grid; a rotation by 180 degrees alone is left to `make_product`."""
    warp = distortion.product_map(geometry)
    missing = blocks.to_pixels(observed.missing) | masked
    restored = missing & blocks.to_pixels(filled) & observed.field
    refused = warp.propagate_flags((missing | observed.impossible) & ~restored)
    mask = np.zeros(observed.shape, dtype=np.uint8)
    set_flag(mask, warp.propagate_flags(restored), Flag.FILLED)
    set_flag(mask, _unsent(observed, geometry) | warp.outside, Flag.NEVER_SENT)
    _mask_field(mask, observed, geometry)
    set_flag(mask, warp.propagate_flags(observed.saturated & ~masked), Flag.SATURATED)
    set_flag(mask, refused, Flag.REFUSED)
    if masked.any():
        set_flag(mask, warp.propagate_flags(masked), Flag.USER)
    data, variance = warp.image(observed.brightness), warp.variance(observed.variance)
    if observed.options.point_sources:
        area = distortion.jacobian(geometry)
        data, variance = data * area, variance * area**2
    hidden = Flag.NEVER_SENT | Flag.REFUSED | (Flag.OCCULTED if observed.options.mask else Flag(0))
    data[flagged(mask, hidden)] = np.nan
    data[warp.propagate_flags(~np.isfinite(observed.brightness))] = np.nan
    mask[np.isnan(data)] &= np.uint8(255 - Flag.FILLED)
    return data, mask, variance


def _on_product_grid(observed: ObservedFrame, error: NDArray[np.float32], geometry: Geometry) -> NDArray[np.float32]:
    """A systematic error on the grid of the product, where it is alike in neighbouring pixels."""
    moved = distortion.product_map(geometry).image(error)
    if observed.options.point_sources:
        moved = moved * distortion.jacobian(geometry)
    return moved[::-1, ::-1] if observed.pointing.upside_down and not geometry.roll else moved


def _anomaly_error(observed: ObservedFrame) -> NDArray[np.float32]:
    """Error that the anomalies make possible, on the detector grid: of all light, before stray light is subtracted."""
    optics = load_optics(observed.calibration, observed.frame.detector, observed.frame.sums)
    ramp = optics.ramp if subtracts_stray_light(observed.frame, observed.options) else np.float32(0)
    return np.asarray(np.float32(observed.anomaly_error) * (observed.brightness + ramp))


def _unsent(observed: ObservedFrame, geometry: Geometry) -> NDArray[np.bool_]:
    """Pixels of the product that depend on a pixel that was not sent; cached, as most frames lack the same blocks."""
    if observed.frame.subfield is not None or geometry.roll:
        return distortion.product_map(geometry).propagate_flags(observed.unsent)
    unsent = observed.unsent[:: blocks.BLOCK_SIZE, :: blocks.BLOCK_SIZE]
    return _unsent_blocks(geometry, unsent.shape, unsent.tobytes())


@lru_cache(maxsize=4)
def _unsent_blocks(geometry: Geometry, shape: tuple[int, ...], packed: bytes) -> NDArray[np.bool_]:
    flags = np.frombuffer(packed, dtype=bool).reshape(shape)
    return distortion.product_map(geometry).propagate_flags(blocks.to_pixels(flags))


def _mask_field(mask: NDArray[np.uint8], observed: ObservedFrame, geometry: Geometry) -> None:
    """Flag, in place, the pixels outside of the field of view, whose mask is rotated with the corrected image."""
    optics = load_optics(observed.calibration, observed.frame.detector, observed.frame.sums)
    hidden = ~field_of_view(optics, observed.geometry).corrected
    if geometry.roll:
        hidden, outside = distortion.rotated_flags(geometry, hidden)
        set_flag(mask, outside, Flag.NEVER_SENT)
    set_flag(mask, hidden, Flag.OCCULTED)


def _provenance(
    observed: ObservedFrame, geometry: Geometry, relative: NDArray[np.float32], additive: NDArray[np.float32]
) -> headers.Provenance:
    """Provenance of a product with these calibration errors, on either grid and on the detector grid."""
    frame, calibration, exposure = observed.frame, observed.calibration, observed.exposure
    clock, pointing = observed.clock, observed.pointing
    ramp = subtracts_stray_light(frame, observed.options)
    images = load_optics(calibration, frame.detector, frame.sums).used(frame.day, ramp=ramp)
    soho = soho_observer(clock.date, calibration)
    tables = tuple(file for file in (exposure.file, clock.file, pointing.file, soho.file) if file is not None)
    rotated_by = 180.0 * pointing.upside_down + geometry.roll
    steps = _steps(observed, geometry, [file.name for file in images])
    return headers.Provenance(
        calibration.kind,
        observed.unit,
        exposure.factor,
        exposure.bias,
        observed.scale,
        clock,
        pointing,
        rotated_by,
        0.0 if geometry.roll else pointing.roll,
        float(np.hypot(np.median(relative), observed.anomaly_error)),
        (*images, *tables),
        observed.options.departures,
        steps,
        soho,
        float(np.median(additive[::SPACING, ::SPACING][observed.field[::SPACING, ::SPACING]])),
    )


def _steps(observed: ObservedFrame, geometry: Geometry, images: list[str]) -> tuple[str, ...]:
    """Lines of HISTORY: every step of the calibration with the file that it used."""
    frame, options, clock, pointing = observed.frame, observed.options, observed.clock, observed.pointing
    factor, bias, source = observed.exposure[:3]
    late = observed.calibration.kind == "NOMINAL" and frame.day < INTERRUPTION_MJD and frame.detector == "C3"
    impossible = int(np.count_nonzero(observed.impossible))
    grid = "c3_warp on SolarSoft's 32 px grid" if options.solarsoft else "c3_warp formula, exact map"
    lines = [
        f"{frame.sums.pixels} pixels summed, unwrapped" if frame.sums.pixels > 1 else "",
        f"Subfield placed into the full frame: {tuple(frame.subfield)}" if frame.subfield else "",
        f"Bias {bias:.3f} DN and exposure factor {factor:.6f} from {source}",
        f"calfactor {observed.scale:.6g} MSB/(DN/s) (corkit {frame.detector.lower()}_calfactor)" * options.calfactor,
        f"Vignetting, stray light and mask ({observed.calibration.kind.lower()}): {', '.join(images)}",
        "The nominal vignetting is of 2002, this frame of before the interruption of 1998" * late,
        f"Optical distortion removed ({grid}, bilinear)" * options.warp,
        "Multiplied by the Jacobian of the distortion: fluxes of point sources are conserved" * options.point_sources,
        clock.history,
        f"Pointing: {pointing.source}",
        "Image rotated by 180 degrees (SOHO rolled)" * pointing.upside_down,
        f"Image rotated by {geometry.roll:.4f} degrees about the sun centre" if geometry.roll else "",
        f"Departures from all steps: {' '.join(options.departures)}" if options.departures else "",
        f"{impossible} pixels with counts far below the bias: not observed" if impossible else "",
        *(f"{WARNING}{warning}" for warning in observed.warnings),
    ]
    return tuple(line for line in lines if line)
