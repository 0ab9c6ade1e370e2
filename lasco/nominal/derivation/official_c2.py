"""Brightness of the corona in an official Level 1 file of C2 that was averaged over squares of pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco.errors import CalibrationError

Array = NDArray[np.float64]

MIN_BRIGHTNESS = 1.6e-10
"""Minimum brightness (MSB) of the official file inside its field of view: below it lie the corners, whose blocks were
not sent, with the bias subtracted, and what was averaged with them."""

OFFICIAL_RADII = (1.95, 7.7)
"""Radii (solar radii) between which the official file is used."""


@dataclass(frozen=True)
class Official:
    """Brightness of the corona in an official Level 1 file that was averaged over squares of pixels.

    Attributes
    ----------
    log : ndarray of float64, shape (N, N)
        Logarithm of the brightness (MSB); cells outside of the field of view hold that of the nearest one inside.
    inside : ndarray of bool, shape (N, N)
        Cells in the field of view whose neighbours are, too.
    centre : tuple of float
        Sun centre (column, row), cells from 0.
    cells_per_radius : float
        Solar radius, cells.
    roll : float
        Angle from the rows of the image to the solar equator, degrees.
    number : str
        File number.
    """

    log: Array
    inside: NDArray[np.bool_]
    centre: tuple[float, float]
    cells_per_radius: float
    roll: float
    number: str

    def brightness(self, radius: Array, angle: Array) -> Array:
        """Brightness (MSB) at distances from the sun (solar radii) and angles from solar west (degrees), else NaN."""
        direction = np.radians(angle - self.roll)
        x = self.centre[0] + radius * self.cells_per_radius * np.cos(direction)
        y = self.centre[1] + radius * self.cells_per_radius * np.sin(direction)
        inside = ndimage.map_coordinates(self.inside.astype(float), [y, x], order=1) > 0.99
        values = np.exp(ndimage.map_coordinates(self.log, [y, x], order=3, mode="nearest"))
        return np.where(inside, values, np.nan)

    def radial_profile(self) -> tuple[Array, Array]:
        """Logarithms of radii (solar radii) and of the median brightness (MSB) over all angles."""
        y, x = np.indices(self.log.shape)
        radius = np.log(np.hypot(x - self.centre[0], y - self.centre[1]) / self.cells_per_radius + 1e-9)
        # The median of a bin is taken along the mean slope there, which is steep beside the occulter.
        knots = np.log(np.arange(OFFICIAL_RADII[0] + 0.05, OFFICIAL_RADII[1], 0.1))
        near = [self.inside & (np.abs(radius - knot) < 0.03) for knot in knots]
        slopes = np.interp(knots, np.log((2.0, 2.2, 2.6, 3.0)), (-19.0, -12.0, -4.5, -2.6))
        pairs = zip(near, knots, slopes, strict=True)
        return knots, np.array([np.median((self.log - slope * (radius - knot))[m]) for m, knot, slope in pairs])


def read_official(path: Path) -> Official:
    """Read an official Level 1 file of C2, averaged over squares of pixels.

    Raises
    ------
    CalibrationError
        When the file is no such image.
    """
    with fits.open(path) as hdus:
        data, header = np.asarray(hdus[0].data, dtype=np.float64), hdus[0].header
    try:
        scale, sun = float(header["CDELT1"]), float(header["RSUN"])
        centre = [header[f"CRPIX{i}"] - 1 - header[f"CRVAL{i}"] / header[f"CDELT{i}"] for i in (1, 2)]
        roll, number = float(header["CROTA1"]), str(header["FILENAME"]).partition(".")[0]
    except KeyError as error:
        raise CalibrationError(f"{path}: {error}", "give an official Level 1 file of C2") from error
    y, x = np.indices(data.shape)
    radius = np.hypot(x - centre[0], y - centre[1]) * scale / sun
    inside = ndimage.minimum_filter(data, 3) > MIN_BRIGHTNESS
    inside &= (radius > OFFICIAL_RADII[0]) & (radius < OFFICIAL_RADII[1])
    nearest = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    middle = data - ndimage.laplace(data) / 24  # a mean over a square is larger than the value in its middle
    log = np.log(np.maximum(middle, 1e-15))[tuple(nearest)]
    return Official(log, inside, (centre[0], centre[1]), sun / scale, roll, number)
