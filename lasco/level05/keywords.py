"""Checks of a Level 0.5 header: every keyword that the calibration needs is present and has a plausible value."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from astropy.io import fits
from astropy.time import Time
from erfa import ErfaWarning

from corinpaint.lasco import errors
from corinpaint.lasco.astropy_warnings import ignore_warnings
from corinpaint.lasco.level05.cards import UNALTERED_FILE, is_number, shortened

TIME_OF_DAY = re.compile(r"^\d{1,2}:\d{2}:\d{2}(\.\d+)?$")
"""Format of TIME-OBS."""

SUMMING_KEYWORDS = ("SUMCOL", "SUMROW", "LEBXSUM", "LEBYSUM")
"""Summing on the chip along columns and rows, and in the onboard computer (LEB) along x and y."""

FULL_FRAME_CORNERS = {"R1COL": 20, "R1ROW": 1, "R2COL": 1043, "R2ROW": 1024}
"""First and last column and row of the full frame in CCD coordinates, px."""

MAX_MAGNITUDE = {"CRPIX1": 1e5, "CRPIX2": 1e5, "CROTA1": 1e4, "MID_DATE": 1e5, "MID_TIME": 1e5, "HCOMP_SF": 1e5}
"""Maximum absolute values that LASCO writes: px, px, degrees, days, s, DN."""

MAX_BIAS_DN = 5000.0
"""Upper limit of the bias of one read-out, DN; the read ports have 283 to 650 DN."""


def without_blanks(value: object) -> str:
    """Upper case without blanks, as SolarSoft compares FILTER and POLAR."""
    return "".join(str(value).split()).upper()


def required_value(header: fits.Header, key: str, label: str) -> object:
    """Value of a keyword that must be present.

    Raises
    ------
    MissingKeywordError
        When the keyword is missing or blank.
    """
    value = header.get(key)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise errors.MissingKeywordError(f"{label}: the header has no {key}", f"{UNALTERED_FILE}")
    return value


def text(header: fits.Header, key: str) -> str:
    """Value of an optional keyword as text; empty when the keyword is missing, blank or without a value."""
    value = header.get(key)
    return "" if value is None or isinstance(value, fits.card.Undefined) else str(value).strip()


def finite_number(header: fits.Header, key: str, label: str) -> float:
    """Value of a keyword that must be a finite number.

    Raises
    ------
    MissingKeywordError, BadKeywordError
        When the keyword is missing, or not a finite number.
    """
    value = required_value(header, key, label)
    if not is_number(value):
        raise errors.BadKeywordError(
            f"{label}: {key} = {shortened(value)} must be a finite number", f"{UNALTERED_FILE}"
        )
    return float(value)  # type: ignore[arg-type]


def check_header(header: fits.Header, label: str, detectors: Sequence[str]) -> Time:
    """Check the keywords of a Level 0.5 header.

    Parameters
    ----------
    header : astropy.io.fits.Header
    label : str
        Name of the frame in error messages.
    detectors : sequence of str
        Telescopes that are accepted.

    Returns
    -------
    astropy.time.Time
        Start of the exposure, UTC.

    Raises
    ------
    FrameError
        Already Level 1, wrong instrument, missing or bad keyword.
    """
    _check_level(header, label)
    _check_instrument(header, label, detectors)
    _check_values(header, label)
    return _date(header, label)


def _check_level(header: fits.Header, label: str) -> None:
    level = text(header, "LEVEL")
    calibrated = without_blanks(text(header, "BUNIT")) not in ("", "DN", "COUNTS", "ADU")
    if (level and not level.startswith("0")) or calibrated or "reduce_level_1" in str(header.get("HISTORY", "")):
        cards = f"LEVEL = {shortened(level or 'unset')}, BUNIT = {shortened(header.get('BUNIT'))}"
        raise errors.WrongLevelError(
            f"{label}: already calibrated ({cards})",
            "give the Level 0.5 file",
        )


def _check_instrument(header: fits.Header, label: str, detectors: Sequence[str]) -> None:
    for key, expected in (("TELESCOP", ("SOHO",)), ("INSTRUME", ("LASCO",)), ("DETECTOR", tuple(detectors))):
        value = without_blanks(required_value(header, key, label))
        if value not in expected:
            raise errors.WrongInstrumentError(
                f"{label}: {key} = {shortened(value)}, but this is for {' or '.join(expected)} frames",
                "give a SOHO/LASCO frame",
            )


def _check_values(header: fits.Header, label: str) -> None:
    for key in ("FILTER", "POLAR", "READPORT"):
        required_value(header, key, label)
    if not 0.01 <= finite_number(header, "EXPTIME", label) < 1e4:
        raise errors.BadKeywordError(
            f"{label}: EXPTIME = {header['EXPTIME']} s is not an exposure time", f"{UNALTERED_FILE}"
        )
    for key in (*SUMMING_KEYWORDS, *FULL_FRAME_CORNERS):
        finite_number(header, key, label)
    for key in ("OFFSET", *MAX_MAGNITUDE):
        if text(header, key) and abs(finite_number(header, key, label)) > MAX_MAGNITUDE.get(key, math.inf):
            raise errors.BadKeywordError(
                f"{label}: {key} = {shortened(header[key])} is beyond what LASCO writes", f"{UNALTERED_FILE}"
            )
    if not 0 <= (header.get("OFFSET") or 0) < MAX_BIAS_DN:
        raise errors.BadKeywordError(
            f"{label}: OFFSET = {header['OFFSET']} DN is not a bias (LASCO has 283 to 650 DN)", f"{UNALTERED_FILE}"
        )


def _date(header: fits.Header, label: str) -> Time:
    day = str(required_value(header, "DATE-OBS", label)).strip().replace("/", "-")
    shown_date = f"DATE-OBS = {shortened(header['DATE-OBS'])}"
    clock = str(header.get("TIME-OBS") or "").strip()
    if "T" not in day:
        if not TIME_OF_DAY.match(clock):
            raise errors.BadKeywordError(
                f"{label}: TIME-OBS = {shortened(clock)} is not hours:minutes:seconds", f"{UNALTERED_FILE}"
            )
        day = f"{day}T{clock}"
    try:
        with ignore_warnings(ErfaWarning):  # for years beyond the table of leap seconds
            date = Time(day, format="isot", scale="utc")
            year = date.decimalyear
    except ValueError as error:
        raise errors.BadKeywordError(
            f"{label}: {shown_date} with TIME-OBS = {shortened(clock)} is not a date", f"{UNALTERED_FILE}"
        ) from error
    if not 1995.9 < year < 2031:
        raise errors.BadKeywordError(f"{label}: {shown_date} is outside the mission of SOHO", f"{UNALTERED_FILE}")
    mid = header.get("MID_DATE") or 0
    if mid and abs(mid - date.mjd) > 1.5:
        raise errors.BadKeywordError(
            f"{label}: MID_DATE = {mid} (modified Julian date) and {shown_date} are days apart", f"{UNALTERED_FILE}"
        )
    return date
