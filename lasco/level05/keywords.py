"""Checks of a Level 0.5 header: every keyword that the calibration relies on is there and makes sense."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from astropy.io import fits
from astropy.time import Time
from erfa import ErfaWarning

from corinpaint.lasco import errors
from corinpaint.lasco.astropy_warnings import quiet
from corinpaint.lasco.level05.decoding import UNALTERED, is_number, shown

CLOCK = re.compile(r"^\d{1,2}:\d{2}:\d{2}(\.\d+)?$")

SUMMING = ("SUMCOL", "SUMROW", "LEBXSUM", "LEBYSUM")
"""Summing on the chip along columns and rows, and in the onboard computer (LEB) along x and y."""

CORNERS = {"R1COL": 20, "R1ROW": 1, "R2COL": 1043, "R2ROW": 1024}
"""Corners of the full frame in CCD coordinates."""

LARGEST = {"CRPIX1": 1e5, "CRPIX2": 1e5, "CROTA1": 1e4, "MID_DATE": 1e5, "MID_TIME": 1e5, "HCOMP_SF": 1e5}
"""Magnitude beyond which a number is none that LASCO writes: pixels, degrees, days, seconds of a day, DN."""

HIGHEST_BIAS = 5000.0
"""DN; real read ports give 283 to 650."""


def squeezed(value: object) -> str:
    """Upper case without blanks, as SolarSoft compares FILTER and POLAR."""
    return "".join(str(value).split()).upper()


def required(header: fits.Header, key: str, label: str) -> object:
    """Value of a keyword that must be there."""
    value = header.get(key)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise errors.MissingKeywordError(f"{label}: the header has no {key}; {UNALTERED}")
    return value


def text(header: fits.Header, key: str) -> str:
    """Value of an optional keyword as text; empty where it is missing, blank or without a value."""
    value = header.get(key)
    return "" if value is None or isinstance(value, fits.card.Undefined) else str(value).strip()


def number(header: fits.Header, key: str, label: str) -> float:
    """Value of a keyword that must be a finite number."""
    value = required(header, key, label)
    if not is_number(value):
        raise errors.BadKeywordError(f"{label}: {key} = {shown(value)} must be a finite number; {UNALTERED}")
    return float(value)  # type: ignore[arg-type]


def check(header: fits.Header, label: str, detectors: Sequence[str]) -> Time:
    """Check a header for a read of the image.

    Parameters
    ----------
    header : astropy.io.fits.Header
    label : str
        What to call the frame in messages.
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
    calibrated = squeezed(text(header, "BUNIT")) not in ("", "DN", "COUNTS", "ADU")
    if (level and not level.startswith("0")) or calibrated or "reduce_level_1" in str(header.get("HISTORY", "")):
        raise errors.WrongLevelError(
            f"{label}: already calibrated (LEVEL = {shown(level or 'unset')}, BUNIT = {shown(header.get('BUNIT'))}); "
            "give the Level 0.5 file"
        )


def _check_instrument(header: fits.Header, label: str, detectors: Sequence[str]) -> None:
    for key, expected in (("TELESCOP", ("SOHO",)), ("INSTRUME", ("LASCO",)), ("DETECTOR", tuple(detectors))):
        value = squeezed(required(header, key, label))
        if value not in expected:
            raise errors.WrongInstrumentError(
                f"{label}: {key} = {shown(value)}, but this is for {' or '.join(expected)} frames; "
                "give one of SOHO/LASCO"
            )


def _check_values(header: fits.Header, label: str) -> None:
    for key in ("FILTER", "POLAR", "READPORT"):
        required(header, key, label)
    if not 0.01 <= number(header, "EXPTIME", label) < 1e4:
        raise errors.BadKeywordError(f"{label}: EXPTIME = {header['EXPTIME']} s is not an exposure time; {UNALTERED}")
    for key in (*SUMMING, *CORNERS):
        number(header, key, label)
    for key in ("OFFSET", *LARGEST):
        if text(header, key) and abs(number(header, key, label)) > LARGEST.get(key, math.inf):
            raise errors.BadKeywordError(
                f"{label}: {key} = {shown(header[key])} is no number that LASCO writes; {UNALTERED}"
            )
    if not 0 <= (header.get("OFFSET") or 0) < HIGHEST_BIAS:
        raise errors.BadKeywordError(
            f"{label}: OFFSET = {header['OFFSET']} DN is not a bias (LASCO has 283 to 650 DN); {UNALTERED}"
        )


def _date(header: fits.Header, label: str) -> Time:
    day = str(required(header, "DATE-OBS", label)).strip().replace("/", "-")
    shown_date = f"DATE-OBS = {shown(header['DATE-OBS'])}"
    clock = str(header.get("TIME-OBS") or "").strip()
    if "T" not in day:
        if not CLOCK.match(clock):
            raise errors.BadKeywordError(
                f"{label}: TIME-OBS = {shown(clock)} is not hours:minutes:seconds; {UNALTERED}"
            )
        day = f"{day}T{clock}"
    try:
        with quiet(ErfaWarning):  # years beyond the table of leap seconds
            date = Time(day, format="isot", scale="utc")
            year = date.decimalyear
    except ValueError as error:
        raise errors.BadKeywordError(
            f"{label}: {shown_date} with TIME-OBS = {shown(clock)} is not a date; {UNALTERED}"
        ) from error
    if not 1995.9 < year < 2031:
        raise errors.BadKeywordError(f"{label}: {shown_date} is outside the life of SOHO; {UNALTERED}")
    mid = header.get("MID_DATE") or 0
    if mid and abs(mid - date.mjd) > 1.5:
        raise errors.BadKeywordError(
            f"{label}: MID_DATE = {mid} (modified Julian date) and {shown_date} are days apart; {UNALTERED}"
        )
    return date
