"""Optical distortion of C2 and C3 and its removal.

A corrected pixel at radius r from the occulter centre takes its value from radius ``r + shift(r)`` of the detector
(SolarSoft ``c3_warp.pro`` 1.9, ``distortion_coeffs.pro`` 1.4). SolarSoft interpolates the map linearly on a 32 px
grid; here it is evaluated at every pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from astropy.time import Time
from numpy.typing import NDArray

Array = NDArray[np.float64]

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


def shift(radius: NDArray[np.floating] | float, detector: str = "C3") -> NDArray[np.float64]:
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
    c0, c1, c2 = COEFFICIENTS[detector]
    mm = MM_PER_PIXEL * np.asarray(radius, dtype=np.float64)
    return np.asarray(mm * (c0 + c1 * mm**2 + c2 * mm**4) / MM_PER_PIXEL)


def occulter_centre(date: Time, detector: str = "C3") -> tuple[float, float]:
    """Centre of the occulter (column, row) at a date, px counted from 0: the tabulated one nearest in time."""
    if detector == "C2":
        return C2_OCCULTER_CENTRE
    days = [abs(date.mjd - Time(day).mjd) for day, _ in C3_OCCULTER_CENTRES]
    return C3_OCCULTER_CENTRES[int(np.argmin(days))][1]


@dataclass(frozen=True)
class BilinearMap:
    """Bilinear resampling of an image, with the rule for masks that belongs to it.

    Attributes
    ----------
    corner : ndarray of int64, shape (H * W,)
        Flat index of the lower left of the four source pixels.
    weights : ndarray of float32, shape (4, H * W)
        Weights of the source pixels: lower left, lower right, upper left, upper right.
    shape : tuple of int
        Rows and columns.
    """

    corner: NDArray[np.int64]
    weights: NDArray[np.float32]
    shape: tuple[int, int]

    def _taps(self) -> tuple[int, int, int, int]:
        columns = self.shape[1]
        return 0, 1, columns, columns + 1

    def image(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Resample an image of shape (H, W); source pixels that are not finite count as zero."""
        flat = np.where(np.isfinite(values), values, 0.0).astype(np.float32).ravel()
        total = np.zeros(flat.size, dtype=np.float32)
        for tap, weight in zip(self._taps(), self.weights, strict=True):
            total += weight * flat[self.corner + tap]
        return total.reshape(self.shape)

    def touched(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Pixels whose value takes part of any flagged source pixel; shape (H, W)."""
        flat = flags.ravel()
        hit = np.zeros(flat.size, dtype=bool)
        for tap, weight in zip(self._taps(), self.weights, strict=True):
            hit |= flat[self.corner + tap] & (weight > 0)
        return hit.reshape(self.shape)

    def sources(self, wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Source pixels that any wanted pixel takes part of, the reverse of `touched`; shape (H, W)."""
        used = np.zeros(wanted.size, dtype=bool)
        for tap, weight in zip(self._taps(), self.weights, strict=True):
            used[self.corner[wanted.ravel() & (weight > 0)] + tap] = True
        return used.reshape(self.shape)


@lru_cache(maxsize=8)
def undistort_map(centre: tuple[float, float], detector: str = "C3", size: int = 1024) -> BilinearMap:
    """The map that takes the distortion out of a frame.

    Parameters
    ----------
    centre : tuple of float
        Occulter centre (column, row), px counted from 0.
    detector : str
        'C2' or 'C3'.
    size : int
        Side of the square frame, px.

    Returns
    -------
    BilinearMap
        From the detector grid to the corrected grid. Places outside the frame take the nearest edge pixel.
    """
    x, y, factor = _polar_factor(centre, size, lambda r: shift(r, detector))
    return _bilinear(centre[0] + x * factor, centre[1] + y * factor, size)


@lru_cache(maxsize=4)
def distort_map(centre: tuple[float, float], detector: str = "C3", size: int = 1024) -> BilinearMap:
    """The inverse of `undistort_map`: from the corrected grid to the detector grid, for the simulator and masks."""

    def back(radius: NDArray[np.float64]) -> NDArray[np.float64]:
        inner = radius.copy()
        for _ in range(20):  # a contraction: |d shift / d r| < 0.1 inside the frame
            inner = radius - shift(inner, detector)
        return inner - radius

    x, y, factor = _polar_factor(centre, size, back)
    return _bilinear(centre[0] + x * factor, centre[1] + y * factor, size)


def _polar_factor(
    centre: tuple[float, float], size: int, displacement: Callable[[Array], Array]
) -> tuple[Array, Array, Array]:
    """Offsets from the centre, and by what factor the displacement stretches them."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float64)
    x -= centre[0]
    y -= centre[1]
    radius = np.maximum(np.hypot(x, y), 1e-9)
    return x, y, 1.0 + displacement(radius) / radius


def _bilinear(columns: NDArray[np.float64], rows: NDArray[np.float64], size: int) -> BilinearMap:
    columns = np.clip(columns, 0, size - 1)
    rows = np.clip(rows, 0, size - 1)
    left = np.minimum(np.floor(columns).astype(np.int64), size - 2)
    low = np.minimum(np.floor(rows).astype(np.int64), size - 2)
    u, v = (columns - left).ravel(), (rows - low).ravel()
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v]).astype(np.float32)
    return BilinearMap((low * size + left).ravel(), weights, (size, size))
