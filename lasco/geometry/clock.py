"""Correction of the onboard clock: the offset of the times in Level 0.5 headers.

Source: SolarSoft ``adjust_all_date_obs.pro`` and ``time_correction2.pro`` 1.5, which take the offset from
TIME_DIFF.DAT, and at three times in 1996 and 1997 from stars in C2 images. CorKit takes it from
``c2_time_offsets.dat`` always.
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
from corinpaint.lasco.reference_files import locate, time_differences
from corinpaint.lasco.reference_files.calibration_set import CalibrationFile, CalibrationSet, calibration_file
from corinpaint.lasco.reference_files.time_differences import TimeDifferences

DIFFERENCES = "TIME_DIFF.DAT"
"""Name of the table of differences between LASCO's clock and SOHO's."""

TABLE = "c2_time_offsets.dat"
"""Name of the table of clock offsets from stars in C2 images."""

STARS_ONLY = (
    ("1995-01-01T00:00:00", "1997-09-03T07:28:00"),
    ("1997-10-19T18:28:29.682", "1997-10-27T22:41:37.680"),
    ("1997-12-06T00:27:37.672", "1997-12-30T20:23:22.848"),
)
"""Times for which TIME_DIFF.DAT is not valid and the offsets are those from stars (``time_correction2.pro``)."""

PLAUSIBLE_OFFSETS_S = (-15.0, 500.0)
"""Offsets in TIME_DIFF.DAT beyond these are bad; the median of the record and its neighbours replaces them
(``time_correction2.pro``)."""

UNCORRECTED_ERROR = "up to 2 minutes off"
"""How far an uncorrected time can be off: 120.02 s in an official file of December 2010."""

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
        The table of offsets; None when the time is not corrected.
    scatter : float
        Standard deviation of the offset and its neighbours in TIME_DIFF.DAT, s; 0 when it is not known.
    reason : str
        Why the time is not corrected; empty when it is.
    """

    date: Time
    offset: float
    file: CalibrationFile | None
    scatter: float = 0.0
    reason: str = ""

    @property
    def comment(self) -> str:
        """What DATE-OBS is, for the comment of its card."""
        return "start, UTC, clock corrected" if self.file else f"start, UTC, clock {UNCORRECTED_ERROR}"

    @property
    def history(self) -> str:
        """What was done, for HISTORY."""
        if self.file is None:
            return f"Clock not corrected ({self.reason}): times are {UNCORRECTED_ERROR}"
        scatter = f", stdev {self.scatter:.3f} s" if self.scatter else ""
        return f"Clock offset {self.offset:.3f} s subtracted ({self.file.name}{scatter})"


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
        The offset of the last record before the date in TIME_DIFF.DAT, as SolarSoft; where that table is missing, not
        valid or does not cover the date, it is interpolated linearly in ``c2_time_offsets.dat``. Beyond both the time
        is not corrected.

    Raises
    ------
    CalibrationError
        When a table is damaged.
    """
    paths = [_path(calibration, name) for name in (DIFFERENCES, TABLE)]
    if not any(paths):
        return Clock(date, 0.0, None, reason="no table of clock offsets")
    found = (None if paths[0] is None else _by_differences(paths[0], date)) or (
        None if paths[1] is None else _by_stars(paths[1], date)
    )
    if found is None:
        return Clock(date, 0.0, None, reason="the tables of clock offsets do not cover it")
    path, offset, scatter = found
    return Clock((date - TimeDelta(offset, format="sec")).utc, offset, calibration_file(path), scatter)


def _path(calibration: CalibrationSet, name: str) -> Path | None:
    return None if calibration.directory is None else locate.locate(calibration.directory, name)


def _by_differences(path: Path, date: Time) -> tuple[Path, float, float] | None:
    """The table, offset and scatter by TIME_DIFF.DAT (s); None where it is not valid or does not cover the date."""
    table, day = _differences(path, path.stat().st_mtime_ns), float(date.utc.mjd)
    last = int(np.searchsorted(table.mjd, day, side="right")) - 1
    if last < 0 or last >= table.mjd.size - 1 or any(start <= day <= end for start, end in _star_times()):
        return None
    near = table.offsets[max(last - 1, 0) : last + 2]
    offset = float(table.offsets[last])
    if not PLAUSIBLE_OFFSETS_S[0] <= offset <= PLAUSIBLE_OFFSETS_S[1]:
        offset = float(np.median(near))
    if abs(offset) > MAX_OFFSET_S:
        raise CalibrationError(f"{path}: contains clock offsets beyond {MAX_OFFSET_S:.0f} s", "fetch the file again")
    return path, offset, float(np.std(near, ddof=1))


def _by_stars(path: Path, date: Time) -> tuple[Path, float, float] | None:
    """The table, offset (s) and 0 by ``c2_time_offsets.dat``; None beyond it."""
    days, offsets = _table(path, path.stat().st_mtime_ns)
    day = float(date.utc.mjd)
    if not days[0] <= day <= days[-1]:
        return None
    return path, float(np.interp(day, days, offsets)), 0.0


@lru_cache(maxsize=1)
def _star_times() -> tuple[tuple[float, float], ...]:
    """`STARS_ONLY` as MJD."""
    return tuple((float(Time(start).mjd), float(Time(end).mjd)) for start, end in STARS_ONLY)


@lru_cache(maxsize=4)
def _differences(path: Path, changed: int) -> TimeDifferences:  # noqa: ARG001
    try:
        return time_differences.read(path)
    except (OSError, ValueError) as error:
        raise CalibrationError(f"{path}: not a table of clock differences ({error})", "fetch the file again") from error


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
