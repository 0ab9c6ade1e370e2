"""Catalogue of the official calibration files: names, addresses and purposes.

Names and addresses are those of CorKit's ``dataset.py``. The path of a file in the calibration folder is its path below
the SolarSoft root of its server ($SSW), or below ``data/`` for the attitude of SOHO.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlencode

from corinpaint.lasco.errors import OptionError

if TYPE_CHECKING:
    from corinpaint.lasco.level05.frame import Frame

Kind = Literal["image", "save", "exposures", "offsets", "differences", "ephemeris", "text", "attitude"]
"""Kind of content: FITS image, IDL save file, table of exposure factors, table of clock offsets, binary table of clock
differences, table of Horizons, other text, FITS table of the attitude."""

SOHO = "https://soho.nascom.nasa.gov/solarsoft/"
"""SolarSoft root of the SOHO server."""

HESPERIA = "https://hesperia.gsfc.nasa.gov/ssw/"
"""SolarSoft root of the Hesperia server."""

SOHO_DATA = "https://soho.nascom.nasa.gov/data/"
"""Root of the data of the SOHO server."""

HORIZONS = "https://ssd.jpl.nasa.gov/api/horizons.api"
"""Interface of JPL Horizons."""

HORIZONS_QUERY = {
    "format": "text",
    "COMMAND": "'-21'",
    "OBJ_DATA": "'NO'",
    "MAKE_EPHEM": "'YES'",
    "EPHEM_TYPE": "'VECTORS'",
    "CENTER": "'500@10'",
    "REF_PLANE": "'FRAME'",
    "REF_SYSTEM": "'ICRF'",
    "OUT_UNITS": "'KM-S'",
    "VEC_TABLE": "'1'",
    "VEC_CORR": "'NONE'",
    "CSV_FORMAT": "'YES'",
    "STEP_SIZE": "'6 h'",
}
"""Query for SOHO's positions, with START_TIME and STOP_TIME: geometric vectors from the centre of the sun, ICRF, km,
every 6 hours."""

BOTH_DETECTORS = ("C2", "C3")
"""Telescopes of the catalogue."""

FIRST_DAY = date(1995, 12, 2)
"""Launch of SOHO."""

FIRST_EPHEMERIS_DAY = date(1995, 12, 3)
"""First full day of SOHO's positions in Horizons."""

LAST_YEAR_WITH_FOLDER = 2021
"""Last year with a folder of its own for predictive attitude files; later files are beside those folders (CorKit)."""

_CALIB = "soho/lasco/lasco/data/calib/"
_STARS = "soho/lasco/idl/data/calib/"
_EPHEMERIDES = "horizons/"
_PREDICTIVE = "ancillary/attitude/predictive/"

_TABLE = re.compile(r"(?P<detector>c[23])_expfactor_(?P<day>\d{6})\.dat")
_ATTITUDE = re.compile(r"SO_AT_(?:(?P<pre>PRE)|ROL)_(?P<day>\d{8})_V(?P<version>\d+)\.(?(pre)fts|dat)", re.IGNORECASE)

_EPHEMERIS = re.compile(r"soho_horizons_(?P<year>\d{4})\.txt")


@dataclass(frozen=True)
class ReferenceFile:
    """An official calibration file.

    Attributes
    ----------
    path : str
        Path below the calibration folder, with slashes.
    server : str
        Address of the official server, to which `path` is relative.
    kind : str
        See `Kind`.
    detectors : tuple of str
        Telescopes whose calibration uses the file.
    purpose : str
        What the file contains.
    day : datetime.date or None
        Day of a daily file, UTC; None for other files.
    address : str
        Address of the file on its server when it is not `server` with `path`, as for an answer to a query.
    optional : bool
        Whether the calibration does without it, so that its absence from a server is no failure.
    """

    path: str
    server: str
    kind: Kind
    detectors: tuple[str, ...]
    purpose: str
    day: date | None = None
    address: str = ""
    optional: bool = False

    @property
    def name(self) -> str:
        """File name."""
        return PurePosixPath(self.path).name

    def url(self, mirror: str | None = None) -> str:
        """Address of the file on its official server or on a mirror."""
        return f"{mirror.rstrip('/')}/{self.path}" if mirror else self.address or self.server + self.path


FIXED_FILES = (
    ReferenceFile(
        _CALIB + "c3vig_preint_final.fts", SOHO, "image", ("C3",), "vignetting before the interruption of 1998"
    ),
    ReferenceFile(
        _CALIB + "c3vig_postint_final.fts", SOHO, "image", ("C3",), "vignetting after the interruption of 1998"
    ),
    ReferenceFile(_CALIB + "3m_clcl_all.fts", SOHO, "image", ("C3",), "background of the Clear filter"),
    ReferenceFile(_CALIB + "C3ramp.fts", SOHO, "image", ("C3",), "stray light"),
    ReferenceFile(_CALIB + "c3_cl_mask_lvl1.fts", SOHO, "image", ("C3",), "mask of occulter, pylon and field edge"),
    ReferenceFile(_CALIB + "c2vig_final.fts", SOHO, "image", ("C2",), "vignetting"),
    ReferenceFile(
        _STARS + "TIME_DIFF.DAT", SOHO, "differences", BOTH_DETECTORS, "differences of the clock", optional=True
    ),
    ReferenceFile(
        "soho/lasco/lasco/data_anal/data/c2_time_offsets.dat", SOHO, "offsets", BOTH_DETECTORS, "offsets of the clock"
    ),
    ReferenceFile(
        _STARS + "c2_pre_recovery_adj_xyr_medv2.sav", SOHO, "save", ("C2",), "sun centre and roll before 1998-07"
    ),
    ReferenceFile(
        _STARS + "c2_post_recovery_adj_xyr_medv2.sav", SOHO, "save", ("C2",), "sun centre and roll from 1998-07 on"
    ),
    ReferenceFile(
        _STARS + "c3_pre_recovery_adj_xyr_medv2.sav", SOHO, "save", ("C3",), "sun centre and roll before 1998-07"
    ),
    ReferenceFile(
        _STARS + "c3_post_recovery_adj_xyr_medv2.sav", SOHO, "save", ("C3",), "sun centre and roll from 1998-07 on"
    ),
    ReferenceFile(
        "soho/lasco/idl/convert/occulter_center.dat", HESPERIA, "text", BOTH_DETECTORS, "centres of the occulters"
    ),
    ReferenceFile(
        "ancillary/attitude/roll/nominal_roll_attitude.dat",
        SOHO_DATA,
        "text",
        BOTH_DETECTORS,
        "nominal roll of SOHO by date",
    ),
)
"""Files that do not depend on the day."""

_FIXED_BY_NAME = {asset.name: asset for asset in FIXED_FILES}


def fixed_files(detectors: Iterable[str] = BOTH_DETECTORS) -> list[ReferenceFile]:
    """The files that do not depend on the day, of the given telescopes."""
    wanted = set(detectors)
    return [asset for asset in FIXED_FILES if wanted & set(asset.detectors)]


def exposure_table(detector: str, day: date) -> ReferenceFile:
    """The table of exposure factors and biases of a telescope and a day (UTC)."""
    path = f"soho/lasco/lasco/expfac/data/{day:%y%m}/{detector.lower()}_expfactor_{day:%y%m%d}.dat"
    return ReferenceFile(
        path, HESPERIA, "exposures", (detector.upper(),), "exposure factors and biases of the day", day
    )


def daily_tables(days: Iterable[date], detectors: Sequence[str] = BOTH_DETECTORS) -> list[ReferenceFile]:
    """The tables of exposure factors of the given days (UTC) and telescopes."""
    return [exposure_table(detector, day) for day in days for detector in detectors]


def required_files(days: Mapping[str, Collection[date]]) -> list[ReferenceFile]:
    """Files that the calibration of frames needs: those that do not depend on the day, and the tables of their days.

    Parameters
    ----------
    days : mapping of str to collection of datetime.date
        Days (UTC) of the frames of each telescope.
    """
    return fixed_files(days) + [table for name, own in days.items() for table in daily_tables(sorted(own), (name,))]


def days_of(frames: Iterable[Frame]) -> dict[str, set[date]]:
    """Days (UTC) of the given frames, by telescope."""
    found: dict[str, set[date]] = {}
    for frame in frames:
        day = date.fromisoformat(frame.date.utc.strftime("%Y-%m-%d"))
        found.setdefault(frame.detector, set()).add(day)
    return found


def days(first: date, last: date) -> list[date]:
    """All days from the first to the last, both included.

    Raises
    ------
    OptionError
        When the last day is before the first, or a day is before the launch of SOHO or in the future.
    """
    if last < first:
        raise OptionError(f"{last} is before {first}", "give the first day first")
    if first < FIRST_DAY or last > datetime.now(UTC).date():
        raise OptionError(f"{first} to {last}: not within the mission of SOHO", f"give days from {FIRST_DAY} to today")
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def attitude_folder(day: date) -> ReferenceFile:
    """The folder of the predictive attitude files of a day; its address is that of their index page."""
    path = _PREDICTIVE + (f"{day.year}/" if day.year <= LAST_YEAR_WITH_FOLDER else "")
    return ReferenceFile(path, SOHO_DATA, "text", BOTH_DETECTORS, "list of attitude files")


def attitude_files(names: Iterable[str], days: Iterable[date]) -> list[ReferenceFile]:
    """The latest versions of the predictive attitude files of the given days.

    Parameters
    ----------
    names : iterable of str
        Names of the files in the folder of the server, e.g. ``SO_AT_PRE_20100104_V01.FTS`` (pointing) and
        ``SO_AT_ROL_20100104_V01.DAT`` (roll).
    days : iterable of datetime.date
    """
    wanted = set(days)
    newest: dict[tuple[date, Kind], tuple[int, ReferenceFile]] = {}
    for name in names:
        match, asset = _ATTITUDE.fullmatch(name), identify(name)
        if match is None or asset is None or asset.day not in wanted:
            continue
        key, version = (asset.day, asset.kind), int(match["version"])
        if key not in newest or version > newest[key][0]:
            newest[key] = (version, asset)
    return [newest[key][1] for key in sorted(newest)]


def ephemeris_name(year: int) -> str:
    """Name of the table of SOHO's positions of a year."""
    return f"soho_horizons_{year}.txt"


def ephemeris_table(year: int) -> ReferenceFile:
    """The table of SOHO's positions of a year, from JPL Horizons; of the present year, until tomorrow."""
    start = max(date(year, 1, 1), FIRST_EPHEMERIS_DAY)
    stop = min(date(year + 1, 1, 2), datetime.now(UTC).date() + timedelta(days=1))
    query = HORIZONS_QUERY | {"START_TIME": f"'{start}'", "STOP_TIME": f"'{stop}'"}
    address = f"{HORIZONS}?{urlencode(query, quote_via=quote)}"
    path = _EPHEMERIDES + ephemeris_name(year)
    purpose = f"positions of SOHO in {year}"
    return ReferenceFile(path, HORIZONS, "ephemeris", BOTH_DETECTORS, purpose, address=address)


def ephemeris_tables(days: Iterable[date]) -> list[ReferenceFile]:
    """The tables of SOHO's positions of the years of the given days (UTC)."""
    return [ephemeris_table(year) for year in sorted({day.year for day in days})]


def identify(name: str) -> ReferenceFile | None:
    """The official file with this name; None when there is none."""
    if name in _FIXED_BY_NAME:
        return _FIXED_BY_NAME[name]
    ephemeris = _EPHEMERIS.fullmatch(name)
    if ephemeris:
        year = int(ephemeris["year"])
        return ephemeris_table(year) if FIRST_DAY.year <= year <= datetime.now(UTC).year else None
    table, attitude_file = _TABLE.fullmatch(name), _ATTITUDE.fullmatch(name)
    day = _day(table["day"], "%y%m%d") if table else attitude_file and _day(attitude_file["day"], "%Y%m%d")
    if not day:
        return None
    if table:
        return exposure_table(table["detector"].upper(), day)
    pointing = bool(attitude_file and attitude_file["pre"])
    purpose = f"predicted {'pointing' if pointing else 'roll'} of SOHO on the day"
    path = attitude_folder(day).path + name
    return ReferenceFile(path, SOHO_DATA, "attitude" if pointing else "text", BOTH_DETECTORS, purpose, day)


def _day(digits: str, form: str) -> date | None:
    try:
        return datetime.strptime(digits, form).date()
    except ValueError:
        return None
