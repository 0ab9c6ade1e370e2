"""Where a pixel is in the corona: distance and position angle, sectors, and the area that it covers."""

from __future__ import annotations

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.geometry.observer import SOLAR_RADIUS_M
from corinpaint.lasco.level05.keywords import finite_number
from corinpaint.lasco.level1.alignment import sun_centre

CM_PER_M = 100.0


def polar(
    header: fits.Header, shape: tuple[int, ...], label: str = "product"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Place of the pixels about the sun's centre.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Of a product, or of a Level 1 file of SolarSoft.
    shape : tuple of int
        Rows and columns, px.
    label : str
        Name of the file in error messages.

    Returns
    -------
    distance : ndarray of float64, shape (H, W)
        Impact distance, solar radii.
    angle : ndarray of float64, shape (H, W)
        Position angle, degrees from 0 to 360, counter-clockwise from solar north.

    Raises
    ------
    MissingKeywordError, BadKeywordError
        When CRPIX, CDELT or the radius of the sun is missing or no number.
    """
    column, row = sun_centre(header, label)
    steps = [finite_number(header, key, label) / sun_radius(header, label) for key in ("CDELT1", "CDELT2")]
    x = (np.arange(1, shape[1] + 1) - column)[None, :] * steps[0]
    y = (np.arange(1, shape[0] + 1) - row)[:, None] * steps[1]
    roll = float(header.get("CROTA2", 0.0))
    return np.hypot(x, y), (np.degrees(np.arctan2(-x, y)) + roll) % 360


def sector(
    header: fits.Header,
    shape: tuple[int, ...],
    distances: tuple[float, float],
    angles: tuple[float, float] = (0.0, 360.0),
    label: str = "product",
) -> NDArray[np.bool_]:
    """Pixels between two distances from the sun's centre and two position angles.

    Parameters
    ----------
    header, shape, label
        As for `polar`.
    distances : (float, float)
        The smaller and the larger one, solar radii.
    angles : (float, float)
        Position angles, degrees; the sector goes counter-clockwise from the first to the second, across north too.

    Returns
    -------
    ndarray of bool, shape (H, W)

    Raises
    ------
    MissingKeywordError, BadKeywordError
        As for `polar`.
    """
    distance, angle = polar(header, shape, label)
    width = 360.0 if angles[1] - angles[0] >= 360 else (angles[1] - angles[0]) % 360
    return (distance >= distances[0]) & (distance <= distances[1]) & ((angle - angles[0]) % 360 <= width)


def pixel_area(header: fits.Header, label: str = "product") -> float:
    """Area of the plane of the sky that a pixel covers at the sun, cm2; errors as for `polar`."""
    radius = float(header.get("RSUN_REF", SOLAR_RADIUS_M)) * CM_PER_M / sun_radius(header, label)
    return abs(finite_number(header, "CDELT1", label) * finite_number(header, "CDELT2", label)) * radius**2


def sun_radius(header: fits.Header, label: str = "product") -> float:
    """Radius of the sun as seen by the observer, arcsec: RSUN_OBS, in files of SolarSoft RSUN."""
    return finite_number(header, "RSUN_OBS" if "RSUN_OBS" in header else "RSUN", label)
