"""Derivation of the nominal vignetting and field of view of C2 from an official Level 1 file and Level 0.5 frames.

The official file and the frames show different days, so that the transmission comes from what the days share:

* its level at each radius from frames of a minimum of activity like that of the official file: counts of the frames
  over the official brightness at the same place, in the median over the angle;
* its dependence on the angle (the pylon, the centre of the vignetting, the field stop) from frames of many days with
  SOHO upright and upside down: what stays on the detector when the sky is rotated by 180 degrees.

docs/explanation/nominal_c2.md describes the result and what it was verified with.

Run ``python -m corinpaint.lasco.nominal.derivation.c2 OFFICIAL --minimum FRAME ... --structure FRAME ...`` to derive
the set again.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco import nominal
from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.files import package_data, write_bytes
from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.geometry.observer import soho_observer
from corinpaint.lasco.geometry.pointing import CAMERA_ROLL, PLATE_SCALE
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.nominal import c2
from corinpaint.lasco.nominal.derivation.official_c2 import Official, read_official
from corinpaint.lasco.photometry.corkit import calfactor
from corinpaint.lasco.photometry.exposure import determine_exposure
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet

Array = c2.Array
Flags = NDArray[np.bool_]

SUN_CENTRE = (510.1, 507.2)
"""Sun centre (column, row) on the detector, px from 0. The star fits in the headers of official files give (510.21,
506.91) in February 2009 and (509.97, 507.46) in December 2010; Level 0.5 headers of C2 contain the centre of the
occulter or a rounded estimate."""

SATURATION = 14300.0
"""Counts (DN per read-out) above which a pixel may be saturated; such pixels count as bright in the medians."""

AWAY_FROM_PYLON_DEG = 37.5
"""Minimum distance of the cells that give the level from the shadow of the pylon, on the detector of the frames and on
that of the official file, degrees."""

MIN_CELL = 0.5
"""Minimum share of a cell that is on the detector and has values; the outermost rows are too bright."""

PYLON_ZONE_DEG = 41.0
"""Half width, in degrees, of the zone about `c2.PYLON_ANGLE` where the shadow of the pylon is looked for; outside of it
the scatter about the harmonics is 1 %."""

INNER_RADIUS = 502.0
"""Radius (px) up to which rings are whole on the detector; beyond it only the corners of the frame see the corona, and
the field stop removes light."""

MATCHING_RADII = (470.0, 502.0)
"""Radii (px) at which the corners are matched to the rings inside."""

HARMONICS = (1, 2, 3, 4)
"""Harmonics of the angle that are fitted outside of the shadow of the pylon. The first is given to the transmission,
since its centre is not that of the occulter; the others to the corona."""

MIN_FIELD_RADIUS = 174.0
"""Minimum radius of the field of view, px: 2.15 to 2.25 solar radii by the distance of SOHO. The transmission is 0.03
there and the light that the occulter diffracts is brighter than the corona, as in official products."""

FIELD_EDGE = (499.5, 514.2, 640.0)
"""Column, row and radius (px) of the edge of the field, beyond which the light falls to zero within 60 px; it is the
same in all years."""


class NominalC2(NamedTuple):
    """A fitted set.

    Attributes
    ----------
    transmission : ndarray of float64, shape (rings, sectors)
        Transmission at `c2.RINGS` and `c2.SECTORS`, on the scale of the official file.
    level : ndarray of float64, shape (rings,)
        The level of the rings from which it was made: outside of the shadow of the pylon, in the mean over the angle.
    official : str
        File number of the official file.
    minimum, structure : str
        File numbers of the frames.
    """

    transmission: Array
    level: Array
    official: str
    minimum: str
    structure: str


def sky_coordinates(frame: Frame) -> tuple[Array, Array]:
    """Distance from the sun (solar radii) and angle from solar west (degrees) of each pixel, without distortion."""
    centre = distortion.C2_OCCULTER_CENTRE
    radius, angle = (values.astype(np.float64) for values in c2.polar_coordinates(centre, frame.data.shape[0]))
    inner = radius
    for _ in range(10):  # converges, since |d radial_shift / d r| < 0.1 inside the frame
        inner = radius - distortion.radial_shift(inner, "C2")
    x = centre[0] + inner * np.cos(np.radians(angle)) - SUN_CENTRE[0]
    y = centre[1] + inner * np.sin(np.radians(angle)) - SUN_CENTRE[1]
    estimated = "offset" in frame.header.comments["CRPIX1"].lower()  # then CROTA1 contains the roll of the camera
    roll = float(frame.header["CROTA1"]) + (0.0 if estimated else CAMERA_ROLL["C2"])
    scale = PLATE_SCALE["C2"] / soho_observer(frame.date).radius
    return np.hypot(x, y) * scale, (np.degrees(np.arctan2(y, x)) + roll) % 360


def uncorrected_brightness(frame: Frame) -> Array:
    """``(DN - bias) / EXPTIME * calfactor`` in MSB; NaN in pixels without counts, infinite where they may saturate."""
    counts = frame.data.astype(np.float64)
    bias = determine_exposure(frame, CalibrationSet("NOMINAL", None)).bias
    rate = (counts - bias) / frame.exptime * calfactor(frame)
    sent = ndimage.binary_erosion(counts > 0, iterations=3, border_value=1)
    return np.where(counts >= SATURATION * frame.sums.reads, np.inf, np.where(sent, rate, np.nan))


def cell_medians(values: Array) -> Array:
    """Median in each cell of rings and sectors; NaN where half of the cell has no values or a third saturates."""
    radius, angle = c2.polar_coordinates(distortion.C2_OCCULTER_CENTRE, len(values))
    ring = np.floor((radius - c2.RINGS[0]) / c2.RING_WIDTH + 0.5).astype(np.int64)
    cell = ring * c2.SECTORS.size + np.minimum(angle // c2.SECTOR_WIDTH, c2.SECTORS.size - 1).astype(np.int64)
    known = ~np.isnan(values) & (ring >= 0) & (ring < c2.RINGS.size)
    cells, bright = c2.RINGS.size * c2.SECTORS.size, np.isinf(values)
    count = np.bincount(cell[known], minlength=cells)
    saturated = np.bincount(cell[known & bright], minlength=cells) > count / 3
    table = np.full(cells, np.nan)
    whole = (
        c2.RING_WIDTH * np.radians(c2.SECTOR_WIDTH) * np.repeat(c2.RINGS, c2.SECTORS.size) * (len(values) / 1024) ** 2
    )
    used = np.flatnonzero((count > MIN_CELL * whole) & ~saturated)
    table[used] = ndimage.median(np.where(bright, 1e30, values)[known], cell[known], used)
    return table.reshape(c2.RINGS.size, c2.SECTORS.size)


def over_official(frame: Frame, official: Official) -> Array:
    """Uncorrected brightness over that of the official file at the same place, per cell."""
    return cell_medians(uncorrected_brightness(frame) / official.brightness(*sky_coordinates(frame)))


def fixed_on_detector(frames: Sequence[Frame], official: Official) -> Array:
    """Logarithm of the brightness over the official radial profile, per cell, in the mean of both orientations.

    What the sky adds and what changes sign under a rotation by 180 degrees cancels between the mean of the frames with
    SOHO upright and that of the frames with SOHO upside down.

    Raises
    ------
    CalibrationError
        When one orientation is missing.
    """
    knots, profile = official.radial_profile()
    beyond = (profile[-1] - profile[-10]) / (knots[-1] - knots[-10])
    tables: dict[bool, list[Array]] = {False: [], True: []}
    for frame in frames:
        radius = np.log(sky_coordinates(frame)[0])
        expected = np.interp(radius, knots, profile) + beyond * np.maximum(radius - knots[-1], 0)
        table = cell_medians(uncorrected_brightness(frame) / np.exp(expected))
        tables[frame.upside_down].append(np.log(np.where(table > 0, table, np.nan)))
    if not all(tables.values()):
        raise CalibrationError("all frames have the same orientation", "give frames with SOHO upright and upside down")
    return np.asarray(np.mean([_mean(np.array(found)) for found in tables.values()], axis=0))


def _mean(tables: Array) -> Array:
    """Mean over the first axis without NaN; NaN where there is no value."""
    known = np.isfinite(tables)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, tables, 0).sum(axis=0) / np.maximum(count, 1), np.nan)


def fit(official: Official, minimum: Sequence[Frame], structure: Sequence[Frame]) -> NominalC2:
    """Fit the set.

    Parameters
    ----------
    official : Official
    minimum : sequence of Frame
        Frames of a minimum of activity like that of the official file.
    structure : sequence of Frame
        Frames of many days with SOHO upright and upside down.

    Returns
    -------
    NominalC2
    """
    fixed = fixed_on_detector(structure, official)
    offset, corona, pylon = separate(fixed)
    tables = [over_official(frame, official) / np.exp(offset) for frame in minimum]
    level = _level(np.array(tables), [sky_coordinates(frame)[1] for frame in minimum])
    transmission = level[:, None] * np.exp(offset) * pylon
    match = np.greater(c2.RINGS, MATCHING_RADII[0]) & np.less(c2.RINGS, MATCHING_RADII[1])
    even = corona[match].mean(axis=0)
    outer = fixed - even
    outer += np.mean(np.log(level[match]) - outer[match][:, _beside_pylon()].mean(axis=1))
    corners = c2.RINGS > INNER_RADIUS
    transmission[corners] = np.exp(_extended(outer)[corners])
    numbers = (" ".join(frame.number for frame in frames) for frames in (minimum, structure))
    return NominalC2(np.clip(transmission, c2.MIN_TRANSMISSION, 1.0), level, official.number, *numbers)


def _beside_pylon(half_width: float = PYLON_ZONE_DEG) -> Flags:
    """Sectors outside of the shadow of the pylon."""
    return np.asarray(np.abs(c2.SECTORS - c2.PYLON_ANGLE) > half_width)


def separate(fixed: Array) -> tuple[Array, Array, Array]:
    """Separate what is fixed on the detector into offset of the centre, corona, and shadow of the pylon.

    Returns
    -------
    offset : ndarray of float64, shape (rings, sectors)
        First harmonic, logarithm: the vignetting has another centre than the occulter.
    corona : ndarray of float64, shape (rings, sectors)
        Even harmonics, logarithm: the corona, which is brighter at the equator.
    pylon : ndarray of float64, shape (rings, sectors)
        Transmission of the shadow of the pylon, 1 outside of it. Offset and pylon are smoothed along the radius.
    """
    angles, beside = np.radians(c2.SECTORS), _beside_pylon()
    terms = np.array([np.ones_like(angles)] + [f(m * angles) for m in HARMONICS for f in (np.cos, np.sin)]).T
    offset, corona, pylon = np.zeros_like(fixed), np.zeros_like(fixed), np.zeros_like(fixed)
    whole = (c2.RINGS < INNER_RADIUS) & np.isfinite(fixed).all(axis=1)
    for ring in np.flatnonzero(whole):
        found = np.linalg.lstsq(terms[beside], fixed[ring][beside], rcond=None)[0]
        offset[ring] = terms[:, 1:3] @ found[1:3]
        corona[ring] = terms[:, [3, 4, 7, 8]] @ found[[3, 4, 7, 8]]
        pylon[ring] = np.where(beside, 0.0, fixed[ring] - terms @ found)
    nearest = ndimage.distance_transform_edt(~whole, return_distances=False, return_indices=True)[0]
    offset, pylon = (ndimage.gaussian_filter1d(part[nearest], 2.0, axis=0, mode="nearest") for part in (offset, pylon))
    return offset, corona, np.exp(np.minimum(pylon, 0.0))


def _level(tables: Array, sky: Sequence[Array]) -> Array:
    """Level of each ring: median over the cells beside both shadows of the pylon, then over the frames.

    The medians of the frames count where at least half of these cells have a value; rings without any take the value of
    the nearest ring inside.
    """
    levels = []
    for table, angles in zip(tables, sky, strict=True):
        parts = [cell_medians(function(np.radians(angles))) for function in (np.sin, np.cos)]
        west = np.degrees(np.arctan2(*parts)) % 360
        used = _beside_pylon(AWAY_FROM_PYLON_DEG) & (np.abs(west - c2.PYLON_ANGLE) > AWAY_FROM_PYLON_DEG)
        known = np.isfinite(table) & used
        enough = known.sum(axis=1) > 0.5 * np.maximum(used.sum(axis=1), 1)
        levels.append([_median(row[k]) if ok else np.nan for row, k, ok in zip(table, known, enough, strict=True)])
    found = np.array([_median(ring) for ring in np.array(levels).T])
    return np.asarray(np.interp(c2.RINGS, c2.RINGS[np.isfinite(found)], found[np.isfinite(found)]))


def _median(values: Array) -> float:
    """Median of the finite values; NaN without any."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")


def _extended(table: Array) -> Array:
    """The table with the value of the nearest known cell in unknown ones; the sectors are periodic."""
    three = np.concatenate((table, table, table), axis=1)
    nearest = ndimage.distance_transform_edt(np.isnan(three), return_distances=False, return_indices=True)
    size = table.shape[1]
    return np.asarray(three[tuple(nearest)][:, size : 2 * size])


def field_of_view() -> Flags:
    """Field of view on the corrected grid: between rim and edge."""
    visible = c2.polar_coordinates(distortion.C2_OCCULTER_CENTRE)[0] > MIN_FIELD_RADIUS
    visible &= c2.polar_coordinates(FIELD_EDGE[:2])[0] < FIELD_EDGE[2]
    return np.asarray(~distortion.undistort_map(distortion.C2_OCCULTER_CENTRE, "C2").propagate_flags(~visible))


def write(fitted: NominalC2, directory: Path) -> list[Path]:
    """Write the set, transmission and mask, as FITS files; returns their paths."""
    table = fits.PrimaryHDU(np.round(fitted.transmission / c2.UNIT).astype(np.int16))
    table.header["OFFICIAL"] = (fitted.official, "official Level 1 file it was fitted to")
    for name, frames in (("minimum", fitted.minimum), ("structure", fitted.structure)):
        table.header.add_history(f"{name}: {frames}")
    mask = fits.HDUList(
        [
            fits.PrimaryHDU(),
            fits.CompImageHDU(field_of_view().astype(np.uint8), compression_type="GZIP_1", tile_shape=(1024, 1024)),
        ]
    )
    paths = []
    for name, content in zip(c2.FILES, (table, mask), strict=True):
        buffer = io.BytesIO()
        content.writeto(buffer)
        paths.append(write_bytes(directory / name, buffer.getvalue(), overwrite=True))
    return paths


def _main() -> None:
    parser = argparse.ArgumentParser(description="Fit the nominal C2 calibration set to an official file and frames.")
    parser.add_argument("official", type=Path, help="official Level 1 file of C2, averaged over squares of pixels")
    parser.add_argument("--minimum", type=Path, nargs="+", required=True, help="frames of a minimum of activity")
    parser.add_argument("--structure", type=Path, nargs="+", required=True, help="frames of many days")
    parser.add_argument("-o", "--output", type=Path, default=package_data(nominal.__name__))
    given = parser.parse_args()
    minimum, structure = ([read_frame(path) for path in paths] for paths in (given.minimum, given.structure))
    write(fit(read_official(given.official), minimum, structure), given.output)


if __name__ == "__main__":
    _main()
