"""Where the sun is in a product: its centre, its radius and solar north, from the coordinates in the header."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from numpy.typing import ArrayLike, NDArray

from corinpaint.lasco.errors import MissingKeywordError
from corinpaint.lasco.level05.keywords import finite_number

RADII = ("RSUN_OBS", "RSUN")
"""Cards of the angular radius of the sun, arcsec; official files have only the second."""


@dataclass(frozen=True)
class SolarCoordinates:
    """The sun in an image.

    Attributes
    ----------
    column, row : float
        Sun centre, px from 0.
    radius : tuple of float
        Radius of the sun along the columns and along the rows, px.
    roll : float
        CROTA2: the counter-clockwise rotation of the image that brings north up, degrees.
    """

    column: float
    row: float
    radius: tuple[float, float]
    roll: float

    def distance(self, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Distance of each pixel from the sun centre, solar radii.

        Parameters
        ----------
        shape : tuple of int
            Rows and columns.

        Returns
        -------
        ndarray of float32, shape `shape`
        """
        across, up = self._offsets(np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32))
        return np.asarray(np.sqrt(np.square(across)[None, :] + np.square(up)[:, None]))  # faster than np.hypot

    def polar(self, column: ArrayLike, row: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Distance from the sun centre (solar radii) and position angle (degrees, 0 to 360) of places in the image."""
        across, up = self._offsets(np.asarray(column, dtype=np.float64), np.asarray(row, dtype=np.float64))
        angle = np.degrees(np.arctan2(-across, up)) + self.roll
        return np.hypot(across, up), angle % 360

    def place(self, distance: ArrayLike, angle: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Column and row of places, px from 0.

        Parameters
        ----------
        distance : float or array of float
            From the sun centre, solar radii.
        angle : float or array of float
            Position angle, counter-clockwise from solar north (over solar east), degrees.
        """
        turned = np.radians(np.asarray(angle, dtype=np.float64) - self.roll)
        column = self.column - self.radius[0] * np.asarray(distance) * np.sin(turned)
        return column, self.row + self.radius[1] * np.asarray(distance) * np.cos(turned)

    def _offsets(
        self, column: NDArray[np.floating], row: NDArray[np.floating]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        across, up = (column - self.column) / self.radius[0], (row - self.row) / self.radius[1]
        return across.astype(column.dtype), up.astype(row.dtype)


def solar_coordinates(header: fits.Header) -> SolarCoordinates:
    """Sun centre, radius and roll by the header of a product.

    Parameters
    ----------
    header : astropy.io.fits.Header
        With CRPIX1, CRPIX2, CDELT1, CDELT2, and RSUN_OBS or RSUN; CRVAL1, CRVAL2 and CROTA2 are 0 where they are
        missing.

    Returns
    -------
    SolarCoordinates

    Raises
    ------
    MissingKeywordError, BadKeywordError
        When a card is missing or no number.
    """
    label = str(header.get("FILENAME", "product")).strip()
    key = next((key for key in RADII if key in header), None)
    if key is None:
        raise MissingKeywordError(f"{label}: neither {' nor '.join(RADII)} is in the header", "give a Level 1 file")
    solar_radius = finite_number(header, key, label)
    scale = [finite_number(header, f"CDELT{axis}", label) for axis in (1, 2)]
    middle = [finite_number(header, f"CRPIX{axis}", label) - 1 for axis in (1, 2)]
    west, north = (finite_number(header, f"CRVAL{i}", label) if f"CRVAL{i}" in header else 0.0 for i in (1, 2))
    roll = finite_number(header, "CROTA2", label) if "CROTA2" in header else 0.0
    cos, sin = math.cos(math.radians(roll)), math.sin(math.radians(roll))
    return SolarCoordinates(
        middle[0] - (west * cos + north * sin) / scale[0],
        middle[1] - (north * cos - west * sin) / scale[1],
        (solar_radius / scale[0], solar_radius / scale[1]),
        roll,
    )
