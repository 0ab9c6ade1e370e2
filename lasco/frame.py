"""Reading Level 0.5 frames: bytes or a path in, a checked `Frame` out, or an error that says what is wrong.

The layout of the header follows the LASCO Level 0.5 files themselves (SolarSoft ``make_fits_hdr.pro``).
"""

from __future__ import annotations

import io
import re
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.time import Time
from astropy.utils.exceptions import AstropyUserWarning, AstropyWarning
from numpy.typing import NDArray

from corinpaint.lasco import errors

FRAME_SHAPE = (1024, 1024)
"""Rows and columns of a full, unsummed frame."""

MAX_FILE_BYTES = 64 * 2**20
"""Most bytes that are read or decompressed; a full frame in float64 takes 8 MiB."""

MAX_PIXELS = 4096 * 4096
"""Most pixels that a header may declare before it is called absurd."""

MAX_HEADER_BYTES = 2880 * 100
"""Most header bytes that are searched for the END card; real headers take two or three blocks of 2880."""

GZIP_MAGIC = b"\x1f\x8b"
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
        """True when the spacecraft was rolled by 180 degrees (CROTA1 near 180): solar north is down."""
        return abs(abs(float(self.header.get("CROTA1", 0.0))) - 180.0) < 10.0


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
    raw, label = _bytes_of(source, name)
    raw = _decompressed(raw, label)
    _check_fits_start(raw, label)
    header, data = _primary(raw, label)
    _check_level(header, label)
    _check_instrument(header, label, detectors)
    date = _check_keywords(header, label)
    _check_geometry(header, data, label)
    return Frame(data.astype(np.float32), header, label, _number(header, label, isinstance(source, str | Path)), date)


def _squeezed(value: object) -> str:
    return "".join(str(value).split()).upper()


def _bytes_of(source: str | Path | bytes, name: str | None) -> tuple[bytes, str]:
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source), name or "frame"
    path = Path(source)
    label = name or path.name
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise errors.TooLargeError(
                f"{label}: the file is larger than {MAX_FILE_BYTES // 2**20} MiB; give one Level 0.5 frame"
            )
        return path.read_bytes(), label
    except OSError as error:
        raise errors.FrameError(f"{label}: cannot be read ({error.strerror}); check the path and its rights") from error


def _decompressed(raw: bytes, label: str) -> bytes:
    if len(raw) > MAX_FILE_BYTES:
        raise errors.TooLargeError(f"{label}: more than {MAX_FILE_BYTES // 2**20} MiB; give one Level 0.5 frame")
    if not raw.startswith(GZIP_MAGIC):
        return raw
    stream = zlib.decompressobj(wbits=31)
    try:
        plain = stream.decompress(raw, MAX_FILE_BYTES)
    except zlib.error as error:
        raise errors.TruncatedError(f"{label}: the gzip data is damaged ({error}); fetch the file again") from error
    if not stream.eof:
        if stream.unconsumed_tail or len(plain) >= MAX_FILE_BYTES:
            raise errors.TooLargeError(f"{label}: decompresses to more than {MAX_FILE_BYTES // 2**20} MiB; refused")
        raise errors.TruncatedError(f"{label}: the gzip data ends early; fetch the file again")
    return plain


def _check_fits_start(raw: bytes, label: str) -> None:
    if not raw:
        raise errors.NotFitsError(f"{label}: the file is empty; give a Level 0.5 FITS file")
    if not re.match(rb"SIMPLE  = +T", raw[:30]):
        raise errors.NotFitsError(f"{label}: not a FITS file (it does not begin with SIMPLE = T); give a FITS file")
    if re.search(rb"(?:^|\n)?END {77}", raw[:MAX_HEADER_BYTES]) is None:
        if len(raw) > MAX_HEADER_BYTES:
            raise errors.TooLargeError(f"{label}: the header has no END card in {MAX_HEADER_BYTES} bytes; refused")
        raise errors.TruncatedError(f"{label}: the header ends before its END card; fetch the file again")


def _primary(raw: bytes, label: str) -> tuple[fits.Header, NDArray[np.generic]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AstropyWarning)
        warnings.simplefilter("ignore", AstropyUserWarning)
        try:
            with fits.open(io.BytesIO(raw), memmap=False, lazy_load_hdus=True) as hdus:
                primary = hdus[0]
                _check_size(primary.header, int(primary.fileinfo()["datLoc"]), len(raw), label)
                data = np.array(primary.data)
                return _clean(primary.header), data
        except errors.FrameError:
            raise
        except Exception as error:  # astropy raises many types on damaged headers; each means the same to a user
            raise errors.NotFitsError(f"{label}: cannot be decoded as FITS ({_first_line(error)})") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _check_size(header: fits.Header, start: int, available: int, label: str) -> None:
    bitpix, naxis = _integer(header, "BITPIX", label), _integer(header, "NAXIS", label)
    if naxis == 0:
        raise errors.NoImageError(f"{label}: the primary HDU holds no image (NAXIS = 0); give a Level 0.5 frame")
    sizes = [_integer(header, f"NAXIS{axis}", label) for axis in range(1, min(naxis, 9) + 1)]
    if any(size <= 0 for size in sizes):
        raise errors.NoImageError(f"{label}: the image is empty (NAXISn = {sizes}); give a Level 0.5 frame")
    pixels = int(np.prod(sizes, dtype=object))
    if pixels > MAX_PIXELS:
        raise errors.TooLargeError(f"{label}: the header declares {pixels} pixels (NAXISn = {sizes}); refused")
    if bitpix not in (16, 32, -32, -64):
        raise errors.WrongTypeError(
            f"{label}: BITPIX = {bitpix}; Level 0.5 counts are 16-bit integers (quick-looks cannot be calibrated)"
        )
    if naxis != 2:
        raise errors.WrongShapeError(f"{label}: NAXIS = {naxis}; a frame has two axes")
    needed = start + pixels * abs(bitpix) // 8
    if available < needed:
        raise errors.TruncatedError(
            f"{label}: {available} of {needed} bytes are there, the image ends early; fetch the file again"
        )


def _integer(header: fits.Header, key: str, label: str) -> int:
    value = header.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise errors.BadKeywordError(f"{label}: {key} = {value!r} must be an integer; fetch the file again")
    return value


def _clean(header: fits.Header) -> fits.Header:
    """Copy of the header whose cards can be written again: real HISTORY cards hold TABs, which FITS forbids."""
    cleaned = fits.Header()
    for card in header.cards:
        try:
            keyword, value, comment = card.keyword, card.value, card.comment
        except (fits.VerifyError, ValueError):
            continue  # an unparsable card carries nothing that can be checked; required ones are missed later
        if isinstance(value, fits.card.Undefined):
            value = None
        if isinstance(value, str):
            value = _printable(value)
        if keyword == "HISTORY":
            cleaned.add_history(value)
        elif keyword in ("", "COMMENT"):
            cleaned.add_comment(value)
        elif len(keyword) <= 8 and keyword not in cleaned:
            cleaned[keyword] = (value, _printable(comment))
    return cleaned


def _printable(text: str) -> str:
    return "".join(c if " " <= c <= "~" else " " for c in text)


def _check_level(header: fits.Header, label: str) -> None:
    level = str(header.get("LEVEL", "")).strip()
    calibrated = _squeezed(header.get("BUNIT", "")) not in ("", "DN", "COUNTS", "ADU")
    if level.startswith(("1", "2")) or calibrated or "reduce_level_1" in str(header.get("HISTORY", "")):
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
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise errors.BadKeywordError(f"{label}: {key} = {value!r} must be a finite number")
    return float(value)


def _check_keywords(header: fits.Header, label: str) -> Time:
    for key in ("FILTER", "POLAR", "READPORT"):
        _required(header, key, label)
    if not 0 < _number_of(header, "EXPTIME", label) < 1e4:
        raise errors.BadKeywordError(f"{label}: EXPTIME = {header['EXPTIME']} s is not an exposure time")
    for key in ("SUMCOL", "SUMROW", "LEBXSUM", "LEBYSUM", *FULL_FRAME):
        _number_of(header, key, label)
    for key in ("CRPIX1", "CRPIX2", "CROTA1", "OFFSET", "MID_DATE", "MID_TIME"):
        if header.get(key) is not None:
            _number_of(header, key, label)
    return _date(header, label)


def _date(header: fits.Header, label: str) -> Time:
    day = str(_required(header, "DATE-OBS", label)).strip().replace("/", "-")
    clock = str(header.get("TIME-OBS") or "").strip()
    if "T" not in day:
        if not CLOCK.match(clock):
            raise errors.BadKeywordError(f"{label}: TIME-OBS = {clock!r} is not hours:minutes:seconds")
        day = f"{day}T{clock}"
    try:
        date = Time(day, format="isot", scale="utc")
    except ValueError as error:
        raise errors.BadKeywordError(f"{label}: DATE-OBS = {header['DATE-OBS']!r} is not a date") from error
    if not 1995.9 < date.decimalyear < 2040.0:
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
    if np.abs(data).max() > 2**24:
        raise errors.BadKeywordError(f"{label}: counts reach {np.abs(data).max():g} DN; check BSCALE and BZERO")
    if not data.any():
        raise errors.NoImageError(f"{label}: every pixel is zero, every block is lost; nothing can be restored")


def _number(header: fits.Header, label: str, from_path: bool) -> str:
    """A file is known by its own name; bytes by their FILENAME, where that is a LASCO number."""
    stem = re.sub(r"\.(fts|fits|fit)?(\.gz)?$", "", Path(label).name, flags=re.IGNORECASE)
    within = re.sub(r"\..*$", "", str(header.get("FILENAME") or "").strip())
    return within if not from_path and re.fullmatch(r"[23]\d{7}", within) else stem
