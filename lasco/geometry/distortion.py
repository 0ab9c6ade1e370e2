"""Optical distortion of C2 and C3 and its correction, with the rotation about the sun centre.

A corrected pixel at radius r from the occulter centre takes its value from radius ``r + shift(r)`` of the detector
(SolarSoft ``c3_warp.pro`` 1.9, ``distortion_coeffs.pro`` 1.4). SolarSoft evaluates the map on a grid of 32 px and
interpolates it linearly in triangles; here it is evaluated at every pixel, and SolarSoft's method is an option.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from astropy.time import Time
from numpy.typing import NDArray

from corinpaint.lasco.geometry.resampling import Array, BilinearMap, bilinear_map, flags_at

MM_PER_PIXEL = 0.021
"""Pixel pitch on the CCD, mm."""

COEFFICIENTS = {
    "C2": (0.0051344125, -0.00012233862, 1.0978595e-7),
    "C3": (-0.0151657, 0.000165455, 0.0),
}
"""Coefficients of the radial displacement ``r * (c0 + c1 r^2 + c2 r^4)``, r in mm (SolarSoft ``distortion_coeffs.pro``
1.4)."""

C3_OCCULTER_CENTRES = (
    ("1996-08-10", (516.514, 529.717)),
    ("1997-08-18", (516.527, 529.685)),
    ("1998-03-29", (516.385, 529.671)),
    ("1998-05-06", (516.373, 529.650)),
    ("1999-02-20", (516.407, 531.172)),
    ("2000-02-20", (516.408, 531.160)),
    ("2000-10-20", (516.456, 531.132)),
)
"""Dates and centres (column, row) of the C3 occulter, px from 0 (SolarSoft ``occltr_cntr.pro``)."""

C2_OCCULTER_CENTRE = (512.634, 505.293)
"""Centre (column, row) of the C2 occulter, px from 0 (SolarSoft ``occltr_cntr.pro``)."""


def radial_shift(radius: NDArray[np.floating] | float, detector: str = "C3") -> NDArray[np.float64]:
    """Radial displacement from the corrected to the detector image (SolarSoft ``distortion_coeffs.pro``).

    Parameters
    ----------
    radius : array or float
        Distance from the occulter centre in the corrected image, px of the full frame.
    detector : str
        'C2' or 'C3'.

    Returns
    -------
    ndarray of float64, shape of `radius`
        Radius in the detector image minus `radius`, px of the full frame.
    """
    pixels = np.asarray(radius, dtype=np.float64)
    return np.asarray(pixels * _relative_radial_shift(pixels, detector))


def occulter_centre(date: Time, detector: str = "C3") -> tuple[float, float]:
    """Centre of the occulter (column, row) at a date, px of the full frame from 0: the nearest tabulated one."""
    if detector == "C2":
        return C2_OCCULTER_CENTRE
    return C3_OCCULTER_CENTRES[int(np.argmin(np.abs(_days() - date.mjd)))][1]


@cache
def _days() -> NDArray[np.float64]:
    return np.array([Time(day).mjd for day, _ in C3_OCCULTER_CENTRES])


ROWS_AT_ONCE = 16
"""Rows whose places are computed together: few enough for a processor's cache."""

GRID_STEP = 32
"""Spacing of SolarSoft's control points, px of the frame (``c3_warp.pro``)."""


@dataclass(frozen=True)
class Geometry:
    """Parameters of the mapping between the detector grid of a frame and the grid of its product.

    Attributes
    ----------
    detector : str
        'C2' or 'C3'.
    centre : tuple of float
        Occulter centre (column, row), px of the full frame from 0.
    shape : tuple of int
        Rows and columns of the frame.
    warp : bool
        Correct the optical distortion.
    solarsoft : bool
        Compute it as SolarSoft does: interpolated linearly in triangles of a 32 px grid, and with the occulter centre
        of a summed frame at ``centre / summing``. The exact position is ``(centre + 0.5) / summing - 0.5``, up to half
        a CCD pixel away.
    upside_down : bool
        The image is rotated by 180 degrees before its roll is corrected.
    roll : float
        Angle by which the image is rotated counter-clockwise about `pivot`, degrees; 0 for no rotation.
    pivot : tuple of float
        Sun centre (column, row), px of the frame from 0, after the rotation by 180 degrees if there is one.
    """

    detector: str
    centre: tuple[float, float]
    shape: tuple[int, int] = (1024, 1024)
    warp: bool = True
    solarsoft: bool = False
    upside_down: bool = False
    roll: float = 0.0
    pivot: tuple[float, float] = (0.0, 0.0)


def undistort_map(centre: tuple[float, float], detector: str = "C3") -> BilinearMap:
    """Map that corrects the distortion of a full, unsummed frame; see `product_map`."""
    return product_map(Geometry(detector, centre))


@lru_cache(maxsize=3)
def product_map(geometry: Geometry) -> BilinearMap:
    """Map from the detector grid of a frame to the grid of its product.

    Distortion and roll are corrected in one interpolation. A rotation by 180 degrees alone is not part of the map,
    since it needs no interpolation.

    Parameters
    ----------
    geometry : Geometry

    Returns
    -------
    BilinearMap
        About 40 MB for a full frame; the last three are cached. Positions outside of the frame take the value of the
        nearest edge pixel; when the frame is rotated they have none (SolarSoft: ``rot(..., missing=0)``).
    """
    columns, rows = _unrotated_coordinates(geometry)
    if geometry.warp and geometry.solarsoft:
        columns, rows = _solarsoft_coordinates(geometry, columns, rows)
    elif geometry.warp:
        columns, rows = _distorted_coordinates(geometry, columns, rows)
    return bilinear_map(columns, rows, clip=geometry.roll == 0)


@lru_cache(maxsize=3)
def jacobian(geometry: Geometry) -> NDArray[np.float32]:
    """Area on the detector of each pixel of the product, in pixels: the Jacobian of the distortion.

    A point source at radius r has its flux, summed over pixels of the product, divided by it, since the interpolation
    conserves brightness: for C3 0.973 at 100 px, 1.055 at 540 px. A product times the Jacobian conserves the flux.

    Parameters
    ----------
    geometry : Geometry

    Returns
    -------
    ndarray of float32, shape of the frame
        (r + shift) (1 + d shift / dr) / r for the radius r from the occulter centre; 1 when the distortion is left in.
    """
    if not geometry.warp:
        return np.ones(geometry.shape, dtype=np.float32)
    columns, rows = _unrotated_coordinates(geometry)
    step = (1024 // geometry.shape[1], 1024 // geometry.shape[0])
    x, y = (
        s * (coordinate + 0.5) - 0.5 - centre
        for coordinate, s, centre in zip((columns, rows), step, geometry.centre, strict=True)
    )
    _, c1, c2 = COEFFICIENTS[geometry.detector]
    square = (MM_PER_PIXEL * np.hypot(x, y)) ** 2
    stretch = 1.0 + _relative_radial_shift(np.hypot(x, y), geometry.detector)
    return np.asarray(stretch * (stretch + 2 * c1 * square + 4 * c2 * square**2), dtype=np.float32)


def rotated_flags(geometry: Geometry, flags: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Flags of pixels of the corrected image, rotated about the sun centre with it.

    Parameters
    ----------
    geometry : Geometry
        With a roll.
    flags : ndarray of bool, shape of the frame

    Returns
    -------
    affected, outside : ndarray of bool, shape of the frame
        Pixels that depend on a flagged one, and pixels from outside of the image.
    """
    return flags_at(*_unrotated_coordinates(geometry), flags)


@lru_cache(maxsize=1)
def _unrotated_coordinates(geometry: Geometry) -> tuple[Array, Array]:
    """Positions of the product's pixels in the corrected image before its rotation, (columns, rows), px from 0."""
    rows = np.broadcast_to(np.arange(geometry.shape[0], dtype=np.float64)[:, None], geometry.shape)
    columns = np.broadcast_to(np.arange(geometry.shape[1], dtype=np.float64), geometry.shape)
    if geometry.roll == 0:
        return columns, rows
    angle, (x0, y0) = np.radians(geometry.roll), geometry.pivot
    sum_x, sum_y = (1024 // size for size in geometry.shape[::-1])  # the summing of the axes may differ
    x, y = sum_x * (columns - x0), sum_y * (rows - y0)
    columns = x0 + (x * np.cos(angle) + y * np.sin(angle)) / sum_x
    rows = y0 + (y * np.cos(angle) - x * np.sin(angle)) / sum_y
    if geometry.upside_down:
        columns, rows = geometry.shape[1] - 1 - columns, geometry.shape[0] - 1 - rows
    return columns, rows


def _distorted_coordinates(geometry: Geometry, columns: Array, rows: Array) -> tuple[Array, Array]:
    """Places in the distorted image of places in the corrected one, px of the frame."""
    places = np.empty(columns.shape), np.empty(rows.shape)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        places[0][part], places[1][part] = _distorted_rows(geometry, columns[part], rows[part])
    return places


def _distorted_rows(geometry: Geometry, columns: Array, rows: Array) -> tuple[Array, Array]:
    step = (1024 // geometry.shape[1], 1024 // geometry.shape[0])
    positions = []
    half = 0.0 if geometry.solarsoft else 0.5
    x, y = (
        s * (coordinate + half) - half - centre
        for coordinate, s, centre in zip((columns, rows), step, geometry.centre, strict=True)
    )
    radius = np.hypot(x, y)
    factor = 1.0 + _relative_radial_shift(radius, geometry.detector)
    for offset, s, centre in zip((x, y), step, geometry.centre, strict=True):
        positions.append((centre + offset * factor + half) / s - half)
    return positions[0], positions[1]


def _relative_radial_shift(radius: Array, detector: str) -> Array:
    c0, c1, c2 = COEFFICIENTS[detector]
    square = (MM_PER_PIXEL * radius) ** 2
    return np.asarray(c0 + c1 * square + c2 * square**2)


def _solarsoft_coordinates(geometry: Geometry, columns: Array, rows: Array) -> tuple[Array, Array]:
    """Positions as SolarSoft computes them: exact at the control points, linear in the two triangles of each square."""
    step = (1024 // geometry.shape[1], 1024 // geometry.shape[0])
    knots = np.arange(0, 1024 + GRID_STEP, GRID_STEP, dtype=np.float64)
    at_x, at_y = np.meshgrid(knots / step[0], knots / step[1])
    positions = _distorted_coordinates(geometry, at_x, at_y)
    x, y = columns * step[0] / GRID_STEP, rows * step[1] / GRID_STEP
    left, low = (np.clip(np.floor(p).astype(np.int64), 0, knots.size - 2) for p in (x, y))
    u, v = x - left, y - low
    first = u + v <= 1
    found = []
    for position in positions:
        a, b, c, d = (position[low + i, left + j] for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)))
        found.append(np.where(first, a + u * (b - a) + v * (c - a), d + (1 - u) * (c - d) + (1 - v) * (b - d)))
    return found[0], found[1]


@lru_cache(maxsize=2)
def distort_map(centre: tuple[float, float], detector: str = "C3") -> BilinearMap:
    """Inverse of `undistort_map`: from the corrected grid to the detector grid."""
    rows, columns = np.mgrid[0:1024, 0:1024].astype(np.float64)
    x, y = columns - centre[0], rows - centre[1]
    radius = np.maximum(np.hypot(x, y), 1e-9)
    inner = radius.copy()
    for _ in range(20):  # converges, since |d radial_shift / d r| < 0.1 inside the frame
        inner = radius - radial_shift(inner, detector)
    factor = inner / radius
    return bilinear_map(centre[0] + x * factor, centre[1] + y * factor, clip=True)
