"""Where the sun is in a frame, and where SOHO is: pointing, roll and observer coordinates.

Star-fit tables are not used yet: the sun centre comes from the header, the roll is nominal (SolarSoft
``get_sun_center.pro``, ``get_roll_or_xy.pro`` defaults).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.coordinates import get_body_barycentric
from astropy.time import Time

from corinpaint.lasco.frame import Frame

DEFAULT_SUN_CENTRE = (518.2, 532.5)
"""Sun centre (column, row) of C3, px from 0, where the header has none (SolarSoft)."""

NOMINAL_ROLL = -0.23
"""Roll of C3 against the spacecraft in degrees where no star fit is at hand (SolarSoft)."""

PLATE_SCALE = 56.0
"""arcsec per px of C3, unsummed (SolarSoft ``subtense``)."""

SOLAR_RADIUS_M = 6.957e8
"""Nominal solar radius, m (IAU 2015 resolution B3)."""

ARCSEC_AT_1AU = 959.63
"""Angular radius of the sun at 1 au, arcsec (SolarSoft)."""

L1_FRACTION = 0.99
"""SOHO's distance to the sun over the earth's: the halo orbit about L1 keeps it within 0.3 % of this."""

AU_M = 1.495978707e11


@dataclass(frozen=True)
class Pointing:
    """Sun centre and roll of the product.

    Attributes
    ----------
    column, row : float
        Sun centre, px from 0, in the product (solar north up).
    roll : float
        CROTA in degrees: turn the image by it counter-clockwise to bring solar north straight up.
    source : str
        Where it comes from.
    """

    column: float
    row: float
    roll: float
    source: str


@dataclass(frozen=True)
class Observer:
    """Where SOHO was.

    Attributes
    ----------
    distance : float
        To the sun, m.
    latitude, longitude : float
        Heliographic Stonyhurst coordinates, degrees.
    radius : float
        Angular radius of the sun, arcsec.
    """

    distance: float
    latitude: float
    longitude: float
    radius: float


def pointing(frame: Frame) -> Pointing:
    """Pointing of the product made from a frame.

    Level 0.5 headers give CRPIX counted from 0 (real Level 1 files carry the same centre plus one). Frames taken with
    SOHO upside down are turned, and their sun centre with them; the roll that is left is SOHO's (CROTA1) plus the
    camera's own.

    Parameters
    ----------
    frame : Frame

    Returns
    -------
    Pointing
    """
    column, row = frame.header.get("CRPIX1"), frame.header.get("CRPIX2")
    source = "CRPIX and CROTA1 of the Level 0.5 header"
    if column is None or row is None or not (400 < column < 624 and 400 < row < 624):
        (column, row), source = DEFAULT_SUN_CENTRE, "default sun centre, CROTA1 of the header"
    if frame.turned:
        column, row = frame.data.shape[1] - 1 - column, frame.data.shape[0] - 1 - row
    return Pointing(float(column), float(row), frame.residual_roll + NOMINAL_ROLL, source)


def observer(date: Time) -> Observer:
    """Where SOHO was, from the earth's place: on the line from the sun to the earth, at 0.99 of its distance.

    Latitude after Meeus, Astronomical Algorithms (1998), chapter 29. SOHO's halo orbit departs from this by up to
    0.3 degrees in longitude, 0.05 degrees in latitude as seen from the sun, and 0.3 % in distance.

    Parameters
    ----------
    date : astropy.time.Time

    Returns
    -------
    Observer
    """
    earth = get_body_barycentric("earth", date, ephemeris="builtin").xyz
    sun = get_body_barycentric("sun", date, ephemeris="builtin").xyz
    x, y, z = (earth - sun).to_value("m")
    distance = L1_FRACTION * float(np.sqrt(x * x + y * y + z * z))
    latitude = _solar_b0(date)
    return Observer(distance, latitude, 0.0, ARCSEC_AT_1AU * AU_M / distance)


def _solar_b0(date: Time) -> float:
    """Heliographic latitude of the earth in degrees (Meeus, equations of chapters 25 and 29)."""
    day = date.tt.jd - 2451545.0
    anomaly = np.radians(357.529 + 0.98560028 * day)
    longitude = np.radians(280.459 + 0.98564736 * day + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    node = np.radians(73.6667 + 1.3958333 * (date.tt.jd - 2396758.0) / 36525)
    return float(np.degrees(np.arcsin(np.sin(longitude - node) * np.sin(np.radians(7.25)))))
