"""Position of SOHO and apparent size of the sun, computed offline."""

from __future__ import annotations

from dataclasses import dataclass

import erfa
import numpy as np
from astropy.time import Time

SOLAR_RADIUS_M = 6.957e8
"""Nominal solar radius, m (IAU 2015 resolution B3)."""

ARCSEC_AT_1AU = 959.63
"""Angular radius of the sun at 1 au, arcsec (SolarSoft)."""

L1_FRACTION = 0.99
"""Distance of SOHO from the sun over that of the earth; on the halo orbit about L1 it stays within 0.3 % of this."""

AU_M = 1.495978707e11
"""Astronomical unit, m (IAU 2012 resolution B2)."""


@dataclass(frozen=True)
class Observer:
    """Position of SOHO.

    Attributes
    ----------
    distance : float
        Distance from the sun, m.
    latitude, longitude : float
        Heliographic Stonyhurst coordinates, degrees.
    radius : float
        Angular radius of the sun, arcsec.
    """

    distance: float
    latitude: float
    longitude: float
    radius: float


def soho_observer(date: Time) -> Observer:
    """Position of SOHO at a date: on the line from the sun to the earth, at 0.99 of the distance of the earth.

    The earth's place less the sun's are those of `astropy.coordinates.get_body_barycentric` with its built-in
    ephemeris, without the import of `astropy.coordinates`, which takes longer than the calibration of a frame.

    Latitude after Meeus, Astronomical Algorithms (1998), chapter 29. SOHO's halo orbit departs from this by up to
    0.3 degrees in longitude, 0.05 degrees in latitude as seen from the sun, and 0.3 % in distance.

    Parameters
    ----------
    date : astropy.time.Time

    Returns
    -------
    Observer
    """
    terrestrial = _terrestrial(date)
    tdb = terrestrial.tdb
    heliocentric, earth = erfa.epv00(tdb.jd1, tdb.jd2)
    sun = erfa.pvmpv(earth, heliocentric)
    x, y, z = AU_M * (earth["p"] - sun["p"])
    distance = L1_FRACTION * float(np.sqrt(x * x + y * y + z * z))
    latitude = _solar_b0(terrestrial.jd)
    return Observer(distance, latitude, 0.0, ARCSEC_AT_1AU * AU_M / distance)


def _terrestrial(date: Time) -> Time:
    """The date in terrestrial time, by ERFA's own list of leap seconds, which holds all those of SOHO's years.

    ``date.tt`` is the same, but has astropy look for a newer list first, which takes as long as filling a frame.
    """
    utc = date.utc
    return Time(*erfa.taitt(*erfa.utctai(utc.jd1, utc.jd2)), format="jd", scale="tt")


def _solar_b0(date: float) -> float:
    """Heliographic latitude of the earth in degrees on a Julian date (Meeus, equations of chapters 25 and 29)."""
    day = date - 2451545.0
    anomaly = np.radians(357.529 + 0.98560028 * day)
    longitude = np.radians(280.459 + 0.98564736 * day + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    node = np.radians(73.6667 + 1.3958333 * (date - 2396758.0) / 36525)
    return float(np.degrees(np.arcsin(np.sin(longitude - node) * np.sin(np.radians(7.25)))))
