"""Bright stars: a small catalogue, and where they are expected in a product by its header.

Sources: Hipparcos, the new reduction (van Leeuwen 2007, Astronomy and Astrophysics 474, 653); coordinates after
Thompson (2006, Astronomy and Astrophysics 449, 791). Aberration moves the sun and the stars beside it alike, so that
directions without it are right among each other to 0.2 arcsec over C3's field.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy.io import fits
from astropy.time import Time, TimeDelta
from numpy.typing import NDArray

from corinpaint.lasco.geometry.observer import Vector, earth_position, stonyhurst_axes

CATALOGUE = Path(__file__).with_name("bright_stars.csv")
"""Stars near the ecliptic: Hipparcos number, place (ICRS, degrees), proper motion (mas per year), Hp and B - V."""

COMMENT_LINES = 2
"""Lines before the names of the columns."""

CATALOGUE_EPOCH_MJD = 48348.5625
"""Epoch of the places, J1991.25."""

MAS_PER_RADIAN = 180 / np.pi * 3.6e6
ARCSEC_PER_RADIAN = 180 / np.pi * 3600
DAYS_PER_YEAR = 365.25


class Stars(NamedTuple):
    """Stars, each array of shape (N,) unless said otherwise.

    Attributes
    ----------
    hip : ndarray of int64
        Hipparcos number.
    direction : ndarray of float64, shape (N, 3)
        Unit vectors on the axes of the ICRS, at the catalogue's epoch.
    motion : ndarray of float64, shape (N, 3)
        Proper motion, radians per year.
    magnitude : ndarray of float64
        Hp, mag.
    colour : ndarray of float64
        B - V, mag.
    """

    hip: NDArray[np.int64]
    direction: NDArray[np.float64]
    motion: NDArray[np.float64]
    magnitude: NDArray[np.float64]
    colour: NDArray[np.float64]


class Places(NamedTuple):
    """Expected places of stars in a product, each array of shape (N,).

    Attributes
    ----------
    hip : ndarray of int64
        Hipparcos number.
    column, row : ndarray of float64
        Place, px from 0.
    magnitude : ndarray of float64
        Hp, mag.
    colour : ndarray of float64
        B - V, mag.
    """

    hip: NDArray[np.int64]
    column: NDArray[np.float64]
    row: NDArray[np.float64]
    magnitude: NDArray[np.float64]
    colour: NDArray[np.float64]


@cache
def catalogue() -> Stars:
    """The stars of the catalogue."""
    table = np.loadtxt(CATALOGUE, delimiter=",", skiprows=COMMENT_LINES + 1)
    hip, longitude, latitude, east, north, magnitude, colour = table.T
    alpha, delta = np.radians(longitude), np.radians(latitude)
    zero = np.zeros_like(alpha)
    direction = np.stack([np.cos(delta) * np.cos(alpha), np.cos(delta) * np.sin(alpha), np.sin(delta)], axis=1)
    eastward = np.stack([-np.sin(alpha), np.cos(alpha), zero], axis=1)
    northward = np.stack([-np.sin(delta) * np.cos(alpha), -np.sin(delta) * np.sin(alpha), np.cos(delta)], axis=1)
    motion = (east[:, None] * eastward + north[:, None] * northward) / MAS_PER_RADIAN
    return Stars(hip.astype(np.int64), direction, motion, magnitude, colour)


def expected_places(header: fits.Header, shape: tuple[int, int]) -> Places:
    """Stars inside a product and their places by the coordinates in its header.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Header of a product: time and length of the exposure, position of SOHO, sun centre, scale and roll.
    shape : tuple of int
        Rows and columns of the product.

    Returns
    -------
    Places
        The brightest first.
    """
    date = Time(header["DATE-OBS"], scale="utc") + TimeDelta(header["EXPTIME"] / 2, format="sec")
    earth = earth_position(date)
    soho = soho_position(header, earth)
    stars = catalogue()
    years = (date.mjd - CATALOGUE_EPOCH_MJD) / DAYS_PER_YEAR
    x, y, ahead = helioprojective(stars.direction + years * stars.motion, soho, earth)
    turn = np.radians(header["CROTA2"])
    # CROTA is the counter-clockwise rotation of the image that brings north up.
    across = (x * np.cos(turn) + y * np.sin(turn)) / header["CDELT1"]
    up = (y * np.cos(turn) - x * np.sin(turn)) / header["CDELT2"]
    column, row = header["CRPIX1"] - 1 + across, header["CRPIX2"] - 1 + up
    inside = ahead & (column >= 0) & (row >= 0) & (column <= shape[1] - 1) & (row <= shape[0] - 1)
    order = np.flatnonzero(inside)[np.argsort(stars.magnitude[inside], kind="stable")]
    return Places(stars.hip[order], column[order], row[order], stars.magnitude[order], stars.colour[order])


def helioprojective(
    directions: NDArray[np.float64], soho: Vector, earth: Vector
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Gnomonic coordinates about the centre of the sun (HPLN-TAN, HPLT-TAN) of directions as SOHO sees them.

    Parameters
    ----------
    directions : ndarray of float64, shape (N, 3)
        Directions on the axes of the ICRS, of any length.
    soho, earth : ndarray of float64, shape (3,)
        Positions relative to the sun, m.

    Returns
    -------
    x, y : ndarray of float64, shape (N,)
        Towards solar west and north, arcsec in the plane that touches the sky at the centre of the sun.
    ahead : ndarray of bool, shape (N,)
        Directions on the sun's side of the sky.
    """
    _, _, pole = stonyhurst_axes(earth)
    towards = -soho / np.linalg.norm(soho)
    north = pole - (pole @ towards) * towards
    north = north / np.linalg.norm(north)
    west = np.cross(towards, north)
    depth = directions @ towards
    ahead = depth > 0
    safe = np.where(ahead, depth, 1.0)
    x, y = (ARCSEC_PER_RADIAN * (directions @ axis) / safe for axis in (west, north))
    return x, y, ahead


def soho_position(header: fits.Header, earth: Vector) -> Vector:
    """Position of SOHO relative to the sun by a header, m, on the axes of the ICRS."""
    latitude, longitude = np.radians(header["HGLT_OBS"]), np.radians(header["HGLN_OBS"])
    parts = np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])
    return np.asarray(header["DSUN_OBS"] * parts @ np.array(stonyhurst_axes(earth)))
