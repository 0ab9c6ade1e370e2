"""From a Level 0.5 frame to its Level 1 product, all steps in their order (SolarSoft ``reduce_level_1.pro`` 1.68).

`expose` calibrates on the detector grid, where lost blocks can be filled; `finish` takes the distortion and the roll
out, masks, and writes the header; `calibrate` does both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco import accuracy, blocks, clock, distortion, noise, photometry
from corinpaint.lasco import frame as frames
from corinpaint.lasco import header as headers
from corinpaint.lasco.assets import INTERRUPTION_MJD, Assets, field_of_view, load_assets
from corinpaint.lasco.calibration import calfactor
from corinpaint.lasco.distortion import Geometry
from corinpaint.lasco.exposure import Exposure, exposure
from corinpaint.lasco.frame import Frame
from corinpaint.lasco.level1 import (
    FILLED,
    MSB_UNIT,
    NEVER_SENT,
    OCCULTED,
    RATE_UNIT,
    REFUSED,
    SATURATED,
    Level1,
    level1_number,
)
from corinpaint.lasco.options import Options
from corinpaint.lasco.pointing import Pointing, pointing

DEFAULT = Options()

SMALLEST_ROLL = 1.0
"""Degrees from which SolarSoft turns the image about the sun centre."""

NONE = np.zeros((blocks.GRID, blocks.GRID), dtype=bool)


@dataclass(frozen=True, eq=False)
class Exposed:
    """A calibrated frame on the detector grid.

    Attributes
    ----------
    frame : Frame
    assets : Assets
    options : Options
    exposure : Exposure
    scale : float
        Calibration factor, MSB / (DN / s); 1 without it.
    brightness : ndarray of float32, shape of the frame
        MSB (DN/s without calibration factor); meaningless where nothing was sent.
    variance : ndarray of float32, shape of the frame
        Of the brightness, from photons, read-out and compression.
    seen : ndarray of bool, shape of the frame
        Field of view.
    unsent : ndarray of bool, shape of the frame
        Never sent, or outside of the subfield.
    saturated : ndarray of bool, shape of the frame
    lost : ndarray of bool, shape (32, 32)
        Lost blocks.
    """

    frame: Frame
    assets: Assets
    options: Options
    exposure: Exposure
    scale: float
    brightness: NDArray[np.float32]
    variance: NDArray[np.float32]
    seen: NDArray[np.bool_]
    unsent: NDArray[np.bool_]
    saturated: NDArray[np.bool_]
    lost: blocks.Blocks

    @property
    def geometry(self) -> Geometry:
        """From this grid to the corrected one, without roll."""
        return _geometry(self.frame, self.options)

    @property
    def unit(self) -> str:
        """Unit of the brightness, as FITS writes it."""
        return MSB_UNIT if self.options.calfactor else RATE_UNIT


def expose(frame: Frame, assets: Assets, options: Options = DEFAULT) -> Exposed:
    """Calibrate a frame on the detector grid: bias, exposure, vignetting, calibration factor, stray light.

    Parameters
    ----------
    frame : Frame
    assets : Assets
    options : Options

    Returns
    -------
    Exposed

    Raises
    ------
    UnsupportedFrameError
        When it is no exposure of the corona, or filter and polariser have no calibration factor.
    CalibrationError
        When a calibration file is missing or damaged.
    """
    photometry.check_supported(frame)
    taken, optics = exposure(frame, assets), assets.optics(frame.detector, frame.sums)
    scale = calfactor(frame) if options.calfactor else 1.0
    vignetting = optics.vignetting(frame.mjd) if options.vignetting else np.float32(1)
    ramp = optics.ramp if _with_ramp(frame, options) else np.float32(0)
    rate = photometry.rate(frame.data, taken.bias, frame.exptime, taken.factor)
    gain = np.square(vignetting * np.float32(scale / (frame.exptime * taken.factor)), dtype=np.float64)
    return Exposed(
        frame,
        assets,
        options,
        taken,
        scale,
        photometry.brightness(rate, vignetting, scale, ramp),
        (gain * noise.variance(frame, taken.bias)).astype(np.float32),
        field_of_view(optics, _geometry(frame, options)).seen,
        frames.unsent(frame),
        photometry.saturated(frame),
        frames.lost(frame),
    )


def _with_ramp(frame: Frame, options: Options) -> bool:
    """Whether stray light is subtracted: that of C3 Clear is known, and polarisation products hold none."""
    wanted = options.ramp and options.calfactor
    return wanted and frame.detector == "C3" and frame.filter == "CLEAR" and not frame.polarised_product


def _geometry(frame: Frame, options: Options) -> Geometry:
    centre = distortion.occulter_centre(frame.date, frame.detector)
    shape = (frame.data.shape[0], frame.data.shape[1])
    return Geometry(frame.detector, centre, shape, options.warp, options.solarsoft)


def calibrate(frame: Frame, assets: Assets | None = None, options: Options = DEFAULT) -> Level1:
    """Calibrate a frame to Level 1; lost blocks stay NaN and are flagged.

    Parameters
    ----------
    frame : Frame
        Level 0.5, DN; see `corinpaint.lasco.frame.read_frame`.
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
    if frame.turned and not geometry.roll:
        data, mask, variance = data[::-1, ::-1].copy(), mask[::-1, ::-1].copy(), variance[::-1, ::-1].copy()
    relative = accuracy.relative(frame, assets, exposed.exposure, place)
    uncertainty = np.sqrt(variance + np.square(relative * data))
    uncertainty[np.isnan(data)] = np.inf
    made = _made(exposed, time, place, geometry, float(np.median(relative)))
    header = headers.header(frame, made, exposed.lost, filled)
    headers.add_statistics(header, data, mask)
    for card in cards:
        headers.add_long(header, *card)
    for line in headers.history(frame, (*made.steps, *history)):
        header.add_history(line)
    return Level1(data, mask, uncertainty, header, f"{level1_number(frame.number)}.fits")


def _rolled(exposed: Exposed, place: Pointing) -> Geometry:
    if not exposed.options.roll or abs(place.roll) < SMALLEST_ROLL:
        return exposed.geometry
    pivot = (place.column, place.row)
    return replace(exposed.geometry, turned=exposed.frame.turned, roll=place.roll, pivot=pivot)


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
    mask[warp.touched(exposed.unsent) | warp.outside] |= NEVER_SENT
    _mask_field(mask, exposed, geometry)
    mask[warp.touched(exposed.saturated)] |= SATURATED
    mask[refused] |= REFUSED
    data = warp.image(exposed.brightness)
    hidden = NEVER_SENT | REFUSED | (OCCULTED if exposed.options.mask else 0)
    data[(mask & hidden) > 0] = np.nan
    data[warp.touched(~np.isfinite(exposed.brightness))] = np.nan
    mask[np.isnan(data)] &= np.uint8(255 - FILLED)
    return data, mask, warp.variance(exposed.variance)


def _mask_field(mask: NDArray[np.uint8], exposed: Exposed, geometry: Geometry) -> None:
    """Flag, in place, what the field of view leaves out; the field lies on the corrected grid and turns with it."""
    optics = exposed.assets.optics(exposed.frame.detector, exposed.frame.sums)
    hidden = ~field_of_view(optics, exposed.geometry).kept
    if geometry.roll:
        rotation = distortion.rotation_map(geometry)
        hidden = rotation.touched(hidden)
        mask[rotation.outside] |= NEVER_SENT
    mask[hidden] |= OCCULTED


def _made(exposed: Exposed, time: clock.Clock, place: Pointing, geometry: Geometry, error: float) -> headers.Made:
    frame, assets, taken = exposed.frame, exposed.assets, exposed.exposure
    ramp = _with_ramp(frame, exposed.options)
    images = assets.optics(frame.detector, frame.sums).used(frame.mjd, ramp=ramp)
    tables = tuple(file for file in (taken.file, time.file, place.file) if file is not None)
    turned_by = 180.0 * frame.turned + geometry.roll
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
    late = exposed.assets.kind == "NOMINAL" and frame.mjd < INTERRUPTION_MJD and frame.detector == "C3"
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
        "Image turned by 180 degrees (SOHO rolled)" * frame.turned,
        f"Image turned by {geometry.roll:.4f} degrees about the sun centre" if geometry.roll else "",
        f"Departures from all steps: {' '.join(options.departures)}" if options.departures else "",
    ]
    return tuple(line for line in lines if line)
