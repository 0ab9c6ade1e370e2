"""Reading Level 0.5 frames: bytes or a path in, a checked `Frame` out, or an error that says what is wrong.

The layout of the header follows the LASCO Level 0.5 files themselves (SolarSoft ``make_fits_hdr.pro``).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.time import Time
from erfa import ErfaWarning
from numpy.typing import NDArray

from corinpaint.lasco import blocks, errors
from corinpaint.lasco.decoding import decode, is_number

FRAME_SHAPE = (1024, 1024)
"""Rows and columns of a full, unsummed frame."""

MAX_COUNTS = 65535.0
"""Largest count of an unsummed frame, DN; the converter has 14 bits."""

FULL_FRAME = {"R1COL": 20, "R1ROW": 1, "R2COL": 1043, "R2ROW": 1024}
CLOCK = re.compile(r"^\d{1,2}:\d{2}:\d{2}(\.\d+)?$")


@dataclass(frozen=True)
class Frame:
    """A Level 0.5 frame that passed every check.

    Attributes
    ----------
    data : ndarray of float32, shape (1024, 1024)
        Counts in DN, (row, column), row 0 at the bottom.
    header : astropy.io.fits.Header
        The primary header as read, commentary cards cleaned of control characters.
    name : str
        Name of the source, for messages.
    number : str
        Name of the file without its ending, for bytes FILENAME's: the eight-digit LASCO number as a rule.
    date : astropy.time.Time
        Start of the exposure as DATE-OBS and TIME-OBS give it, UTC.
    """

    data: NDArray[np.float32]
    header: fits.Header
    name: str
    number: str
    date: Time

    @property
    def detector(self) -> str:
        """Telescope, 'C2' or 'C3'."""
        return str(self.header["DETECTOR"]).strip().upper()

    @property
    def filter(self) -> str:
        """Colour filter in upper case without blanks, as SolarSoft compares it."""
        return _squeezed(self.header["FILTER"])

    @property
    def polar(self) -> str:
        """Polariser position in upper case without blanks, as SolarSoft compares it."""
        return _squeezed(self.header["POLAR"])

    @property
    def exptime(self) -> float:
        """Exposure time from the header, seconds."""
        return float(self.header["EXPTIME"])

    @property
    def mjd(self) -> float:
        """Modified Julian date of the middle of the exposure, days (MID_DATE, else DATE-OBS)."""
        mid = self.header.get("MID_DATE")
        return float(mid) if isinstance(mid, int | float) and mid > 0 else float(np.floor(self.date.mjd))

    @property
    def turned(self) -> bool:
        """True when the spacecraft was rolled upside down (CROTA1 nearer to 180 than to 0): solar north is down."""
        return abs(_wrapped(float(self.header.get("CROTA1") or 0.0))) > 90.0

    @property
    def residual_roll(self) -> float:
        """CROTA1 that is left, in degrees, -90 to 90, when the image has been turned where `turned` says so."""
        roll = _wrapped(float(self.header.get("CROTA1") or 0.0))
        return _wrapped(roll - 180.0) if self.turned else roll


def read_frame(source: str | Path | bytes, *, name: str | None = None, detectors: Sequence[str] = ("C3",)) -> Frame:
    """Read and check one Level 0.5 frame.

    Parameters
    ----------
    source : str, Path or bytes
        A ``.fts`` or ``.fits`` file, gzip-compressed or not, or its content.
    name : str, optional
        What to call the frame in messages; by default the file's name.
    detectors : sequence of str
        Telescopes that are accepted.

    Returns
    -------
    Frame

    Raises
    ------
    FrameError
        One subclass per defect: not FITS, truncated, no image, too large, wrong instrument, missing or bad
        keyword, wrong shape, wrong type, not finite, already Level 1, unsupported kind.
    """
    header, data, label = decode(source, name)
    _check_level(header, label)
    _check_instrument(header, label, detectors)
    date = _check_keywords(header, label)
    _check_geometry(header, data, label)
    return Frame(data.astype(np.float32), header, label, _number(header, label, isinstance(source, str | Path)), date)


def _wrapped(degrees: float) -> float:
    return (degrees + 180.0) % 360.0 - 180.0


def _squeezed(value: object) -> str:
    return "".join(str(value).split()).upper()


def _check_level(header: fits.Header, label: str) -> None:
    level = str(header.get("LEVEL", "")).strip()
    calibrated = _squeezed(header.get("BUNIT", "")) not in ("", "DN", "COUNTS", "ADU")
    if (level and not level.startswith("0")) or calibrated or "reduce_level_1" in str(header.get("HISTORY", "")):
        raise errors.WrongLevelError(
            f"{label}: already calibrated (LEVEL = {level or 'unset'!r}, BUNIT = {header.get('BUNIT')!r}); "
            "give the Level 0.5 file"
        )


def _check_instrument(header: fits.Header, label: str, detectors: Sequence[str]) -> None:
    for key, expected in (("TELESCOP", ("SOHO",)), ("INSTRUME", ("LASCO",)), ("DETECTOR", tuple(detectors))):
        value = _squeezed(_required(header, key, label))
        if value not in expected:
            raise errors.WrongInstrumentError(
                f"{label}: {key} = {value!r}; this is for {' or '.join(expected)} frames of SOHO/LASCO"
            )


def _required(header: fits.Header, key: str, label: str) -> object:
    value = header.get(key)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise errors.MissingKeywordError(f"{label}: the header has no {key}; give an unaltered Level 0.5 file")
    return value


def _number_of(header: fits.Header, key: str, label: str) -> float:
    value = _required(header, key, label)
    if not is_number(value):
        raise errors.BadKeywordError(f"{label}: {key} = {value!r} must be a finite number")
    return float(value)  # type: ignore[arg-type]


def _check_keywords(header: fits.Header, label: str) -> Time:
    for key in ("FILTER", "POLAR", "READPORT"):
        _required(header, key, label)
    if not 0.01 <= _number_of(header, "EXPTIME", label) < 1e4:
        raise errors.BadKeywordError(f"{label}: EXPTIME = {header['EXPTIME']} s is not an exposure time")
    for key in ("SUMCOL", "SUMROW", "LEBXSUM", "LEBYSUM", *FULL_FRAME):
        _number_of(header, key, label)
    for key in ("CRPIX1", "CRPIX2", "CROTA1", "OFFSET", "MID_DATE", "MID_TIME"):
        if header.get(key) is not None:
            _number_of(header, key, label)
    if not 0 <= (header.get("OFFSET") or 0) < 5000:
        raise errors.BadKeywordError(f"{label}: OFFSET = {header['OFFSET']} DN is not a bias; C3 has 300 to 420 DN")
    date = _date(header, label)
    mid = header.get("MID_DATE") or 0
    if mid and abs(mid - date.mjd) > 1.5:
        raise errors.BadKeywordError(
            f"{label}: MID_DATE = {mid} (modified Julian date) and DATE-OBS = {header['DATE-OBS']!r} are days apart"
        )
    return date


def _date(header: fits.Header, label: str) -> Time:
    day = str(_required(header, "DATE-OBS", label)).strip().replace("/", "-")
    clock = str(header.get("TIME-OBS") or "").strip()
    if "T" not in day:
        if not CLOCK.match(clock):
            raise errors.BadKeywordError(f"{label}: TIME-OBS = {clock!r} is not hours:minutes:seconds")
        day = f"{day}T{clock}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ErfaWarning)  # years beyond the table of leap seconds
            date = Time(day, format="isot", scale="utc")
            year = date.decimalyear
    except ValueError as error:
        raise errors.BadKeywordError(
            f"{label}: DATE-OBS = {header['DATE-OBS']!r} with TIME-OBS = {clock!r} is not a date"
        ) from error
    if not 1995.9 < year < 2031:
        raise errors.BadKeywordError(f"{label}: DATE-OBS = {header['DATE-OBS']!r} is outside the life of SOHO")
    return date


def _check_geometry(header: fits.Header, data: NDArray[np.generic], label: str) -> None:
    summed = {key: header[key] for key in ("SUMCOL", "SUMROW", "LEBXSUM", "LEBYSUM") if header[key] > 1}
    if summed:
        raise errors.UnsupportedFrameError(
            f"{label}: summed on board or on chip ({summed}); give a full-resolution frame"
        )
    if any(header[key] != value for key, value in FULL_FRAME.items()):
        corners = {key: header[key] for key in FULL_FRAME}
        raise errors.UnsupportedFrameError(f"{label}: a subfield ({corners}); give a full frame")
    if data.shape != FRAME_SHAPE:
        raise errors.WrongShapeError(f"{label}: {data.shape[1]} x {data.shape[0]} px; a full frame has 1024 x 1024")
    if not np.isfinite(data).all():
        count = int(np.count_nonzero(~np.isfinite(data)))
        raise errors.NotFiniteError(f"{label}: {count} pixels are NaN or infinite; Level 0.5 counts are integers")
    _check_counts(header, data, label)


def _check_counts(header: fits.Header, data: NDArray[np.generic], label: str) -> None:
    scale, zero = header.get("BSCALE", 1), header.get("BZERO", 0)
    if scale != 1 or zero not in (0, 2**15, 2**31):
        raise errors.BadKeywordError(
            f"{label}: BSCALE = {scale!r}, BZERO = {zero!r}; Level 0.5 counts are stored as they are"
        )
    counts = np.asarray(data, dtype=np.float64)
    if (counts != np.round(counts)).any():
        raise errors.WrongTypeError(
            f"{label}: pixels are not whole numbers; Level 0.5 counts are (is this calibrated?)"
        )
    low, high = counts.min(), counts.max()
    if low < 0 or high > MAX_COUNTS:
        raise errors.BadKeywordError(
            f"{label}: counts go from {low:g} to {high:g} DN, which C3 cannot give; check BSCALE and BZERO"
        )
    if blocks.empty(counts)[~blocks.never_sent(str(header["DETECTOR"]).strip().upper())].all():
        raise errors.NoImageError(f"{label}: every pixel is zero, every block is lost; nothing can be restored")


def _number(header: fits.Header, label: str, from_path: bool) -> str:
    """A file is known by its own name; bytes by their FILENAME, where that is a LASCO number."""
    stem = re.sub(r"\.(fts|fits|fit)?(\.gz)?$", "", Path(label).name, flags=re.IGNORECASE)
    within = re.sub(r"\..*$", "", str(header.get("FILENAME") or "").strip())
    return within if not from_path and re.fullmatch(r"[23]\d{7}", within) else stem
