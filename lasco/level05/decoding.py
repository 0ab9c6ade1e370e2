"""Decoding the bytes of a FITS file to its primary header and image, safely for any input.

Sizes are checked against limits before anything is decoded. The header is split into cards here; astropy parses each
card. Only the primary header and its image are read: no extensions, random groups or compressed images.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from numpy.typing import NDArray

from corinpaint.lasco import errors
from corinpaint.lasco.astropy_warnings import ignore_warnings
from corinpaint.lasco.limits import GZIP_MAGIC, MAX_FILE_BYTES, MAX_HEADER_BYTES

MAX_GZIP_MEMBERS = 16
"""Maximum number of members of a gzip file; each costs a copy of the bytes that follow."""

MAX_PIXELS = 4096 * 4096
"""Maximum number of pixels that a header may declare; a LASCO frame has 1024 * 1024."""

MAX_CONTINUED_CARDS = 100
"""Maximum number of cards of one value; the memory that astropy needs grows with its square."""

CARD_BYTES, BLOCK_BYTES = 80, 2880
"""Sizes of a header card and of a FITS block, bytes; header and image are padded to whole blocks."""

PIXEL_TYPES = {16: ">i2", 32: ">i4", -32: ">f4", -64: ">f8"}
"""Data types of the pixels by BITPIX."""

UNSIGNED_BZERO = (2**15, 2**31)
"""Values of BZERO by which FITS stores unsigned integers."""

UNALTERED_FILE = "give an unaltered Level 0.5 file"
"""Remedy for headers that LASCO does not write."""

_KEYWORD = re.compile("[A-Z0-9_-]{1,8} *")

_VALUE = re.compile(r" *(?:'(?:[^']|'')*'|[TF]|[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:E[+-]?\d{1,2})?) *(?:(?<=[' ])/.*)?")
"""Value and comment of a card that astropy reads without a warning and writes unchanged; a number is finite."""

_UNPRINTABLE = re.compile("[^ -~]")


def decode(source: str | Path | bytes, name: str | None = None) -> tuple[fits.Header, NDArray[np.generic], str]:
    """Read the primary header and image of a FITS file.

    Parameters
    ----------
    source : str, Path or bytes
        A file, gzip-compressed or not, or its content.
    name : str, optional
        Name of the file in error messages; by default the name of the path.

    Returns
    -------
    header : astropy.io.fits.Header
        Primary header with blanks in place of control characters, so that its cards can be written.
    data : ndarray
        Image scaled by BSCALE and BZERO, (row, column), row 0 at the bottom; read-only where no scaling is needed.
    label : str
        Name of the file in error messages.

    Raises
    ------
    FrameError
        A subclass per defect: not FITS, truncated, no image, too large, wrong shape or type, bad keyword, not finite.
    """
    raw, label = _bytes_of(source, name)
    raw = _decompressed(raw, label)
    _check_fits_start(raw, label)
    end = _end_of_header(raw, label)
    header = _header(raw[:end], label)
    shape = _shape(header, label)
    return header, _image(raw, _block_after(end), header, shape, label), label


def _bytes_of(source: str | Path | bytes, name: str | None) -> tuple[bytes, str]:
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source[: MAX_FILE_BYTES + 1]), name or "frame"
    path = Path(source)
    label = name or path.name
    try:
        if path.exists() and not path.is_file():
            raise errors.FrameError(
                f"{label}: not a regular file (a folder, a pipe or a device)", "give a Level 0.5 FITS file"
            )
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise errors.FrameError(f"{label}: cannot be read ({reason})", "check the path and its permissions") from error
    return raw, label


def _decompressed(raw: bytes, label: str) -> bytes:
    if len(raw) > MAX_FILE_BYTES:
        raise errors.TooLargeError(f"{label}: more than {MAX_FILE_BYTES // 2**20} MiB", "give one Level 0.5 frame")
    if not raw.startswith(GZIP_MAGIC):
        return raw
    plain, rest, members = b"", raw, 0
    while rest.startswith(GZIP_MAGIC):
        members += 1
        if members > MAX_GZIP_MEMBERS:
            raise errors.TooLargeError(
                f"{label}: more than {MAX_GZIP_MEMBERS} gzip members", "compress one frame only once"
            )
        stream = zlib.decompressobj(wbits=31)
        try:
            plain += stream.decompress(rest, MAX_FILE_BYTES - len(plain) + 1)
        except zlib.error as error:
            raise errors.TruncatedError(
                f"{label}: the gzip data is damaged ({error})", "fetch the file again"
            ) from error
        if len(plain) > MAX_FILE_BYTES:
            raise errors.TooLargeError(
                f"{label}: decompresses to more than {MAX_FILE_BYTES // 2**20} MiB", "give one Level 0.5 frame"
            )
        if not stream.eof:
            raise errors.TruncatedError(f"{label}: the gzip data ends too early", "fetch the file again")
        rest = stream.unused_data
    return plain


def _check_fits_start(raw: bytes, label: str) -> None:
    if not raw:
        raise errors.NotFitsError(f"{label}: the file is empty", "give a Level 0.5 FITS file")
    if raw.startswith(GZIP_MAGIC):
        raise errors.NotFitsError(f"{label}: compressed more than once", "decompress it once")
    if not re.match(rb"SIMPLE  = +T", raw[:30]):
        raise errors.NotFitsError(f"{label}: not a FITS file (the first card is not SIMPLE = T)", "give a FITS file")


def _end_of_header(raw: bytes, label: str) -> int:
    """Offset of the END card, bytes; END in the middle of another card is text."""
    found = raw.find(b"END", 0, MAX_HEADER_BYTES)
    while found >= 0:
        if (
            found % CARD_BYTES == 0
            and not raw[found + 3 : found + CARD_BYTES].strip(b" \0")
            and len(raw) >= found + CARD_BYTES
        ):
            return found
        found = raw.find(b"END", found + 1, MAX_HEADER_BYTES)
    if len(raw) > MAX_HEADER_BYTES:
        raise errors.TooLargeError(
            f"{label}: the header has no END card in {MAX_HEADER_BYTES} bytes", f"{UNALTERED_FILE}"
        )
    raise errors.TruncatedError(f"{label}: the header ends before its END card", "fetch the file again")


def _block_after(end: int) -> int:
    return (end + CARD_BYTES + BLOCK_BYTES - 1) // BLOCK_BYTES * BLOCK_BYTES


def _header(raw: bytes, label: str) -> fits.Header:
    """Header whose cards can be written: HISTORY cards of real files contain TABs, which FITS forbids."""
    text = printable(raw.decode("latin-1"))
    try:
        return fits.Header.fromstring("".join(_cards(text, label)))
    except errors.FrameError:
        raise
    except Exception as error:  # astropy raises many types of errors on damaged headers
        raise errors.NotFitsError(
            f"{label}: the header cannot be decoded ({_first_line(error)})", "fetch the file again"
        ) from error


def _cards(text: str, label: str) -> Iterator[str]:
    """Cards of a header: the first card of each keyword, and all commentary cards."""
    seen: set[str] = set()
    for image in _card_images(text, label):
        keyword = image[:8].rstrip()
        if keyword == "HISTORY":
            yield image[:CARD_BYTES]
        elif keyword in ("", "COMMENT"):
            yield f"COMMENT {image[8:CARD_BYTES]}"
        elif keyword not in seen:
            card = image if _is_standard_card(image) else _standardised_card(image)
            seen.update([keyword] if card else [])
            yield card


def _card_images(text: str, label: str) -> Iterator[str]:
    """Card images of a header, each with the CONTINUE cards that follow it."""
    starts = [at for at in range(0, len(text), CARD_BYTES) if text[at : at + 8] != "CONTINUE"]
    for start, stop in zip(starts, [*starts[1:], len(text)], strict=True):
        if stop - start > MAX_CONTINUED_CARDS * CARD_BYTES:
            raise errors.TooLargeError(
                f"{label}: {text[start : start + 8].rstrip()} continues over more than {MAX_CONTINUED_CARDS} cards",
                f"{UNALTERED_FILE}",
            )
        yield text[start:stop]


def _is_standard_card(image: str) -> bool:
    if (
        len(image) != CARD_BYTES or image[8:10] != "= " or ": " in image[:CARD_BYTES]
    ):  # a colon may mean a record-valued card
        return False
    return bool(_KEYWORD.fullmatch(image, 0, 8) and _VALUE.fullmatch(image, 10))


def _standardised_card(image: str) -> str:
    """Card in the standard's format; a value that cannot be parsed is kept as text, so that a check can report it."""
    keyword = image[:8].rstrip()
    with ignore_warnings(AstropyWarning):
        try:
            card = fits.Card.fromstring(image)
            keyword, value = card.keyword, card.value
            if not _KEYWORD.fullmatch(keyword) or len(keyword) > 8:
                return ""
            room = CARD_BYTES - 13 - max(len(str(value)) + 2, 20)
            value = None if isinstance(value, fits.card.Undefined) else value
            return str(fits.Card(keyword, value, card.comment[: max(room, 0)]))
        except (fits.VerifyError, ValueError):
            text = image[10:CARD_BYTES].split("/")[0].strip()
            return str(fits.Card(keyword, text)) if _KEYWORD.fullmatch(keyword) and image[8] == "=" else ""


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _shape(header: fits.Header, label: str) -> tuple[int, int]:
    """Rows and columns that the header declares."""
    bitpix, naxis = _integer(header, "BITPIX", label), _integer(header, "NAXIS", label)
    if naxis == 0:
        raise errors.NoImageError(f"{label}: the primary HDU contains no image (NAXIS = 0)", "give a Level 0.5 frame")
    if bitpix not in PIXEL_TYPES:
        raise errors.WrongTypeError(
            f"{label}: BITPIX = {bitpix}, but Level 0.5 counts are 16-bit integers (quick-looks cannot be calibrated)",
            "give the Level 0.5 file",
        )
    if naxis != 2:
        raise errors.WrongShapeError(f"{label}: NAXIS = {naxis}, but a frame has two axes", "give one Level 0.5 frame")
    columns, rows = _integer(header, "NAXIS1", label), _integer(header, "NAXIS2", label)
    if min(columns, rows) <= 0:
        raise errors.NoImageError(f"{label}: the image is empty ({columns} x {rows} px)", "give a Level 0.5 frame")
    if columns * rows > MAX_PIXELS:
        raise errors.TooLargeError(
            f"{label}: the header declares {columns} x {rows} pixels, more than any LASCO frame has",
            f"{UNALTERED_FILE}",
        )
    return rows, columns


def _image(raw: bytes, start: int, header: fits.Header, shape: tuple[int, int], label: str) -> NDArray[np.generic]:
    """Image of a file; a view of its bytes where no scaling is needed."""
    dtype = np.dtype(PIXEL_TYPES[header["BITPIX"]])
    scale, zero, blank = _scaling(header, "BSCALE", 1, label), _scaling(header, "BZERO", 0, label), header.get("BLANK")
    needed = start + shape[0] * shape[1] * dtype.itemsize
    if len(raw) < needed:
        raise errors.TruncatedError(
            f"{label}: {len(raw)} of {needed} bytes, the image is truncated", "fetch the file again"
        )
    stored = np.frombuffer(raw, dtype, shape[0] * shape[1], start).reshape(shape)
    if dtype.kind == "i" and is_number(blank) and (stored == blank).any():
        raise errors.NotFiniteError(
            f"{label}: {np.count_nonzero(stored == blank)} pixels are undefined (BLANK = {blank})", f"{UNALTERED_FILE}"
        )
    if (scale, zero) == (1, 0):
        return stored
    if scale == 1 and zero in UNSIGNED_BZERO and dtype.kind == "i":
        return stored.astype(np.int64) + int(zero)
    with np.errstate(all="ignore"):  # an overflow becomes infinite, which a later check refuses
        return np.asarray(stored.astype(np.float64) * scale + zero)


def is_number(value: object) -> bool:
    """Whether the value of a card is a finite number; integers may have more than 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _scaling(header: fits.Header, key: str, default: int, label: str) -> float:
    value = header.get(key, default)
    if not is_number(value):
        raise errors.BadKeywordError(
            f"{label}: {key} = {shortened(value)} must be a finite number", f"{UNALTERED_FILE}"
        )
    return float(value)


def _integer(header: fits.Header, key: str, label: str) -> int:
    value = header.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise errors.BadKeywordError(f"{label}: {key} = {shortened(value)} must be an integer", "fetch the file again")
    return value


def printable(text: str) -> str:
    """Text with a blank in place of every character that a FITS header cannot contain."""
    return _UNPRINTABLE.sub(" ", text)


def shortened(value: object) -> str:
    """Value of a card for an error message, cut to 80 characters: a string may continue over many cards."""
    text = repr(value)
    return text if len(text) <= CARD_BYTES else f"{text[:CARD_BYTES]}..."
