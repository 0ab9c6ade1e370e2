"""Optical distortion of C2 and C3 and its removal.

A corrected pixel at radius r from the occulter centre takes its value from radius ``r + shift(r)`` of the detector
(SolarSoft ``c3_warp.pro`` 1.9, ``distortion_coeffs.pro`` 1.4). SolarSoft evaluates the map on a grid of 32 px and
interpolates it linearly in triangles; here it is evaluated at every pixel, and SolarSoft's way is an option.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from astropy.time import Time
from numpy.typing import NDArray

from corinpaint.lasco.geometry.resampling import Array, BilinearMap, bilinear_map

MM_PER_PIXEL = 0.021
"""Pixel pitch on the CCD, mm."""

COEFFICIENTS = {
    "C2": (0.0051344125, -0.00012233862, 1.0978595e-7),
    "C3": (-0.0151657, 0.000165455, 0.0),
}
"""c0, c1, c2 of ``mm * (c0 + c1 mm^2 + c2 mm^4)``, distances in mm (SolarSoft ``distortion_coeffs.pro`` 1.4)."""

C3_OCCULTER_CENTRES = (
    ("1996-08-10", (516.514, 529.717)),
    ("1997-08-18", (516.527, 529.685)),
    ("1998-03-29", (516.385, 529.671)),
    ("1998-05-06", (516.373, 529.650)),
    ("1999-02-20", (516.407, 531.172)),
    ("2000-02-20", (516.408, 531.160)),
    ("2000-10-20", (516.456, 531.132)),
)
"""Date and centre (column, row), px counted from 0 (SolarSoft ``occltr_cntr.pro``)."""

C2_OCCULTER_CENTRE = (512.634, 505.293)


def radial_shift(radius: NDArray[np.floating] | float, detector: str = "C3") -> NDArray[np.float64]:
    """Radial displacement between the corrected and the detector image.

    Parameters
    ----------
    radius : array or float
        Distance from the occulter centre in the corrected image, px of the full frame.
    detector : str
        'C2' or 'C3'.

    Returns
    -------
    ndarray of float64
        What to add to the radius to reach the detector, px.
    """
    pixels = np.asarray(radius, dtype=np.float64)
    return np.asarray(pixels * _relative_radial_shift(pixels, detector))


def occulter_centre(date: Time, detector: str = "C3") -> tuple[float, float]:
    """Centre of the occulter (column, row) at a date, px counted from 0: the tabulated one nearest in time."""
    if detector == "C2":
        return C2_OCCULTER_CENTRE
    return C3_OCCULTER_CENTRES[int(np.argmin(np.abs(_days() - date.mjd)))][1]


@cache
def _days() -> NDArray[np.float64]:
    return np.array([Time(day).mjd for day, _ in C3_OCCULTER_CENTRES])


GRID_STEP = 32
"""Spacing of SolarSoft's control points, px of the frame (``c3_warp.pro``)."""


@dataclass(frozen=True)
class Geometry:
    """What lies between the detector grid of a frame and the grid of its product.

    Attributes
    ----------
    detector : str
        'C2' or 'C3'.
    centre : tuple of float
        Occulter centre (column, row), px of the full frame from 0.
    shape : tuple of int
        Rows and columns of the frame.
    warp : bool
        Take the optical distortion out.
    solarsoft : bool
        As SolarSoft does it: the map on a grid of 32 px, linear in triangles, and the occulter centre of a summed frame
        at ``centre / summing`` (up to half a CCD pixel off: it lies at ``(centre + 0.5) / summing - 0.5``).
    turned : bool
        The product is turned by 180 degrees before the roll is taken out.
    roll : float
        Degrees by which the product is turned counter-clockwise about `pivot`; 0 for no rotation.
    pivot : tuple of float
        Sun centre (column, row) in the turned product, px of the frame from 0.
    """

    detector: str
    centre: tuple[float, float]
    shape: tuple[int, int] = (1024, 1024)
    warp: bool = True
    solarsoft: bool = False
    turned: bool = False
    roll: float = 0.0
    pivot: tuple[float, float] = (0.0, 0.0)


def undistort_map(centre: tuple[float, float], detector: str = "C3") -> BilinearMap:
    """The map that takes the distortion out of a full, unsummed frame; see `product_map`."""
    return product_map(Geometry(detector, centre))


@lru_cache(maxsize=3)
def product_map(geometry: Geometry) -> BilinearMap:
    """The map from the detector grid of a frame to the grid of its product.

    Distortion and roll are taken out in one interpolation. A turn by 180 degrees alone is not part of the map: no
    interpolation is needed for it.

    Parameters
    ----------
    geometry : Geometry

    Returns
    -------
    BilinearMap
        About 40 MB for a full frame; the last three are kept. Places outside of the frame take the nearest edge
        pixel, and nothing when the frame is rotated (SolarSoft: ``rot(..., missing=0)``).
    """
    columns, rows = _unrotated_coordinates(geometry)
    if geometry.warp and geometry.solarsoft:
        columns, rows = _solarsoft_coordinates(geometry, columns, rows)
    elif geometry.warp:
        columns, rows = _distorted_coordinates(geometry, columns, rows)
    return bilinear_map(columns, rows, clip=geometry.roll == 0)


@lru_cache(maxsize=3)
def rotation_map(geometry: Geometry) -> BilinearMap:
    """The part of `product_map` that turns the corrected image about the sun centre, for masks on its grid."""
    columns, rows = _unrotated_coordinates(geometry)
    return bilinear_map(columns, rows, clip=geometry.roll == 0)


def _unrotated_coordinates(geometry: Geometry) -> tuple[Array, Array]:
    """Where the pixels of the product lie in the corrected image, before the roll (and the turn) was taken out."""
    rows, columns = np.mgrid[0 : geometry.shape[0], 0 : geometry.shape[1]].astype(np.float64)
    if geometry.roll == 0:
        return columns, rows
    angle, (x0, y0) = np.radians(geometry.roll), geometry.pivot
    wide, high = (1024 // side for side in geometry.shape[::-1])  # CCD pixels: sums need not be square
    x, y = wide * (columns - x0), high * (rows - y0)
    columns = x0 + (x * np.cos(angle) + y * np.sin(angle)) / wide
    rows = y0 + (y * np.cos(angle) - x * np.sin(angle)) / high
    if geometry.turned:
        columns, rows = geometry.shape[1] - 1 - columns, geometry.shape[0] - 1 - rows
    return columns, rows


def _distorted_coordinates(geometry: Geometry, columns: Array, rows: Array) -> tuple[Array, Array]:
    """Places in the distorted image of places in the corrected one, px of the frame."""
    step = (1024 // geometry.shape[1], 1024 // geometry.shape[0])
    places = []
    half = 0.0 if geometry.solarsoft else 0.5
    x, y = (
        s * (place + half) - half - centre
        for place, s, centre in zip((columns, rows), step, geometry.centre, strict=True)
    )
    radius = np.hypot(x, y)
    factor = 1.0 + _relative_radial_shift(radius, geometry.detector)
    for offset, s, centre in zip((x, y), step, geometry.centre, strict=True):
        places.append((centre + offset * factor + half) / s - half)
    return places[0], places[1]


def _relative_radial_shift(radius: Array, detector: str) -> Array:
    c0, c1, c2 = COEFFICIENTS[detector]
    square = (MM_PER_PIXEL * radius) ** 2
    return np.asarray(c0 + c1 * square + c2 * square**2)


def _solarsoft_coordinates(geometry: Geometry, columns: Array, rows: Array) -> tuple[Array, Array]:
    """SolarSoft's map: exact at the control points, linear in the two triangles of each square between them."""
    step = (1024 // geometry.shape[1], 1024 // geometry.shape[0])
    knots = np.arange(0, 1024 + GRID_STEP, GRID_STEP, dtype=np.float64)
    at_x, at_y = np.meshgrid(knots / step[0], knots / step[1])
    places = _distorted_coordinates(geometry, at_x, at_y)
    x, y = columns * step[0] / GRID_STEP, rows * step[1] / GRID_STEP
    left, low = (np.clip(np.floor(p).astype(np.int64), 0, knots.size - 2) for p in (x, y))
    u, v = x - left, y - low
    first = u + v <= 1
    found = []
    for place in places:
        a, b, c, d = (place[low + i, left + j] for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)))
        found.append(np.where(first, a + u * (b - a) + v * (c - a), d + (1 - u) * (c - d) + (1 - v) * (b - d)))
    return found[0], found[1]


@lru_cache(maxsize=2)
def distort_map(centre: tuple[float, float], detector: str = "C3") -> BilinearMap:
    """The inverse of `undistort_map`: from the corrected grid to the detector grid, for the simulator and masks."""
    rows, columns = np.mgrid[0:1024, 0:1024].astype(np.float64)
    x, y = columns - centre[0], rows - centre[1]
    radius = np.maximum(np.hypot(x, y), 1e-9)
    inner = radius.copy()
    for _ in range(20):  # a contraction: |d shift / d r| < 0.1 inside the frame
        inner = radius - radial_shift(inner, detector)
    factor = inner / radius
    return bilinear_map(centre[0] + x * factor, centre[1] + y * factor, clip=True)
