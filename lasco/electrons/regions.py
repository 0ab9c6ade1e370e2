"""Where a pixel is in the corona: distance and position angle, sectors, and the area that it covers."""

from __future__ import annotations

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.geometry.observer import SOLAR_RADIUS_M
from corinpaint.lasco.pictures.coordinates import solar_coordinates

CM_PER_M = 100.0


def polar(header: fits.Header, shape: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Place of the pixels about the sun's centre.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Of a product, or of a Level 1 file of SolarSoft.
    shape : tuple of int
        Rows and columns, px.

    Returns
    -------
    distance : ndarray of float64, shape (H, W)
        Of the line of sight from the sun's centre, solar radii.
    angle : ndarray of float64, shape (H, W)
        Position angle, degrees from 0 to 360, counter-clockwise from solar north.

    Raises
    ------
    MissingKeywordError, BadKeywordError
        As for `corinpaint.lasco.pictures.coordinates.solar_coordinates`.
    """
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return solar_coordinates(header).polar(columns, rows)


def sector(
    header: fits.Header,
    shape: tuple[int, ...],
    distances: tuple[float, float],
    angles: tuple[float, float] = (0.0, 360.0),
) -> NDArray[np.bool_]:
    """Pixels between two distances from the sun's centre and two position angles.

    Parameters
    ----------
    header, shape
        As for `polar`, whose errors it raises.
    distances : (float, float)
        The smaller and the larger one, solar radii.
    angles : (float, float)
        Position angles, degrees; the sector goes counter-clockwise from the first to the second, across north too.

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    distance, angle = polar(header, shape)
    width = 360.0 if angles[1] - angles[0] >= 360 else (angles[1] - angles[0]) % 360
    return (distance >= distances[0]) & (distance <= distances[1]) & ((angle - angles[0]) % 360 <= width)


def pixel_area(header: fits.Header) -> float:
    """Area of the plane of the sky that a pixel covers at the sun, cm2; errors as for `polar`."""
    radius = float(header.get("RSUN_REF", SOLAR_RADIUS_M)) * CM_PER_M
    columns, rows = solar_coordinates(header).radius
    return radius**2 / abs(columns * rows)
