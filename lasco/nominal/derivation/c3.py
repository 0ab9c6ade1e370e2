"""Derivation of the nominal calibration set of C3 Clear: vignetting, stray light and mask.

A Level 1 frame and a Level 0.5 frame of the same hour give, pixel by
pixel on the detector grid, ``level1 = rate * calfactor * vignetting - ramp``. The vignetting is 1 in the middle of the
field, so that the difference there is the ramp (a quadratic surface); the ratio then gives the vignetting everywhere.

Run ``python -m corinpaint.lasco.nominal.derivation.c3 LEVEL1 LEVEL05 -o DIRECTORY`` to derive the set again.
"""

from __future__ import annotations

import argparse
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco import nominal
from corinpaint.lasco.files import package_data, write_bytes
from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.level1.product import read_level1
from corinpaint.lasco.nominal import c3
from corinpaint.lasco.photometry.noise import scatter_about_zero
from corinpaint.lasco.smoothing import gaussian_sums

UNVIGNETTED_RADII = (235.0, 420.0)
"""Radii between which C3 is not vignetted outside of the pylon's shadow, px (measured on the two frames)."""

PYLON_ANGLES = (195.0, 262.0)
"""Position angles in degrees, counter-clockwise from +column, of the pylon's shadow (measured on the two frames)."""

OCCULTER_RIM = 74.0
"""Radius in px inside which the image is too steep, because of the occulter, to detect planets."""

STEP = 2
"""Pixels per stored sample of the vignetting along each axis."""

LOG_SCALE = 1e-4
"""Natural logarithm of the vignetting per stored integer."""


@dataclass(frozen=True)
class NominalC3:
    """A fitted set.

    Attributes
    ----------
    vignetting : ndarray of float32, shape (1024, 1024)
        Correction factor on the detector grid, (row, column), at least about 1.
    ramp : tuple of float
        Coefficients of 1, x, y, x^2, x y, y^2 in MSB, with x and y = (px - 512) / 512 on the detector grid.
    field : ndarray of bool, shape (1024, 1024)
        True inside the field of view on the corrected grid, False behind occulter and pylon and beyond the edge.
    exposure_ratio : float
        Exposure factor of the Level 0.5 frame from the fit (1 = EXPTIME is exact).
    source : str
        Names of the files that the set was fitted to.
    """

    vignetting: NDArray[np.float32]
    ramp: tuple[float, ...]
    field: NDArray[np.bool_]
    exposure_ratio: float
    source: str


def fit(level1: Path, frame: Frame, calfactor: float) -> NominalC3:
    """Fit the set to a Level 1 and a Level 0.5 frame.

    Parameters
    ----------
    level1 : Path
        Official Level 1 file of the same hour as the frame.
    frame : Frame
        Level 0.5 frame.
    calfactor : float
        MSB per (DN / s) at the date of the frame.

    Returns
    -------
    Nominal
    """
    found = read_level1(level1)
    official, masked = found.data, found.masked
    centre = distortion.occulter_centre(frame.date)
    to_detector = distortion.distort_map(centre)
    truth = np.where(to_detector.propagate_flags(masked), np.nan, to_detector.image(official)).astype(np.float64)
    rate = (frame.data.astype(np.float64) - float(frame.header["OFFSET"])) / frame.exptime * calfactor
    radius, angle = _polar(centre)
    wedge = (angle > PYLON_ANGLES[0]) & (angle < PYLON_ANGLES[1])
    middle = (radius > UNVIGNETTED_RADII[0]) & (radius < UNVIGNETTED_RADII[1]) & ~wedge & np.isfinite(truth)
    ramp, excess = _fit_ramp(rate - truth, rate, middle)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.log((truth + c3.quadratic(ramp)) / (rate * (1 - excess)))
    ratio[(_bleed_trails(truth) | _bleed_trails(rate)) & (radius > OCCULTER_RIM)] = np.nan
    vignetting = np.exp(_smooth(ratio, radius))
    return NominalC3(vignetting.astype(np.float32), ramp, _field(masked), 1 - excess, f"{level1.name} / {frame.name}")


def _polar(centre: tuple[float, float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, x = np.mgrid[0:1024, 0:1024]
    return np.hypot(x - centre[0], y - centre[1]), np.degrees(np.arctan2(y - centre[1], x - centre[0])) % 360


def _fit_ramp(
    difference: NDArray[np.float64], rate: NDArray[np.float64], where: NDArray[np.bool_]
) -> tuple[tuple[float, ...], float]:
    """Robust least squares of ``difference = quadratic + excess * rate`` (Tukey-like: 3 sigma clipping)."""
    design = np.concatenate([c3.quadratic_terms(1024)[:, where], rate[None, where]]).T
    scale = np.abs(design).max(axis=0)
    target, keep = difference[where], np.ones(int(where.sum()), dtype=bool)
    solution = np.zeros(design.shape[1])
    for _ in range(6):
        solution = np.linalg.lstsq(design[keep] / scale, target[keep], rcond=None)[0] / scale
        residual = target - design @ solution
        keep = np.abs(residual) < 3 * scatter_about_zero(residual[keep])
    return tuple(float(c) for c in solution[:-1]), float(solution[-1])


def _bleed_trails(image: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Planets and comets with their bleed trails: pixels a tenth brighter than their column, and those around them."""
    with np.errstate(invalid="ignore", divide="ignore"):
        log = np.log(image)
    log = _fill_from_nearest(log, np.isfinite(log))
    outlier = np.abs(log - ndimage.median_filter(log, (25, 1))) > 0.1
    bright = ndimage.binary_opening(outlier, np.ones((1, 5), dtype=bool))
    return np.asarray(ndimage.binary_dilation(bright, np.ones((9, 13), dtype=bool)))


def _smooth(values: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Remove stars, planets and noise: outliers are replaced by the nearest good values, then the image is smoothed.

    Where the correction is steep (behind the pylon and near the occulter) the smoothing is finer.
    """
    good = np.isfinite(values)
    filled = _fill_from_nearest(values, good)
    local = ndimage.median_filter(filled, 15)
    around = _azimuthal_median(filled, radius)
    inner = (radius < 170) & (np.abs(local) < 4)
    good &= np.where(inner, np.abs(filled - around) < 0.05 + 0.15 * np.abs(around), np.abs(filled - local) < 0.08)
    filled = np.where(good | (radius >= 170), _fill_from_nearest(values, good), around)
    good |= radius < 170
    fine, coarse = (_normalised_convolution(filled, good, sigma) for sigma in (1.5, 5.0))
    weight = np.clip((np.abs(ndimage.gaussian_filter(filled, 4.0)) - 0.12) / 0.2, 0, 1)
    return np.asarray(weight * fine + (1 - weight) * coarse)


def _azimuthal_median(values: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median over an arc of 60 px about the occulter centre, where the vignetting is nearly axisymmetric."""
    row, column = np.unravel_index(int(np.argmin(radius)), radius.shape)
    radii, angles = np.meshgrid(np.arange(0, 200), np.arange(0, 360, 0.5) * np.pi / 180, indexing="ij")
    positions = np.stack([row + radii * np.sin(angles), column + radii * np.cos(angles)])
    polar = ndimage.map_coordinates(values, positions, order=1, mode="nearest")
    smooth = np.stack(
        [ndimage.median_filter(line, 1 + 2 * int(3500 / max(r, 40)), mode="wrap") for r, line in enumerate(polar)]
    )
    y, x = np.mgrid[0 : radius.shape[0], 0 : radius.shape[1]]
    angle = np.degrees(np.arctan2(y - row, x - column)) % 360
    index = np.clip(np.stack([radius, angle * 2]), 0, [[[199]], [[719]]])
    return np.asarray(ndimage.map_coordinates(smooth, index, order=1, mode="nearest"))


def _fill_from_nearest(values: NDArray[np.float64], good: NDArray[np.bool_]) -> NDArray[np.float64]:
    index = ndimage.distance_transform_edt(~good, return_distances=False, return_indices=True)
    return np.asarray(values[tuple(index)])


def _normalised_convolution(values: NDArray[np.float64], good: NDArray[np.bool_], sigma: float) -> NDArray[np.float64]:
    total, weight = gaussian_sums(values, good, sigma)
    return np.asarray(np.where(weight > 0.05, total / np.maximum(weight, 0.05), values))


def _field(masked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Field of view without small groups of masked pixels, which are stars or noise."""
    labels, _ = ndimage.label(masked)
    sizes = np.bincount(labels.ravel())
    return np.asarray(~(masked & (sizes[labels] > 200)))


def write(fitted: NominalC3, directory: Path) -> list[Path]:
    """Write the set and return its paths: vignetting (binned logarithm as 16-bit integers), mask and ramp (JSON).

    Both images are compressed FITS of one tile each, which is read several times as fast as a tile for each row.
    """
    size = 1024 // STEP
    log = np.log(fitted.vignetting.astype(np.float64)).reshape(size, STEP, size, STEP).mean(axis=(1, 3))
    header = fits.Header()
    header["SOURCE"] = (fitted.source[:60], "fitted to")
    header["STEP"] = (STEP, "px of the frame per sample, block means")
    header["LOGSCALE"] = (LOG_SCALE, "natural log of the correction per integer")
    counts = np.round(log / LOG_SCALE).astype(np.int16)
    vignetting = fits.CompImageHDU(counts, header=header, compression_type="RICE_1", tile_shape=counts.shape)
    field = fitted.field.astype(np.uint8)
    _write(directory / c3.FILES[0], vignetting)
    _write(directory / c3.FILES[1], fits.CompImageHDU(field, compression_type="GZIP_1", tile_shape=field.shape))
    text = {
        "about": "Stray light of C3 Clear on the detector grid, MSB: c . (1, x, y, x^2, x y, y^2), x, y = (px-512)/512",
        "coefficients": fitted.ramp,
        "exposure_ratio": fitted.exposure_ratio,
        "source": fitted.source,
    }
    write_bytes(directory / c3.FILES[2], (json.dumps(text, indent=1) + "\n").encode(), overwrite=True)
    return [directory / name for name in c3.FILES]


def _write(path: Path, image: fits.CompImageHDU) -> None:
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(buffer)
    write_bytes(path, buffer.getvalue(), overwrite=True)


def _main() -> None:
    from corinpaint.lasco.photometry.corkit import calfactor

    parser = argparse.ArgumentParser(description="Fit the nominal C3 calibration set to a pair of frames.")
    parser.add_argument("level1", type=Path)
    parser.add_argument("level05", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=package_data(nominal.__name__))
    arguments = parser.parse_args()
    frame = read_frame(arguments.level05)
    write(fit(arguments.level1, frame, calfactor(frame)), arguments.output)


if __name__ == "__main__":
    _main()
