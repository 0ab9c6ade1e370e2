"""Decoding the bytes of a FITS file to its header and image, safely for any input.

Sizes are checked against limits before anything is decoded. The image is that of the primary HDU or, where that has
none, of the first extension, tile-compressed or not; further extensions and random groups are not read.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco import errors
from corinpaint.lasco.decompression import beginning, compression_of, decompress
from corinpaint.lasco.level05 import extension, tiles
from corinpaint.lasco.level05.cards import (
    BLOCK_BYTES,
    UNALTERED_FILE,
    block_after,
    end_of_header,
    is_number,
    parse,
    shortened,
)
from corinpaint.lasco.limits import MAX_FILE_BYTES, MAX_HEADER_BYTES

MAX_PIXELS = 4096 * 4096
"""Maximum number of pixels that a header may declare; a LASCO frame has 1024 * 1024."""

PIXEL_TYPES = {16: ">i2", 32: ">i4", -32: ">f4", -64: ">f8"}
"""Data types of the pixels by BITPIX."""

UNSIGNED_BZERO = (2**15, 2**31)
"""Values of BZERO by which FITS stores unsigned integers."""

_GLANCES = (16 * BLOCK_BYTES, 2**20)
"""Bytes of a file in which its headers are looked for, first and at last; a block of bzip2 has up to 0.9 MB."""


class Decoded(NamedTuple):
    """What a FITS file holds.

    Attributes
    ----------
    header : astropy.io.fits.Header
        Header of the image with blanks in place of control characters, so that its cards can be written; that of an
        extension with the cards of the primary header that it lacks.
    data : ndarray
        Image scaled by BSCALE and BZERO, (row, column), row 0 at the bottom; read-only where no scaling is needed.
    label : str
        Name of the file in error messages.
    sha256 : str
        SHA-256 of the bytes of the file, decompressed, hexadecimal.
    """

    header: fits.Header
    data: NDArray[np.generic]
    label: str
    sha256: str


def decode(source: str | Path | bytes, name: str | None = None) -> Decoded:
    """Read the header and image of a FITS file.

    Parameters
    ----------
    source : str, Path or bytes
        A file, compressed by gzip, bzip2, xz or compress or not, or its content.
    name : str, optional
        Name of the file in error messages; by default the name of the path.

    Returns
    -------
    Decoded

    Raises
    ------
    FrameError
        A subclass per defect: not FITS, truncated, no image, too large, wrong shape or type, bad keyword, not finite.
    """
    raw, label = _bytes_of(source, name)
    compression = compression_of(raw)
    raw = decompress(raw, label)
    sha256 = hashlib.sha256(raw).hexdigest()
    _check_fits_start(raw, label, compression)
    header, start, table = _locate_image(raw, label)
    shape = _shape(header, label)
    if table is not None:
        raw, start = tiles.decode(raw[start:], table, shape, PIXEL_TYPES[header["BITPIX"]], label), 0
    return Decoded(header, _image(raw, start, header, shape, label), label, sha256)


def content_sha256(path: Path) -> str:
    """SHA-256 of the bytes of a file, decompressed, as `decode` gives it.

    Raises
    ------
    FrameError
        When the file cannot be read or decompressed.
    """
    raw, label = _bytes_of(path, None)
    return hashlib.sha256(decompress(raw, label)).hexdigest()


def read_header(path: Path) -> fits.Header | None:
    """The header that `decode` gives, from the first bytes of a file alone.

    Parameters
    ----------
    path : Path
        A regular file.

    Returns
    -------
    astropy.io.fits.Header or None
        None when the file is no FITS file or has no complete header in its first bytes; `decode` says why.

    Raises
    ------
    OSError
        When the file cannot be read.
    """
    with path.open("rb") as file:
        for size in _GLANCES:
            file.seek(0)
            raw = file.read(size)
            headers = beginning(raw, 2 * MAX_HEADER_BYTES)
            try:
                if headers or compression_of(raw) != "bzip2":
                    _check_fits_start(headers, path.name)
                    return _locate_image(headers, path.name)[0]
            except errors.TruncatedError:
                pass
            except errors.FrameError:
                return None
            if len(raw) < size:
                return None
    return None


def _locate_image(raw: bytes, label: str) -> tuple[fits.Header, int, fits.Header | None]:
    """Header of the image, offset of its data in bytes, and the header of the table where it is tile-compressed."""
    end = end_of_header(raw, label)
    primary, start = parse(raw[:end], label), block_after(end)
    if primary.get("NAXIS") != 0 or not raw.startswith(b"XTENSION", start):
        return primary, start, None
    following = raw[start : start + MAX_HEADER_BYTES + 1]
    end = end_of_header(following, label)
    own = parse(following[:end], label)
    return extension.joined(primary, own), start + block_after(end), own if extension.is_tiled(own) else None


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


def _check_fits_start(raw: bytes, label: str, compression: str = "") -> None:
    what = f"its content, decompressed by {compression}, is" if compression else "the file is"
    if not raw:
        raise errors.NotFitsError(f"{label}: {what} empty", "give a Level 0.5 FITS file")
    if not re.match(rb"SIMPLE  = +T", raw[:30]):
        what = f"{what} not" if compression else "not"
        raise errors.NotFitsError(f"{label}: {what} a FITS file (the first card is not SIMPLE = T)", "give a FITS file")


def _shape(header: fits.Header, label: str) -> tuple[int, int]:
    """Rows and columns that the header declares."""
    bitpix, naxis = _integer(header, "BITPIX", label), _integer(header, "NAXIS", label)
    if naxis == 0:
        raise errors.NoImageError(
            f"{label}: neither the primary HDU nor the first extension contains an image (NAXIS = 0)",
            "give a Level 0.5 frame",
        )
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
