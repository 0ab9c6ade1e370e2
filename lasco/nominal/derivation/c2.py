"""Derivation of the nominal vignetting and field of view of C2 from frames.

No official C2 Level 1 frame was available. The transmission is fitted as a function of radius to two data sets:

* outside of 5 solar radii, a C3 frame of the same days, which the nominal C3 set calibrates to brightness;
* inside, three C2 frames with the polariser at +60, 0 and -60 degrees. Vignetting does not change the degree of
  polarisation p. With p_K from Thomson scattering and F the published F corona, the brightness is
  ``F p_K / (p_K - p)``; its level is adjusted to that of C3 further out.

The transmission is the fraction of the aperture, a disc, that the occulter's shadow, another disc, leaves free;
docs/explanation/nominal_c2.md gives the numbers.

Run ``python -m corinpaint.lasco.nominal.derivation.c2 C3 C2 POLARISED POLARISED POLARISED`` to derive the set again.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from scipy import ndimage, optimize

from corinpaint.lasco import nominal
from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.files import package_data, write_bytes
from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.geometry.observer import soho_observer
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.nominal import c2, c3
from corinpaint.lasco.photometry.corkit import calfactor
from corinpaint.lasco.photometry.photometry import SATURATION_DN

Array = c2.Array
Image = c2.Image

F_CORONA = ((2.0, 2.5, 3.0, 4.0, 5.0, 10.0), (1.91, 1.66, 1.48, 1.23, 1.00, 0.31), (1.82, 1.56, 1.33, 1.03, 0.80, 0.06))
"""Distance (solar radii) and log10 of the F corona (1e-10 MSB) at the equator and at the poles (Koutchmy 2000, with the
slopes of Koutchmy and Lamy 1985, IAU Colloquium 85, 63). Only the slope is used; C3 gives the level."""

K_POLARISATION = ((2.2, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0), (0.634, 0.643, 0.640, 0.631, 0.623, 0.613, 0.609, 0.608))
"""Distance (solar radii) and polarisation of the K corona: Thomson scattering (van de Hulst 1950, BAN 11, 135;
limb darkening 0.63), equatorial densities of Saito, Poland and Munro (1977, Solar Physics 55, 121)."""

RINGS, SECTORS = np.arange(160.0, 661.0, 10.0), np.arange(72) * 5 + 2.5
"""Radii (px) of the rings of a table, each 10 px wide, and middles (degrees) of their sectors, on the detector grid."""

FIT_RADII = (225.0, 415.0, 515.0)
"""Radii of the fit, px: C2 beyond the first and C3 beyond the second (5.0 solar radii) are free of light that their
occulters diffract; the field stop of C2 begins at the third (6.2 solar radii)."""

MIN_FIELD_RADIUS = 190.0
"""Minimum radius of the field of view, px, where diffracted light is 1/8 of the other light (at 180 px, 4/5)."""

FIELD_EDGE = (499.5, 514.2, 640.0)
"""Column, row and radius (px) of the edge of the field, beyond which the light falls to zero within 60 px; it is the
same in all years."""


class NominalC2(NamedTuple):
    """A fitted set.

    Attributes
    ----------
    transmission : ndarray of float64, shape of `RINGS`
        Transmission outside of the pylon's shadow.
    pylon : ndarray of float64, shape of `RINGS`
        Depth of the pylon's shadow.
    discs : tuple of float
        Radii of the occulter's shadow and of the aperture, px.
    scale : float
        Level of the F corona relative to the published one, from C3.
    source : str
        File numbers of the frames.
    """

    transmission: Array
    pylon: Array
    discs: tuple[float, float]
    scale: float
    source: str


def sky_coordinates(frame: Frame) -> tuple[Array, Array]:
    """Distance from the sun (solar radii) and angle from solar west (degrees) of each pixel, without distortion."""
    centre, side = distortion.occulter_centre(frame.date, frame.detector), frame.data.shape[0]
    radius, angle = (values.astype(np.float64) for values in c2.polar_coordinates(centre, side))
    inner = radius
    for _ in range(10):  # converges, since |d radial_shift / d r| < 0.1 inside the frame
        inner = radius - distortion.radial_shift(inner, frame.detector)
    sun = [(float(frame.header[key]) + 0.5) * (1024 / side) - 0.5 for key in ("CRPIX1", "CRPIX2")]
    x = centre[0] + inner * np.cos(np.radians(angle)) - sun[0]
    y = centre[1] + inner * np.sin(np.radians(angle)) - sun[1]
    scale = {"C2": 11.9, "C3": 56.0}[frame.detector] / soho_observer(frame.date).radius  # arcsec per px over arcsec
    return np.hypot(x, y) * scale, (np.degrees(np.arctan2(y, x)) + float(frame.header["CROTA1"])) % 360


def uncorrected_brightness(frame: Frame) -> Array:
    """``(DN - bias) / EXPTIME * calfactor`` in MSB; NaN in pixels without counts or near saturation."""
    reads, dn = frame.sums.reads, frame.data.astype(np.float64)
    rate = (dn - reads * float(frame.header["OFFSET"])) / frame.exptime * calfactor(frame)
    return np.where((dn > 0) & (dn < 0.8 * SATURATION_DN["C2"] * reads), rate, np.nan)


def _medians(values: Array, rows: Array, columns: Array, shape: tuple[int, int]) -> Array:
    """Median of the values in each cell of a table; NaN in cells with fewer than 5 values."""
    inside, cells = np.isfinite(values) & (rows >= 0) & (rows < shape[0]), shape[0] * shape[1]
    labels = rows[inside].astype(int) * shape[1] + columns[inside].astype(int)
    counts = np.bincount(labels, minlength=cells)
    table = np.full(cells, np.nan)
    if inside.any():
        table[counts >= 5] = ndimage.median(values[inside], labels, np.flatnonzero(counts >= 5))
    return table.reshape(shape)


def c3_brightness(frame: Frame, vignetting: Image, ramp: Image, field: NDArray[np.bool_]) -> Array:
    """Brightness from a C3 frame in bins of 0.1 solar radii (from 4 on) and 2 degrees; MSB, shape (60, 180)."""
    inside = distortion.undistort_map(distortion.occulter_centre(frame.date)).source_pixels(field)
    radius, angle = sky_coordinates(frame)
    brightness = np.where(inside, uncorrected_brightness(frame) * vignetting - ramp, np.nan)
    return _medians(brightness, np.floor((radius - 4.0) / 0.1), np.minimum(angle // 2, 179), (60, 180))


def transmission_from_c3(frame: Frame, sky: Array) -> Array:
    """Uncorrected C2 brightness over that of C3 at the same positions, per ring and sector; shape (51, 72)."""
    radius, angle = sky_coordinates(frame)
    row, column = (radius - 4.05) / 0.1, np.minimum(angle // 2, 179).astype(int)
    low = np.clip(np.floor(row).astype(int), 0, len(sky) - 2)
    brightness = sky[low, column] + (row - low) * (sky[low + 1, column] - sky[low, column])
    brightness[(row < 0) | (row > len(sky) - 1)] = np.nan
    return _per_ring(uncorrected_brightness(frame) / brightness)


def transmission_from_polarisation(frames: Sequence[Frame]) -> Array:
    """Uncorrected brightness of three polarised frames over ``F p_K / (p_K - p)``, per ring and sector; shape (51, 72).

    With the brightnesses J normalised to unpolarised light, ``I = mean(J)``, ``Q = (2 J0 - J+60 - J-60) / 3`` and
    ``U = (J+60 - J-60) / sqrt(3)``; p I is the brightness polarised along the tangent.
    """
    images = {frame.polar: uncorrected_brightness(frame) for frame in frames}
    if set(images) != {"+60DEG", "0DEG", "-60DEG"}:
        raise CalibrationError(f"POLAR = {', '.join(images)}", "give the three positions +60, 0 and -60 Deg")
    plus, zero, minus = images["+60DEG"], images["0DEG"], images["-60DEG"]
    total, q, u = (plus + zero + minus) / 3, (2 * zero - plus - minus) / 3, (plus - minus) / np.sqrt(3)
    detector = np.radians(c2.polar_coordinates(distortion.C2_OCCULTER_CENTRE, len(total))[1].astype(np.float64))
    polarised = u * np.sin(2 * detector) - q * np.cos(2 * detector)
    radius, angle = sky_coordinates(frames[0])
    p_k = np.interp(radius, *K_POLARISATION)
    return _per_ring((total - polarised / p_k) / f_corona(radius, angle))


def f_corona(radius: Array, angle: Array) -> Array:
    """Published F corona (MSB) at a distance (solar radii) and angle from solar west (degrees); see `F_CORONA`."""
    west = np.cos(np.radians(angle)) ** 2
    equator, pole = (np.interp(np.log(radius), np.log(F_CORONA[0]), values) for values in F_CORONA[1:])
    return np.asarray(10 ** (west * equator + (1 - west) * pole - 10))


def _per_ring(values: Array) -> Array:
    radius, angle = c2.polar_coordinates(distortion.C2_OCCULTER_CENTRE, len(values))
    inside = np.where(c2.polar_coordinates(FIELD_EDGE[:2], len(values))[0] < FIELD_EDGE[2], values, np.nan)
    rows = np.round((radius.astype(np.float64) - RINGS[0]) / 10)
    return _medians(inside, rows, np.minimum(angle // 5, 71).astype(np.float64), (len(RINGS), 72))


def unobscured_fraction(distance: Array, shadow: float, aperture: float) -> Array:
    """Fraction of the aperture that the occulter's shadow leaves free.

    Parameters
    ----------
    distance : ndarray of float64
        Distances of the centres of the two discs, px.
    shadow, aperture : float
        Radii of the discs, px.
    """
    d = np.clip(distance, abs(shadow - aperture) + 1e-9, shadow + aperture)
    first = np.arccos(np.clip((d**2 + aperture**2 - shadow**2) / (2 * d * aperture), -1, 1))
    second = np.arccos(np.clip((d**2 + shadow**2 - aperture**2) / (2 * d * shadow), -1, 1))
    covered = aperture**2 * (first - np.sin(2 * first) / 2) + shadow**2 * (second - np.sin(2 * second) / 2)
    return np.asarray(1 - covered / (np.pi * aperture**2))


def fit(sky: Array, frame: Frame, polarised: Sequence[Frame]) -> NominalC2:
    """Fit the set to `c3_brightness`, a C2 frame of the same days and three polarised frames of C2."""
    from_c3, from_polarised = transmission_from_c3(frame, sky), transmission_from_polarisation(polarised)
    outer, inner = median_beside_pylon(from_c3), median_beside_pylon(from_polarised)
    stop = np.greater(RINGS, FIT_RADII[2])
    both = np.greater(RINGS, FIT_RADII[1]) & ~stop & np.isfinite(outer)
    inside = np.greater(RINGS, FIT_RADII[0]) & ~stop & np.isfinite(inner)
    if min(both.sum(), inside.sum()) < 5:
        raise CalibrationError(f"{frame.name}: C2 and C3 overlap too little", "give frames of the same days")

    def residuals(free: Array) -> Array:
        law = unobscured_fraction(RINGS, free[0], free[1])
        return np.concatenate([(law / outer - 1)[both] / 0.02, (law * free[2] / inner - 1)[inside] / 0.03])

    shadow, aperture, scale = (float(v) for v in optimize.least_squares(residuals, (440.0, 320.0, 1.1)).x)
    beyond = np.interp(RINGS, RINGS[np.isfinite(outer)], outer[np.isfinite(outer)])
    beyond[stop] = np.minimum.accumulate(beyond[stop])
    depths = np.array([[_pylon_depth(row) for row in table] for table in (from_c3, from_polarised)])
    fitted = np.isfinite(depths).any(axis=0)
    pylon = np.interp(RINGS, RINGS[fitted], [np.nanmean(column) for column in depths.T[fitted]])
    pylon = ndimage.gaussian_filter1d(ndimage.median_filter(pylon, 9, mode="nearest"), 2.0, mode="nearest")
    transmission = np.where(stop, beyond, unobscured_fraction(RINGS, shadow, aperture))
    numbers = [f.number for f in (frame, *polarised)]
    return NominalC2(transmission, pylon, (shadow, aperture), scale, " ".join(numbers))


def median_beside_pylon(table: Array) -> Array:
    """Median of each ring of a table of transmissions outside of the pylon's shadow; NaN for fewer than 5 values."""
    rest = table[:, np.abs(SECTORS - c2.PYLON[0]) > c2.PYLON[3]]
    enough = np.isfinite(rest).sum(axis=1) >= 5
    return np.array([np.nanmedian(row) if ok else np.nan for row, ok in zip(rest, enough, strict=True)])


def _pylon_depth(row: Array) -> float:
    """Depth of the pylon's shadow in a ring, by least squares with a linear baseline; NaN with fewer than 15 values."""
    use = (np.abs(SECTORS - c2.PYLON[0]) < c2.PYLON[3]) & np.isfinite(row)
    if use.sum() < 15:
        return float("nan")
    design = np.stack([np.ones(use.sum()), (SECTORS - c2.PYLON[0])[use], -c2.pylon_shadow(SECTORS)[use]]).T
    level, _, drop = np.linalg.lstsq(design, row[use], rcond=None)[0]
    return float(np.clip(drop / level, 0.0, 0.9))


def field_of_view(pylon: Array) -> NDArray[np.bool_]:
    """Field of view on the corrected grid: between rim and edge, where at least half of the light passes the pylon."""
    radius, angle = c2.polar_coordinates(distortion.C2_OCCULTER_CENTRE)
    visible = (radius > MIN_FIELD_RADIUS) & (c2.polar_coordinates(FIELD_EDGE[:2])[0] < FIELD_EDGE[2])
    visible &= np.interp(radius, RINGS, pylon) * c2.pylon_shadow(angle) < 0.5
    return np.asarray(~distortion.undistort_map(distortion.C2_OCCULTER_CENTRE, "C2").propagate_flags(~visible))


def write(fitted: NominalC2, directory: Path) -> list[Path]:
    """Write the set: a table over the radius (JSON) and the mask (Rice-compressed FITS); returns their paths."""
    table = {
        "about": "C2 per radius (px from the occulter centre): share of light that passes, depth of the pylon's shadow",
        "radius": RINGS.tolist(),
        "transmission": np.round(fitted.transmission, 4).tolist(),
        "pylon": np.round(fitted.pylon, 3).tolist(),
        "discs": fitted.discs,
        "scale": fitted.scale,
        "source": fitted.source,
    }
    mask, image = (
        io.BytesIO(),
        fits.CompImageHDU(field_of_view(fitted.pylon).astype(np.uint8), compression_type="RICE_1"),
    )
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(mask)
    contents = ((json.dumps(table) + "\n").encode(), mask.getvalue())
    return [write_bytes(directory / name, text, overwrite=True) for name, text in zip(c2.FILES, contents, strict=True)]


def _main() -> None:
    parser = argparse.ArgumentParser(description="Fit the nominal C2 calibration set to frames.")
    parser.add_argument("c3", type=Path, help="C3 Clear frame, within days of the C2 frame")
    parser.add_argument("c2", type=Path, help="C2 Orange frame without polariser")
    parser.add_argument("polarised", type=Path, nargs=3, help="the three positions of the polariser")
    parser.add_argument("-o", "--output", type=Path, default=package_data(nominal.__name__))
    given = parser.parse_args()
    sky = c3_brightness(read_frame(given.c3), *c3.read(given.output))
    write(fit(sky, read_frame(given.c2), [read_frame(path) for path in given.polarised]), given.output)


if __name__ == "__main__":
    _main()
