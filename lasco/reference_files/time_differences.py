"""TIME_DIFF.DAT: differences between LASCO's clock and SOHO's, in SolarSoft's binary format.

Source: SolarSoft ``time_correction2.pro`` 1.5. A file is a sequence of records of 16 bytes, four 32-bit integers each.
The first integer of the first record is the number of records that follow. Each of these holds two times as days (MJD)
and milliseconds of the day: the time by LASCO's clock, and that by SOHO's. The records of earlier years have another
byte order than later ones (it depended on the computer that appended them).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RECORD_BYTES = 16
"""Size of a record."""

MJD_RANGE = (49718, 73000)
"""Days that a record may hold: from 1995-01-01 (as SolarSoft) to 2058. In the wrong byte order none is in it."""

MS_PER_DAY = 86_400_000

MIN_PLAUSIBLE_SHARE = 0.99
"""Minimum share of the records with plausible times; SolarSoft stops at the first bad record that it meets."""


class TimeDifferences(NamedTuple):
    """Table of clock differences, in ascending order of time.

    Attributes
    ----------
    mjd : ndarray of float64, shape (N,)
        Time by SOHO's clock, UTC, MJD.
    offsets : ndarray of float64, shape (N,)
        LASCO's clock minus SOHO's, s.
    """

    mjd: NDArray[np.float64]
    offsets: NDArray[np.float64]


def read(path: Path) -> TimeDifferences:
    """Read TIME_DIFF.DAT.

    Parameters
    ----------
    path : Path

    Returns
    -------
    TimeDifferences
        Records whose times are implausible in both byte orders are left out.

    Raises
    ------
    ValueError
        When the file is not such a table.
    OSError
        When it cannot be read.
    """
    content = path.read_bytes()
    if len(content) < 2 * RECORD_BYTES:
        raise ValueError("too short")
    count = int(np.frombuffer(content, "<i4", 1)[0])
    if not 0 < count < len(content) // RECORD_BYTES:
        swapped = int(np.frombuffer(content, ">i4", 1)[0])
        if not 0 < swapped < len(content) // RECORD_BYTES:
            raise ValueError(f"announces {count} records in {len(content)} bytes")
        count = swapped
    little, big = (
        np.frombuffer(content, order, 4 * count, RECORD_BYTES).reshape(count, 4).astype(np.int64)
        for order in ("<i4", ">i4")
    )
    good = _plausible(little) | _plausible(big)
    if good.mean() < MIN_PLAUSIBLE_SHARE:
        raise ValueError(f"{int((~good).sum())} of {count} records hold no times of SOHO's mission")
    records = np.where(_plausible(little)[:, None], little, big)[good]
    lasco, soho = (records[:, day] * MS_PER_DAY + records[:, day + 1] for day in (0, 2))
    order = np.argsort(soho, kind="stable")
    return TimeDifferences(soho[order] / MS_PER_DAY, (lasco - soho)[order] / 1000.0)


def find_defect(path: Path) -> str | None:
    """What is wrong with a file as TIME_DIFF.DAT; None when nothing is."""
    try:
        read(path)
    except ValueError as error:
        return f"not a table of clock differences ({error})"
    return None


def _plausible(records: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Records whose days and milliseconds are times of SOHO's mission; shape (N,)."""
    days, milliseconds = records[:, ::2], records[:, 1::2]
    first, last = MJD_RANGE
    inside = (days >= first) & (days <= last) & (milliseconds >= 0) & (milliseconds <= MS_PER_DAY + 1000)
    return np.asarray(inside.all(axis=1))
