"""Correction of the onboard clock: the offset of the times in Level 0.5 headers.

Source: SolarSoft ``adjust_all_date_obs.pro`` with the table ``c2_time_offsets.dat``, which holds for C2 and C3.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy.time import Time, TimeDelta
from numpy.typing import NDArray

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.reference_files import locate
from corinpaint.lasco.reference_files.calibration_set import CalibrationFile, CalibrationSet, calibration_file

TABLE = "c2_time_offsets.dat"
"""Name of the table of clock offsets."""

DATA_LINE = re.compile(r"\s*[\d.]")
"""Start of a line of data in the table; other lines are remarks."""

MS_PER_DAY = 86_400_000.0

MAX_OFFSET_S = 600.0
"""Maximum plausible clock offset, s; a table with a larger one is damaged."""


class Clock(NamedTuple):
    """Time of a frame after the clock correction.

    Attributes
    ----------
    date : astropy.time.Time
        Start of the exposure, UTC, corrected.
    offset : float
        Clock offset that was subtracted, s.
    file : CalibrationFile or None
        The table of offsets; None when none is available and the time is not corrected.
    """

    date: Time
    offset: float
    file: CalibrationFile | None


def correct_clock(date: Time, calibration: CalibrationSet) -> Clock:
    """Subtract the clock offset from a time (SolarSoft ``adjust_all_date_obs.pro``).

    Parameters
    ----------
    date : astropy.time.Time
        DATE-OBS of the Level 0.5 header, UTC.
    calibration : CalibrationSet

    Returns
    -------
    Clock
        The offset is interpolated linearly in the table; before and after the table, its first and last offset hold.

    Raises
    ------
    CalibrationError
        When the table is damaged.
    """
    path = None if calibration.directory is None else locate.locate(calibration.directory, TABLE)
    if path is None:
        return Clock(date, 0.0, None)
    days, offsets = _table(path, path.stat().st_mtime_ns)
    offset = float(np.interp(date.mjd, days, offsets))
    corrected = date - TimeDelta(offset, format="sec")
    return Clock(corrected.utc, offset, calibration_file(path))


@lru_cache(maxsize=4)
def _table(path: Path, changed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # noqa: ARG001
    """Dates (MJD) and offsets (s), from columns MJD, milliseconds of the day, position, moved and offset."""
    try:
        lines = path.read_text(errors="replace").splitlines()[2:]
        rows = np.array([[float(word) for word in line.split()[:5]] for line in lines if DATA_LINE.match(line)])
        days, offsets = np.floor(rows[:, 0]) + rows[:, 1] / MS_PER_DAY, rows[:, 4]
    except (OSError, ValueError, IndexError) as error:
        raise CalibrationError(f"{path}: not a table of clock offsets ({error})", "fetch the file again") from error
    order = np.argsort(days, kind="stable")
    if not np.isfinite(rows).all() or np.abs(offsets).max() > MAX_OFFSET_S:
        raise CalibrationError(f"{path}: contains clock offsets beyond {MAX_OFFSET_S:.0f} s", "fetch the file again")
    return days[order], offsets[order]
