"""Stars in products: offset from their places, roll, scale, and fluxes by radius with and without the Jacobian.

    python benchmarks/stars.py FRAME_OR_FOLDER... [--calibration DIR]

prints a row for each frame, then radial offsets and fluxes for each telescope, as docs/explanation/stars.md has them.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from astropy.io import fits

from corinpaint.lasco.errors import FrameError
from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.geometry.star_offsets import StarOffsets, measure
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.photometry.optics import load_calibration_set

RINGS_PX = {"C2": (200, 300, 400, 512), "C3": (90, 180, 270, 360, 450, 540)}
"""Limits of the rings about the sun centre, px of the full frame."""

SOLAR_HP = -26.66
"""Hp magnitude of the sun: V = -26.76 and Hp - V = 0.10 for its colour; only the ratio of fluxes among rings counts."""

MIN_FLUX_OVER_ERROR = 20.0
"""Stars of smaller fluxes, in units of their error, are left out of the comparison of fluxes."""

RADIUS_AT_1AU_RAD = np.radians(959.63 / 3600)

SOLAR_COLOUR = 0.65
"""B - V of the sun, mag."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("inputs", nargs="+", type=Path, help="Level 0.5 frames of C2 and C3, or folders of them")
    parser.add_argument("--calibration", type=Path, help="folder of the official files; by default the nominal set")
    arguments = parser.parse_args()
    calibration = load_calibration_set(arguments.calibration)
    stars: dict[str, list[np.ndarray]] = defaultdict(list)
    print("| frame | date | stars expected | found | median offset, px | shift, px | roll, deg | scale |")
    print("|---|---|---|---|---|---|---|---|")
    for frame in read_frames(arguments.inputs):
        product = calibrate(frame, calibration)
        found = measure(product.data, product.header)
        roll, scale = found.roll_and_scale
        numbers = f"{len(found.matched)} | {np.count_nonzero(found.matched)} | {found.median_offset:.2f}"
        shift = "{:+.2f}, {:+.2f}".format(*found.shift)
        name, date = product.header["FILENAME"], product.header["DATE-OBS"][:16]
        print(f"| {name} | {date} | {numbers} | {shift} | {roll:+.3f} | {scale:.4f} |")
        if frame.sums.pixels == 1:
            stars[frame.detector].append(_table(frame, found, product.header))
    for detector, tables in sorted(stars.items()):
        _print_rings(detector, tables)


def read_frames(inputs: list[Path]) -> Iterator[Frame]:
    """Frames of files and folders; a file that is not one is named."""
    paths = [path for item in inputs for path in (sorted(item.rglob("*.f*ts*")) if item.is_dir() else [item])]
    for path in paths:
        try:
            yield read_frame(path)
        except FrameError as error:
            print(f"<!-- {error} -->")


def _table(frame: Frame, found: StarOffsets, header: fits.Header) -> np.ndarray:
    """Radius, offset outward less the common shift (px), flux over expectation, Jacobian and B - V; (M, 5)."""
    place = np.stack([found.expected.column, found.expected.row], axis=1)[found.matched] - found.sun
    outward = place / np.linalg.norm(place, axis=1, keepdims=True)
    offset = ((found.offsets - found.shift) * outward).sum(axis=1)
    magnitude, colour = found.expected.magnitude[found.matched], found.expected.colour[found.matched]
    pixel = np.radians(header["CDELT1"] / 3600) * np.radians(header["CDELT2"] / 3600)
    sun = np.pi * RADIUS_AT_1AU_RAD**2
    flux = found.flux[found.matched] * pixel / sun / 10 ** (-0.4 * (magnitude - SOLAR_HP))
    geometry = distortion.Geometry(frame.detector, distortion.occulter_centre(frame.date, frame.detector))
    area = distortion.jacobian(geometry)
    turned = area[::-1, ::-1] if header["RECTIFY"] >= 90 else area
    rows, columns = (np.rint(v[found.matched]).astype(int) for v in (found.expected.row, found.expected.column))
    weak = found.flux[found.matched] < MIN_FLUX_OVER_ERROR * found.flux_error[found.matched]
    flux = np.where(weak, np.nan, flux)
    return np.stack([np.hypot(*place.T), offset, flux, turned[rows, columns], colour], axis=1)


def _fluxes(tables: list[np.ndarray]) -> np.ndarray:
    """Logarithms of the fluxes, less the median of each frame and a parabola in B - V; NaN for weak ones."""
    frame = np.concatenate([np.full(len(table), number) for number, table in enumerate(tables)])
    table = np.concatenate(tables)
    with np.errstate(invalid="ignore"):
        logarithm, colour = np.log(table[:, 2]), table[:, 4] - SOLAR_COLOUR
    known, by_colour = np.isfinite(logarithm), np.zeros(len(table))
    for _ in range(3):
        for number in np.unique(frame[known]):
            own = known & (frame == number)
            logarithm[own] -= np.median((logarithm - by_colour)[own])
        by_colour = np.polyval(np.polyfit(colour[known], logarithm[known], 2), colour)
    return np.where(known, logarithm - by_colour, np.nan)


def _slope(logarithm: np.ndarray, area: np.ndarray) -> tuple[float, float]:
    """Slope of ln flux over ln Jacobian, -1 for fluxes that are divided by it, and its error; by Huber's weights."""
    design, weights = np.stack([np.ones_like(area), np.log(area)], axis=1), np.ones_like(area)
    for _ in range(30):
        weighted = design * weights[:, None]
        solution = np.linalg.solve(weighted.T @ design, weighted.T @ logarithm)
        residuals = np.abs(logarithm - design @ solution)
        sigma = 1.4826 * np.median(residuals)
        weights = np.minimum(1.0, 1.345 * sigma / np.maximum(residuals, 1e-12))
    covariance = np.linalg.inv((design * weights[:, None]).T @ design) * sigma**2
    return float(solution[1]), float(np.sqrt(covariance[1, 1]))


def _print_rings(detector: str, tables: list[np.ndarray]) -> None:
    radius, offset, _, area, _ = np.concatenate(tables).T
    logarithm = _fluxes(tables)
    bright = np.isfinite(logarithm)
    slope, error = _slope(logarithm[bright], area[bright])
    scatter = 1.4826 * np.median(np.abs(logarithm[bright]))
    print(f"\n{detector}: {len(radius)} stars, {np.count_nonzero(bright)} of them for the fluxes, which scatter by")
    print(f"{scatter:.1%}. ln flux falls with the ln of the Jacobian by a slope of {slope:+.2f} ± {error:.2f}.\n")
    print("| radius, px | stars | offset outward, px | Jacobian | flux | flux times the Jacobian |")
    print("|---|---|---|---|---|---|")
    for low, high in zip(RINGS_PX[detector], RINGS_PX[detector][1:], strict=False):
        ring = (radius >= low) & (radius < high)
        chosen = ring & bright
        if np.count_nonzero(chosen) < 4:
            continue
        flux, error = np.exp(np.median(logarithm[chosen])), 1.25 * scatter / np.sqrt(np.count_nonzero(chosen))
        print(
            f"| {low}-{high} | {np.count_nonzero(ring)} | {np.median(offset[ring]):+.2f} "
            f"| {np.median(area[chosen]):.3f} "
            f"| {flux:.3f} ± {error:.3f} | {np.exp(np.median((logarithm + np.log(area))[chosen])):.3f} |"
        )


if __name__ == "__main__":
    main()
