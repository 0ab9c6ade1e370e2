"""Position of SOHO and apparent size of the sun: from a table of JPL Horizons, else from a model of SOHO's halo orbit.

SOHO circles the Lagrange point L1 once in 178 days, 665000 km to either side of the line from the sun to the earth,
120000 km north and south of the ecliptic, and 206000 km along the line. Seen from there, the sun lies up to 0.26
degrees beside its geocentric place among the stars: 17 px of C3, 79 px of C2.

The model is a path under the gravity of sun, earth and moon over forty years, fitted to stars in frames of C2 and C3 of
2002 to 2014 (benchmarks/halo_orbit.py); docs/explanation/calibration/observer.md says how well it holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import erfa
import numpy as np
from astropy.time import Time
from numpy.typing import NDArray

from corinpaint.lasco.geometry import ephemeris
from corinpaint.lasco.reference_files.calibration_set import CalibrationFile, CalibrationSet

SOLAR_RADIUS_M = 6.957e8
"""Nominal solar radius, m (IAU 2015 resolution B3)."""

ARCSEC_AT_1AU = 959.63
"""Angular radius of the sun at 1 au, arcsec (SolarSoft)."""

AU_M = 1.495978707e11
"""Astronomical unit, m (IAU 2012 resolution B2)."""

L1_FRACTION = 0.99
"""Distance of L1 from the sun over that of the earth, which SolarSoft takes for SOHO's."""

MOON_SHARE = 1 / 82.30057
"""Mass of the moon over that of the earth and the moon together."""

ORBIT = Path(__file__).with_name("halo_orbit.csv")
"""The model: every 10 days, the position relative to L1 in km."""

HEADER_LINES = 3
"""Lines of the table before the first position."""

LAST_FITTED_MJD = 57010.0
"""End of the frames that the model was fitted to and compared with day by day, 2014-12-17."""

CHECKED_MJD = 60965.0
"""Last day of the frames that the model was compared with, 2025-10-17."""

RECOVERY_MJD = 51081.0
"""SOHO's orbit was lost and found again in 1998: from 1998-09-25 on it is as before."""

MODEL_ERRORS_DEG = {"fitted": 0.003, "checked": 0.006, "unchecked": 0.03}
"""Error of the model (1 sigma in each direction), degrees as seen from the sun: from 1998-09-25 to the last fitted day,
to the last checked day, and (judged, not measured) at other times."""

NO_MODEL_ERROR_DEG = 0.3
"""Error where L1 stands for SOHO, before and after the model: the size of the halo."""

MODEL_ERROR_M = 5e6
"""Error of the distance by the model (1 sigma), m."""

NO_MODEL_ERROR_M = 2.5e8
"""Error of the distance where L1 stands for SOHO, m."""

TABLE_ERROR_DEG = 1e-4
"""Error of a position from the table of Horizons, degrees: an upper bound for SOHO's orbit files and the
interpolation."""

TABLE_ERROR_M = 1e5
"""Error of the distance from the table of Horizons, m: an upper bound."""

SOLAR_POLE_DEG = (286.13, 63.87)
"""Right ascension and declination of the solar north pole, degrees (Seidelmann et al. 2007; also sunpy's)."""

MJD_0 = 2400000.5
"""Julian date of MJD 0."""

Vector = NDArray[np.float64]


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
    error : float
        Error of latitude and longitude (1 sigma), degrees.
    distance_error : float
        Error of the distance (1 sigma), m.
    source : str
        The name of the table of Horizons, 'model of the halo orbit', or 'L1' beyond the model.
    file : CalibrationFile or None
        The table of Horizons; None for the model.
    """

    distance: float
    latitude: float
    longitude: float
    radius: float
    error: float
    distance_error: float
    source: str
    file: CalibrationFile | None = None


def soho_observer(date: Time, calibration: CalibrationSet | None = None) -> Observer:
    """Position of SOHO at a date.

    Parameters
    ----------
    date : astropy.time.Time
    calibration : CalibrationSet, optional
        Where a table of Horizons is looked for; see `corinpaint.lasco.geometry.ephemeris`.

    Returns
    -------
    Observer
        From the table where it covers the date, else from the model of the halo orbit; before 1996-03-18 and after
        2035-12 it is L1.

    Raises
    ------
    CalibrationError
        When the table is damaged.
    """
    day, earth = barycentric_jd(date), earth_position(date)
    directory = None if calibration is None else calibration.directory
    found = None if directory is None else ephemeris.soho_position(directory, day)
    if found is not None:
        return _observer(earth, found.position, (TABLE_ERROR_DEG, TABLE_ERROR_M), found.file.name, found.file)
    times, _ = _orbit()
    if not times[0] <= day - MJD_0 <= times[-1]:
        return _observer(earth, _model_position(date, earth, np.zeros(3)), (NO_MODEL_ERROR_DEG, NO_MODEL_ERROR_M), "L1")
    halo = ephemeris.interpolate(*_orbit(), day - MJD_0)
    errors = (model_error(date), MODEL_ERROR_M)
    return _observer(earth, _model_position(date, earth, halo), errors, "model of the halo orbit")


def model_error(date: Time) -> float:
    """Error of latitude and longitude by the model (1 sigma), degrees."""
    day = float(date.utc.mjd)
    if RECOVERY_MJD <= day <= LAST_FITTED_MJD:
        return MODEL_ERRORS_DEG["fitted"]
    return MODEL_ERRORS_DEG["checked" if LAST_FITTED_MJD < day <= CHECKED_MJD else "unchecked"]


def solarsoft_radius(date: Time) -> float:
    """Angular radius of the sun as SolarSoft gives it in RSUN: at 0.99 of the distance of the earth, arcsec."""
    return ARCSEC_AT_1AU * AU_M / (L1_FRACTION * float(np.linalg.norm(earth_position(date))))


def earth_position(date: Time) -> Vector:
    """Position of the earth relative to the sun, m, on the axes of the ICRS; shape (3,).

    It is that of `astropy.coordinates.get_body_barycentric` with its built-in ephemeris (ERFA ``epv00``), without the
    import of `astropy.coordinates`, which takes longer than the calibration of a frame.
    """
    heliocentric, _ = erfa.epv00(*_dynamical_time(date))
    return AU_M * np.array(heliocentric["p"].tolist(), dtype=np.float64)


def barycentric_jd(date: Time) -> float:
    """Julian date in barycentric dynamical time (TDB), the time of Horizons' vectors, within 2 ms."""
    return float(sum(_dynamical_time(date)))


def stonyhurst(position: Vector, earth: Vector) -> tuple[float, float]:
    """Heliographic latitude and Stonyhurst longitude of a position, degrees.

    Parameters
    ----------
    position, earth : ndarray of float64, shape (3,)
        Relative to the sun, on the axes of the ICRS.
    """
    x, y, pole = stonyhurst_axes(earth)
    latitude = np.arcsin(position @ pole / np.linalg.norm(position))
    return float(np.degrees(latitude)), float(np.degrees(np.arctan2(position @ y, position @ x)))


def stonyhurst_axes(earth: Vector) -> tuple[Vector, Vector, Vector]:
    """Axes of heliographic Stonyhurst coordinates as unit vectors of the ICRS.

    Parameters
    ----------
    earth : ndarray of float64, shape (3,)
        Position of the earth relative to the sun.

    Returns
    -------
    tuple of ndarray, each of shape (3,)
        In the solar equator towards the central meridian and 90 degrees west of it, and the north pole.
    """
    alpha, delta = np.radians(SOLAR_POLE_DEG)
    pole = np.array([np.cos(delta) * np.cos(alpha), np.cos(delta) * np.sin(alpha), np.sin(delta)])
    meridian = earth - (earth @ pole) * pole
    meridian = meridian / np.linalg.norm(meridian)
    return meridian, np.cross(pole, meridian), pole


def _observer(
    earth: Vector, soho: Vector, errors: tuple[float, float], source: str, file: CalibrationFile | None = None
) -> Observer:
    distance = float(np.linalg.norm(soho))
    latitude, longitude = stonyhurst(soho, earth)
    return Observer(distance, latitude, longitude, ARCSEC_AT_1AU * AU_M / distance, *errors, source, file)


def _model_position(date: Time, earth: Vector, halo: Vector) -> Vector:
    """Position of SOHO relative to the sun, m on the axes of the ICRS, from that relative to L1 in km.

    The axes are those of the table: from the sun to the barycentre of earth and moon, along its motion, and north.
    """
    moon = AU_M * np.array(erfa.moon98(*_dynamical_time(date))["p"].tolist(), dtype=np.float64)
    barycentre = earth + MOON_SHARE * moon
    line = barycentre / np.linalg.norm(barycentre)
    across = np.cross(_ecliptic_pole(), line)
    across = across / np.linalg.norm(across)
    axes = np.array([line, across, np.cross(line, across)])
    return np.asarray(L1_FRACTION * barycentre + 1e3 * halo @ axes)


@cache
def _orbit() -> tuple[Vector, Vector]:
    """Days (MJD, TDB), shape (N,), and positions relative to L1 (km), shape (N, 3), of the model."""
    table = np.loadtxt(ORBIT, delimiter=",", skiprows=HEADER_LINES)
    return table[:, 0], table[:, 1:]


def _ecliptic_pole() -> Vector:
    """North pole of the ecliptic of J2000 as a unit vector of the ICRS."""
    obliquity = np.radians(84381.406 / 3600)
    return np.array([0.0, -np.sin(obliquity), np.cos(obliquity)])


def _dynamical_time(date: Time) -> tuple[float, float]:
    """Julian date in terrestrial time in two parts, which TDB is within 2 ms of: 60 m of the earth's path.

    It goes by ERFA's own list of leap seconds, which holds all those of SOHO's years. ``date.tt`` is the same, but has
    astropy look for a newer list first, which takes as long as filling a frame.
    """
    utc = date.utc
    first, second = erfa.taitt(*erfa.utctai(utc.jd1, utc.jd2))
    return float(first), float(second)
