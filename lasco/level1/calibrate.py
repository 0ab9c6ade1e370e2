"""From a Level 0.5 frame to its Level 1 product, all steps in their order (SolarSoft ``reduce_level_1.pro`` 1.68).

`calibrate_on_detector` calibrates on the detector grid, where missing blocks can be filled; `make_product` takes the
distortion and the roll out, masks, and writes the header; `calibrate` does both.
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
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame, check_frame
from corinpaint.lasco.level1 import header as headers
from corinpaint.lasco.level1 import systematics
from corinpaint.lasco.level1.product import Flag, Level1, flagged, set_flag
from corinpaint.lasco.options import DEFAULT, Options
from corinpaint.lasco.photometry.detector import ObservedFrame, calibrate_on_detector, subtracts_stray_light
from corinpaint.lasco.photometry.optics import INTERRUPTION_MJD, field_of_view, load_assets, load_optics
from corinpaint.lasco.reference_files.calibration_set import Assets

MIN_ROTATION_DEG = 1.0
"""Degrees from which SolarSoft turns the image about the sun centre."""

NO_BLOCKS = np.zeros((blocks.BLOCKS_PER_SIDE, blocks.BLOCKS_PER_SIDE), dtype=bool)


def calibrate(frame: Frame, assets: Assets | None = None, options: Options = DEFAULT) -> Level1:
    """Calibrate a frame to Level 1; lost blocks stay NaN and are flagged.

    Parameters
    ----------
    frame : Frame
        Level 0.5, DN; see `corinpaint.lasco.level05.frame.read_frame`.
    assets : Assets, optional
        Calibration files; by default the nominal sets.
    options : Options, optional
        Steps to leave out.

    Returns
    -------
    Level1
        Brightness and its uncertainty in MSB (1 MSB = 2.009e7 W m-2 sr-1), flags, header.

    Raises
    ------
    UnsupportedFrameError, CalibrationError
        See `calibrate_on_detector`.
    TypeError
        When `frame` is no Frame.
    """
    check_frame(frame)
    return make_product(calibrate_on_detector(frame, assets or load_assets(), options))


def make_product(
    observed: ObservedFrame,
    filled: blocks.Blocks = NO_BLOCKS,
    history: Sequence[str] = (),
    cards: Sequence[tuple[str, str, str]] = (),
) -> Level1:
    """Make the product: take distortion and roll out of image, flags and variance, mask, turn, write the header.

    Parameters
    ----------
    observed : ObservedFrame
        Fills in place, in brightness and variance.
    filled : ndarray of bool, shape (32, 32)
        The lost blocks that were filled.
    history : sequence of str
        More lines for HISTORY, in the order of the steps.
    cards : sequence of (keyword, value, comment)
        More cards, such as what filled the lost blocks.

    Returns
    -------
    Level1
    """
    frame, place = observed.frame, observed.pointing
    geometry = _product_geometry(observed)
    data, mask, variance = _resampled(observed, filled, geometry)
    if place.turned and not geometry.roll:
        data, mask, variance = data[::-1, ::-1].copy(), mask[::-1, ::-1].copy(), variance[::-1, ::-1].copy()
    relative = systematics.relative_calibration_error(frame, observed.assets, observed.exposure, place)
    uncertainty = np.sqrt(variance + np.square(relative * data))
    noise = np.sqrt(variance)
    uncertainty[np.isnan(data)] = noise[np.isnan(data)] = np.inf
    made = _provenance(observed, geometry, float(np.median(relative)))
    header = make_header(observed, made, filled, history, cards)
    headers.add_statistics(header, data, mask)
    return Level1(data, mask, uncertainty, noise, header, f"{level1_number(frame.number)}.fits")


def make_header(
    observed: ObservedFrame,
    made: headers.Provenance,
    filled: blocks.Blocks = NO_BLOCKS,
    history: Sequence[str] = (),
    cards: Sequence[tuple[str, str, str]] = (),
) -> fits.Header:
    """Header of a product with its HISTORY, without statistics; see `make_product`."""
    header = headers.make_header(observed.frame, made, observed.lost, filled)
    for card in cards:
        headers.add_long(header, *card)
    headers.add_history(header, headers.history_lines(observed.frame, (*made.steps, *history)))
    return header


def provenance(observed: ObservedFrame) -> headers.Provenance:
    """What makes the product of a frame: pointing, clock, files, steps."""
    relative = systematics.relative_calibration_error(
        observed.frame, observed.assets, observed.exposure, observed.pointing
    )
    return _provenance(observed, _product_geometry(observed), float(np.median(relative)))


def _product_geometry(observed: ObservedFrame) -> Geometry:
    place = observed.pointing
    if not observed.options.roll or abs(place.roll) < MIN_ROTATION_DEG:
        return observed.geometry
    pivot = (place.column, place.row)
    return replace(observed.geometry, turned=place.turned, roll=place.roll, pivot=pivot)


def _resampled(
    observed: ObservedFrame, filled: blocks.Blocks, geometry: Geometry
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """Image, flags and variance on the grid of the product, not yet turned unless rotated."""
    shape = observed.frame.data.shape
    warp = distortion.product_map(geometry)
    restored = blocks.to_pixels(filled, shape) & observed.field
    refused = warp.propagate_flags(blocks.to_pixels(observed.lost, shape) & ~restored)
    mask = np.zeros(shape, dtype=np.uint8)
    set_flag(mask, warp.propagate_flags(restored), Flag.FILLED)
    set_flag(mask, _unsent(observed, geometry) | warp.outside, Flag.NEVER_SENT)
    _mask_field(mask, observed, geometry)
    set_flag(mask, warp.propagate_flags(observed.saturated), Flag.SATURATED)
    set_flag(mask, refused, Flag.REFUSED)
    data = warp.image(observed.brightness)
    hidden = Flag.NEVER_SENT | Flag.REFUSED | (Flag.OCCULTED if observed.options.mask else Flag(0))
    data[flagged(mask, hidden)] = np.nan
    data[warp.propagate_flags(~np.isfinite(observed.brightness))] = np.nan
    mask[np.isnan(data)] &= np.uint8(255 - Flag.FILLED)
    return data, mask, warp.variance(observed.variance)


def _unsent(observed: ObservedFrame, geometry: Geometry) -> NDArray[np.bool_]:
    """Pixels of the product that take part of what was not sent; most frames leave out the same blocks."""
    if observed.frame.subfield is not None or geometry.roll:
        return distortion.product_map(geometry).propagate_flags(observed.unsent)
    side = blocks.block_shape(observed.unsent.shape)
    return _unsent_blocks(geometry, np.packbits(observed.unsent[:: side[0], :: side[1]]).tobytes())


@lru_cache(maxsize=4)
def _unsent_blocks(geometry: Geometry, packed: bytes) -> NDArray[np.bool_]:
    flags = (
        np.unpackbits(np.frombuffer(packed, dtype=np.uint8))
        .astype(bool)
        .reshape(blocks.BLOCKS_PER_SIDE, blocks.BLOCKS_PER_SIDE)
    )
    return distortion.product_map(geometry).propagate_flags(blocks.to_pixels(flags, geometry.shape))


def _mask_field(mask: NDArray[np.uint8], observed: ObservedFrame, geometry: Geometry) -> None:
    """Flag, in place, what the field of view leaves out; the field lies on the corrected grid and turns with it."""
    optics = load_optics(observed.assets, observed.frame.detector, observed.frame.sums)
    hidden = ~field_of_view(optics, observed.geometry).corrected
    if geometry.roll:
        rotation = distortion.rotation_map(geometry)
        hidden = rotation.propagate_flags(hidden)
        set_flag(mask, rotation.outside, Flag.NEVER_SENT)
    set_flag(mask, hidden, Flag.OCCULTED)


def _provenance(observed: ObservedFrame, geometry: Geometry, error: float) -> headers.Provenance:
    frame, assets, taken = observed.frame, observed.assets, observed.exposure
    time, place = observed.clock, observed.pointing
    ramp = subtracts_stray_light(frame, observed.options)
    images = load_optics(assets, frame.detector, frame.sums).used(frame.day, ramp=ramp)
    tables = tuple(file for file in (taken.file, time.file, place.file) if file is not None)
    turned_by = 180.0 * place.turned + geometry.roll
    steps = _steps(observed, geometry, [file.name for file in images])
    return headers.Provenance(
        assets.kind,
        observed.unit,
        taken.factor,
        taken.bias,
        observed.scale,
        time,
        place,
        turned_by,
        0.0 if geometry.roll else place.roll,
        error,
        (*images, *tables),
        observed.options.departures,
        steps,
    )


def _steps(observed: ObservedFrame, geometry: Geometry, images: list[str]) -> tuple[str, ...]:
    """HISTORY of the calibration: every step with the file that it used."""
    frame, options, time, place = observed.frame, observed.options, observed.clock, observed.pointing
    factor, bias, source, _ = observed.exposure
    late = observed.assets.kind == "NOMINAL" and frame.day < INTERRUPTION_MJD and frame.detector == "C3"
    grid = "c3_warp on SolarSoft's 32 px grid" if options.solarsoft else "c3_warp formula, exact map"
    lines = [
        f"{frame.sums.pixels} pixels summed, unwrapped" if frame.sums.pixels > 1 else "",
        f"Subfield placed into the full frame: {tuple(frame.subfield)}" if frame.subfield else "",
        f"Bias {bias:.3f} DN and exposure factor {factor:.6f} from {source}",
        f"calfactor {observed.scale:.6g} MSB/(DN/s) (corkit {frame.detector.lower()}_calfactor)" * options.calfactor,
        f"Vignetting, stray light and mask ({observed.assets.kind.lower()}): {', '.join(images)}",
        "The nominal vignetting is of 2002, this frame of before the interruption of 1998" * late,
        f"Optical distortion removed ({grid}, bilinear)" * options.warp,
        f"Clock offset {time.offset:.3f} s subtracted ({time.file.name})" if time.file else "No table of clock offsets",
        f"Pointing: {place.source}",
        "Image turned by 180 degrees (SOHO rolled)" * place.turned,
        f"Image turned by {geometry.roll:.4f} degrees about the sun centre" if geometry.roll else "",
        f"Departures from all steps: {' '.join(options.departures)}" if options.departures else "",
    ]
    return tuple(line for line in lines if line)
