"""Bytes to a primary header and image, whatever the bytes are: limits first, then decoding."""

from __future__ import annotations

import io
import math
import re
import warnings
import zlib
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning, AstropyWarning
from numpy.typing import NDArray

from corinpaint.lasco import errors

MAX_FILE_BYTES = 64 * 2**20
"""Most bytes that are read or decompressed; a full frame in float64 takes 8 MiB."""

MAX_MEMBERS = 16
"""Most members of a gzip file; each costs a copy of the rest."""

MAX_PIXELS = 4096 * 4096
"""Most pixels that a header may declare before it is called absurd."""

MAX_HEADER_BYTES = 2880 * 100
"""Most header bytes that are searched for the END card; real headers take two or three blocks of 2880."""

GZIP_MAGIC = b"\x1f\x8b"


def decode(source: str | Path | bytes, name: str | None = None) -> tuple[fits.Header, NDArray[np.generic], str]:
    """Read the primary header and image of a FITS file.

    Parameters
    ----------
    source : str, Path or bytes
        A file, gzip-compressed or not, or its content.
    name : str, optional
        What to call it in messages; by default the file's name.

    Returns
    -------
    header : astropy.io.fits.Header
        Cards cleaned of control characters, so that they can be written again.
    data : ndarray
        The image as stored, scaled by BSCALE and BZERO.
    label : str
        What the file is called in messages.

    Raises
    ------
    FrameError
        One subclass per defect: not FITS, truncated, no image, too large, wrong shape, wrong type.
    """
    raw, label = _bytes_of(source, name)
    raw = _decompressed(raw, label)
    _check_fits_start(raw, label)
    header, data = _primary(raw, label)
    return header, data, label


def _bytes_of(source: str | Path | bytes, name: str | None) -> tuple[bytes, str]:
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source), name or "frame"
    path = Path(source)
    label = name or path.name
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise errors.FrameError(f"{label}: cannot be read ({reason}); check the path and its rights") from error
    return raw, label


def _decompressed(raw: bytes, label: str) -> bytes:
    if len(raw) > MAX_FILE_BYTES:
        raise errors.TooLargeError(f"{label}: more than {MAX_FILE_BYTES // 2**20} MiB; give one Level 0.5 frame")
    if not raw.startswith(GZIP_MAGIC):
        return raw
    plain, rest, members = b"", raw, 0
    while rest.startswith(GZIP_MAGIC):
        members += 1
        if members > MAX_MEMBERS:
            raise errors.TooLargeError(f"{label}: more than {MAX_MEMBERS} gzip members; refused")
        stream = zlib.decompressobj(wbits=31)
        try:
            plain += stream.decompress(rest, MAX_FILE_BYTES - len(plain) + 1)
        except zlib.error as error:
            raise errors.TruncatedError(f"{label}: the gzip data is damaged ({error}); fetch the file again") from error
        if len(plain) > MAX_FILE_BYTES:
            raise errors.TooLargeError(f"{label}: decompresses to more than {MAX_FILE_BYTES // 2**20} MiB; refused")
        if not stream.eof:
            raise errors.TruncatedError(f"{label}: the gzip data ends early; fetch the file again")
        rest = stream.unused_data
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
                header = _clean(primary.header)  # before astropy drops the scaling cards with the data
                _check_scaling(header, label)
                return header, np.array(primary.data)
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


def is_number(value: object) -> bool:
    """Whether the value of a card is a finite number; integers may be beyond 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _check_scaling(header: fits.Header, label: str) -> None:
    for key in ("BSCALE", "BZERO"):
        value = header.get(key, 0)
        if not is_number(value):
            raise errors.BadKeywordError(f"{label}: {key} = {value!r} must be a finite number")


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
            _copy(card, cleaned)
        except (fits.VerifyError, ValueError):
            continue  # a card that cannot be read carries nothing to check; required ones are missed later
    return cleaned


def _copy(card: fits.Card, cleaned: fits.Header) -> None:
    keyword, value = card.keyword, card.value
    if isinstance(value, str):
        value = printable(value)
    if keyword == "HISTORY":
        cleaned.add_history(value)
    elif keyword in ("", "COMMENT"):
        cleaned.add_comment(value)
    elif len(keyword) <= 8 and keyword not in cleaned:
        cleaned[keyword] = None if isinstance(value, fits.card.Undefined) else value
        room = 80 - 13 - max(len(str(value)) + 2, 20)
        cleaned.comments[keyword] = printable(card.comment)[: max(room, 0)]


def printable(text: str) -> str:
    """The text with a blank for every character that a FITS header cannot hold."""
    return "".join(c if " " <= c <= "~" else " " for c in text)
