"""From a Level 0.5 frame to its Level 1 product, all steps in their order (SolarSoft ``reduce_level_1.pro`` 1.68).

`expose` calibrates on the detector grid, where lost blocks can be filled; `finish` takes the distortion and the roll
out, masks, and writes the header; `calibrate` does both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.file_numbers import level1_number
from corinpaint.lasco.geometry import clock, distortion
from corinpaint.lasco.geometry.distortion import Geometry
from corinpaint.lasco.geometry.pointing import Pointing, pointing
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.level1 import header as headers
from corinpaint.lasco.level1 import systematics
from corinpaint.lasco.level1.product import FILLED, NEVER_SENT, OCCULTED, REFUSED, SATURATED, Level1
from corinpaint.lasco.options import DEFAULT, Options
from corinpaint.lasco.photometry.detector import Exposed, expose, with_ramp
from corinpaint.lasco.photometry.optics import INTERRUPTION_MJD, field_of_view, load_assets, load_optics
from corinpaint.lasco.reference_files.calibration_set import Assets

SMALLEST_ROLL = 1.0
"""Degrees from which SolarSoft turns the image about the sun centre."""

NONE = np.zeros((blocks.GRID, blocks.GRID), dtype=bool)


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
        See `expose`.
    """
    return finish(expose(frame, assets or load_assets(), options))


def finish(
    exposed: Exposed,
    filled: blocks.Blocks = NONE,
    history: Sequence[str] = (),
    cards: Sequence[tuple[str, str, str]] = (),
) -> Level1:
    """Make the product: take distortion and roll out of image, flags and variance, mask, turn, write the header.

    Parameters
    ----------
    exposed : Exposed
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
    frame, assets = exposed.frame, exposed.assets
    time = clock.corrected(frame.date, assets)
    place = pointing(frame, assets, time.date)
    geometry = _rolled(exposed, place)
    data, mask, variance = _resampled(exposed, filled, geometry)
    if place.turned and not geometry.roll:
        data, mask, variance = data[::-1, ::-1].copy(), mask[::-1, ::-1].copy(), variance[::-1, ::-1].copy()
    relative = systematics.relative(frame, assets, exposed.exposure, place)
    uncertainty = np.sqrt(variance + np.square(relative * data))
    noise = np.sqrt(variance)
    uncertainty[np.isnan(data)] = noise[np.isnan(data)] = np.inf
    made = _made(exposed, time, place, geometry, float(np.median(relative)))
    header = describe(exposed, made, filled, history, cards)
    headers.add_statistics(header, data, mask)
    return Level1(data, mask, uncertainty, noise, header, f"{level1_number(frame.number)}.fits")


def describe(
    exposed: Exposed,
    made: headers.Made,
    filled: blocks.Blocks = NONE,
    history: Sequence[str] = (),
    cards: Sequence[tuple[str, str, str]] = (),
) -> fits.Header:
    """Header of a product with its HISTORY, without statistics; see `finish`."""
    header = headers.header(exposed.frame, made, exposed.lost, filled)
    for card in cards:
        headers.add_long(header, *card)
    headers.add_history(header, headers.history(exposed.frame, (*made.steps, *history)))
    return header


def origin(exposed: Exposed) -> headers.Made:
    """What makes the product of a frame: pointing, clock, files, steps."""
    time = clock.corrected(exposed.frame.date, exposed.assets)
    place = pointing(exposed.frame, exposed.assets, time.date)
    relative = systematics.relative(exposed.frame, exposed.assets, exposed.exposure, place)
    return _made(exposed, time, place, _rolled(exposed, place), float(np.median(relative)))


def _rolled(exposed: Exposed, place: Pointing) -> Geometry:
    if not exposed.options.roll or abs(place.roll) < SMALLEST_ROLL:
        return exposed.geometry
    pivot = (place.column, place.row)
    return replace(exposed.geometry, turned=place.turned, roll=place.roll, pivot=pivot)


def _resampled(
    exposed: Exposed, filled: blocks.Blocks, geometry: Geometry
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """Image, flags and variance on the grid of the product, not yet turned unless rotated."""
    shape = exposed.frame.data.shape
    warp = distortion.product_map(geometry)
    restored = blocks.expand(filled, shape) & exposed.seen
    refused = warp.touched(blocks.expand(exposed.lost, shape) & ~restored)
    mask = np.zeros(shape, dtype=np.uint8)
    mask[warp.touched(restored)] |= FILLED
    mask[_unsent(exposed, geometry) | warp.outside] |= NEVER_SENT
    _mask_field(mask, exposed, geometry)
    mask[warp.touched(exposed.saturated)] |= SATURATED
    mask[refused] |= REFUSED
    data = warp.image(exposed.brightness)
    hidden = NEVER_SENT | REFUSED | (OCCULTED if exposed.options.mask else 0)
    data[(mask & hidden) > 0] = np.nan
    data[warp.touched(~np.isfinite(exposed.brightness))] = np.nan
    mask[np.isnan(data)] &= np.uint8(255 - FILLED)
    return data, mask, warp.variance(exposed.variance)


def _unsent(exposed: Exposed, geometry: Geometry) -> NDArray[np.bool_]:
    """Pixels of the product that take part of what was not sent; most frames leave out the same blocks."""
    if exposed.frame.window is not None or geometry.roll:
        return distortion.product_map(geometry).touched(exposed.unsent)
    side = blocks.sides(exposed.unsent.shape)
    return _unsent_blocks(geometry, np.packbits(exposed.unsent[:: side[0], :: side[1]]).tobytes())


@lru_cache(maxsize=4)
def _unsent_blocks(geometry: Geometry, packed: bytes) -> NDArray[np.bool_]:
    flags = np.unpackbits(np.frombuffer(packed, dtype=np.uint8)).astype(bool).reshape(blocks.GRID, blocks.GRID)
    return distortion.product_map(geometry).touched(blocks.expand(flags, geometry.shape))


def _mask_field(mask: NDArray[np.uint8], exposed: Exposed, geometry: Geometry) -> None:
    """Flag, in place, what the field of view leaves out; the field lies on the corrected grid and turns with it."""
    optics = load_optics(exposed.assets, exposed.frame.detector, exposed.frame.sums)
    hidden = ~field_of_view(optics, exposed.geometry).kept
    if geometry.roll:
        rotation = distortion.rotation_map(geometry)
        hidden = rotation.touched(hidden)
        mask[rotation.outside] |= NEVER_SENT
    mask[hidden] |= OCCULTED


def _made(exposed: Exposed, time: clock.Clock, place: Pointing, geometry: Geometry, error: float) -> headers.Made:
    frame, assets, taken = exposed.frame, exposed.assets, exposed.exposure
    ramp = with_ramp(frame, exposed.options)
    images = load_optics(assets, frame.detector, frame.sums).used(frame.day, ramp=ramp)
    tables = tuple(file for file in (taken.file, time.file, place.file) if file is not None)
    turned_by = 180.0 * place.turned + geometry.roll
    steps = _steps(exposed, time, place, geometry, [file.name for file in images])
    return headers.Made(
        assets.kind,
        exposed.unit,
        taken.factor,
        taken.bias,
        exposed.scale,
        time,
        place,
        turned_by,
        0.0 if geometry.roll else place.roll,
        error,
        (*images, *tables),
        exposed.options.departures,
        steps,
    )


def _steps(
    exposed: Exposed, time: clock.Clock, place: Pointing, geometry: Geometry, images: list[str]
) -> tuple[str, ...]:
    """HISTORY of the calibration: every step with the file that it used."""
    frame, options = exposed.frame, exposed.options
    factor, bias, source, _ = exposed.exposure
    late = exposed.assets.kind == "NOMINAL" and frame.day < INTERRUPTION_MJD and frame.detector == "C3"
    grid = "c3_warp on SolarSoft's 32 px grid" if options.solarsoft else "c3_warp formula, exact map"
    lines = [
        f"{frame.sums.pixels} pixels summed, unwrapped" if frame.sums.pixels > 1 else "",
        f"Subfield placed into the full frame: {tuple(frame.window)}" if frame.window else "",
        f"Bias {bias:.3f} DN and exposure factor {factor:.6f} from {source}",
        f"calfactor {exposed.scale:.6g} MSB/(DN/s) (corkit {frame.detector.lower()}_calfactor)" * options.calfactor,
        f"Vignetting, stray light and mask ({exposed.assets.kind.lower()}): {', '.join(images)}",
        "The nominal vignetting is of 2002, this frame of before the interruption of 1998" * late,
        f"Optical distortion removed ({grid}, bilinear)" * options.warp,
        f"Clock offset {time.offset:.3f} s subtracted ({time.file.name})" if time.file else "No table of clock offsets",
        f"Pointing: {place.source}",
        "Image turned by 180 degrees (SOHO rolled)" * place.turned,
        f"Image turned by {geometry.roll:.4f} degrees about the sun centre" if geometry.roll else "",
        f"Departures from all steps: {' '.join(options.departures)}" if options.departures else "",
    ]
    return tuple(line for line in lines if line)
