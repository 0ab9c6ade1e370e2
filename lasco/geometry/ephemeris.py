"""Position of SOHO from tables of JPL Horizons, one for each year."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.reference_files import horizons_text, locate
from corinpaint.lasco.reference_files.calibration_set import CalibrationFile, calibration_file
from corinpaint.lasco.reference_files.catalogue import ephemeris_name

POINTS = horizons_text.MIN_ROWS
"""Rows of the table from which a position is interpolated, by a polynomial of third degree."""

JD_OF_2000 = 2451544.5
"""Julian date of 2000-01-01T00:00."""

M_PER_KM = 1e3


class SohoPosition(NamedTuple):
    """Position of SOHO from a table.

    Attributes
    ----------
    position : ndarray of float64, shape (3,)
        Relative to the centre of the sun, m, on the axes of the ICRS.
    file : CalibrationFile
        The table.
    """

    position: NDArray[np.float64]
    file: CalibrationFile


def soho_position(directory: Path, date: float) -> SohoPosition | None:
    """Position of SOHO at a date, interpolated in the table of its year.

    Parameters
    ----------
    directory : Path
        The calibration folder.
    date : float
        Julian date, TDB.

    Returns
    -------
    SohoPosition or None
        None when there is no table of the year, or it does not cover the date.

    Raises
    ------
    CalibrationError
        When the table is damaged.
    """
    path = locate.locate(directory, ephemeris_name(_year(date)))
    if path is None:
        return None
    times, places = _table(path, path.stat().st_mtime_ns)
    if not times[0] <= date <= times[-1]:
        return None
    return SohoPosition(interpolate(times, places, date), calibration_file(path))


def interpolate(times: NDArray[np.float64], places: NDArray[np.float64], date: float) -> NDArray[np.float64]:
    """Interpolate in the four rows nearest to a date (Lagrange's polynomial).

    Parameters
    ----------
    times : ndarray of float64, shape (N,)
        Ascending, N of at least 4.
    places : ndarray of float64, shape (N, 3)
    date : float
        Between the first and the last time.

    Returns
    -------
    ndarray of float64, shape (3,)
    """
    first = int(np.clip(np.searchsorted(times, date) - POINTS // 2, 0, times.size - POINTS))
    near = times[first : first + POINTS]
    others = [np.delete(near, index) for index in range(POINTS)]
    weights = np.array([np.prod((date - rest) / (own - rest)) for own, rest in zip(near, others, strict=True)])
    return np.asarray(weights @ places[first : first + POINTS])


def _year(date: float) -> int:
    """Year of a Julian date."""
    day = np.datetime64("2000-01-01") + np.timedelta64(int(np.floor(date - JD_OF_2000)), "D")
    return int(str(day)[:4])


@lru_cache(maxsize=8)
def _table(path: Path, changed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # noqa: ARG001
    """Julian dates (TDB), shape (N,), and positions (m), shape (N, 3)."""
    text = horizons_text.read(path)
    defect = horizons_text.find_defect(text)
    if defect is not None:
        raise CalibrationError(f"{path}: {defect}", "fetch the file again")
    rows = horizons_text.read_rows(text)
    return rows[:, 0], M_PER_KM * rows[:, 1:]
