"""Tile-compressed images (fpack, .fz): tables whose rows hold the tiles of an image (FITS standard 4.0, section 10).

Read are images without loss, compressed by GZIP_1, GZIP_2 or RICE_1, as fpack does with integers. The decoders of other
packages trust the file: what they allocate and how far they read is what it says. Here every size is checked first.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco import errors

MAX_TILES = 2**15
"""Maximum number of tiles; fpack makes one of each row."""

MAX_ZEROS = 256
"""Maximum number of zeros before a one in the codes of RICE_1; an encoder writes about twice the pixels of a block."""

MAX_TILE_PIXELS = 4096
"""Maximum number of pixels of a tile compressed by RICE_1, whose pixels are decoded one after the other."""

FUNPACK = "decompress it by funpack"
"""Remedy for what is not read."""

ELEMENT_BYTES = {
    "L": 1,
    "X": 1,
    "B": 1,
    "I": 2,
    "J": 4,
    "K": 8,
    "A": 1,
    "E": 4,
    "D": 8,
    "C": 8,
    "M": 16,
    "P": 8,
    "Q": 16,
}
"""Sizes of the elements of a table's columns by the letter of TFORM, bytes."""


class Rice(NamedTuple):
    """Parameters of RICE_1 for a size of integers (White and Becker 1998; ``fits_rdecomp`` of CFITSIO).

    Attributes
    ----------
    selector : int
        Bits of the number that says how the differences of a block are coded.
    direct : int
        Its value for differences that are stored as they are.
    bits : int
        Bits of an integer.
    """

    selector: int
    direct: int
    bits: int


RICE = {1: Rice(3, 6, 8), 2: Rice(4, 14, 16), 4: Rice(5, 25, 32)}
"""Parameters of RICE_1 by BYTEPIX."""


def decode(data: bytes, table: fits.Header, shape: tuple[int, int], pixel_type: str, label: str) -> bytes:
    """Decompress the tiles of an image.

    Parameters
    ----------
    data : bytes
        Data of the table and its heap, with what follows.
    table : astropy.io.fits.Header
        Header of the table.
    shape : (int, int)
        Rows and columns of the image, checked by the caller.
    pixel_type : str
        Type of the pixels, big-endian.
    label : str
        Name of the file in error messages.

    Returns
    -------
    bytes
        The image as an uncompressed HDU holds it.

    Raises
    ------
    UnsupportedFrameError
        When it is compressed in another way, or with loss.
    BadKeywordError, TruncatedError
        When the table contradicts itself, or the tiles do not hold their pixels.
    """
    method = str(table.get("ZCMPTYPE", "")).strip().upper()
    names = {str(table[key]).strip().upper() for key in table if re.fullmatch(r"TTYPE\d+", key)}
    if method not in ("GZIP_1", "GZIP_2", "RICE_1", "RICE_ONE"):
        raise errors.UnsupportedFrameError(
            f"{label}: compressed by ZCMPTYPE = {method[:20]!r}, which is not read", FUNPACK
        )
    dtype = np.dtype(pixel_type)
    if "ZSCALE" in names or "ZSCALE" in table or (method.startswith("RICE") and dtype.kind != "i"):
        raise errors.UnsupportedFrameError(
            f"{label}: the image was compressed with loss (ZSCALE)", "give the Level 0.5 file as LASCO made it"
        )
    places = _places(table, shape, label)
    packed = _packed(data, table, len(places), label)
    image = np.empty(shape, dtype)
    sizes = [(stop - start) * (end - begin) for start, stop, begin, end in places]
    pixels = _unzipped(packed, sizes, dtype, method == "GZIP_2", label) if method.startswith("GZIP") else None
    for size in sorted(set(sizes)):
        which = [index for index, one in enumerate(sizes) if one == size]
        decoded = (
            [pixels[index] for index in which]
            if pixels is not None
            else _unriced([packed[index] for index in which], size, table, dtype, label)
        )
        for index, values in zip(which, decoded, strict=True):
            start, stop, begin, end = places[index]
            image[start:stop, begin:end] = values.reshape(stop - start, end - begin)
    return image.tobytes()


def _places(table: fits.Header, shape: tuple[int, int], label: str) -> list[tuple[int, int, int, int]]:
    """First and last row, first and last column of every tile, in the order of the rows of the table."""
    rows, columns = shape
    wide, high = _integer(table, "ZTILE1", label, columns), _integer(table, "ZTILE2", label, 1)
    if not (0 < wide <= columns and 0 < high <= rows):
        raise errors.BadKeywordError(f"{label}: ZTILE1, ZTILE2 = {wide}, {high}, no tile of the image", FUNPACK)
    count = -(-columns // wide) * -(-rows // high)
    if count > MAX_TILES:
        raise errors.UnsupportedFrameError(f"{label}: {count} tiles, at most {MAX_TILES} are read", FUNPACK)
    if count != _integer(table, "NAXIS2", label):
        raise errors.BadKeywordError(f"{label}: NAXIS2 = {table['NAXIS2']} is not the number of tiles", FUNPACK)
    corners = itertools.product(range(0, rows, high), range(0, columns, wide))
    return [(row, min(row + high, rows), column, min(column + wide, columns)) for row, column in corners]


def _packed(data: bytes, table: fits.Header, count: int, label: str) -> list[bytes]:
    """The compressed bytes of every tile."""
    width, offset, form = _column(table, label)
    heap = _integer(table, "THEAP", label, width * count)
    end = width * count + _integer(table, "PCOUNT", label, 0)
    if min(heap, end) < width * count or len(data) < end:
        raise errors.TruncatedError(
            f"{label}: {len(data)} of {end} bytes, the tiles are truncated", "fetch the file again"
        )
    pairs = np.ndarray((count, 2), ">i4" if form == "P" else ">i8", data, offset, (width, 4 if form == "P" else 8))
    lengths, starts = pairs.astype(np.int64).T
    if (lengths <= 0).any() or (starts < 0).any() or (lengths > end).any() or (starts > end - heap - lengths).any():
        raise errors.TruncatedError(f"{label}: a tile lies outside of the file", "fetch the file again")
    if int(lengths.sum()) > len(data):  # tiles that share their bytes would be decoded over and over
        raise errors.BadKeywordError(f"{label}: the tiles overlap", FUNPACK)
    return [data[heap + at : heap + at + size] for at, size in zip(starts.tolist(), lengths.tolist(), strict=True)]


def _column(table: fits.Header, label: str) -> tuple[int, int, str]:
    """Bytes of a row of the table, offset of the tiles' column in it, and P or Q, the kind of its pointers."""
    offset = 0
    for number in range(1, _integer(table, "TFIELDS", label) + 1):
        form = re.fullmatch(r"(\d{0,4})([LXBIJKAEDCMPQ])(.*)", str(table.get(f"TFORM{number}", "")).strip())
        if form is None:
            break
        if str(table.get(f"TTYPE{number}", "")).strip().upper() == "COMPRESSED_DATA":
            width = _integer(table, "NAXIS1", label)
            if form[2] in "PQ" and form[3].startswith("B") and form[1] in ("", "1") and offset + 16 <= width + 8:
                return width, offset, form[2]
            break
        offset += int(form[1] or 1) * ELEMENT_BYTES[form[2]]
    raise errors.BadKeywordError(f"{label}: no column COMPRESSED_DATA of bytes (TTYPE, TFORM)", FUNPACK)


def _unzipped(
    packed: Sequence[bytes], sizes: Sequence[int], dtype: np.dtype, shuffled: bool, label: str
) -> list[np.ndarray]:
    """Pixels of the tiles of GZIP_1 and GZIP_2, whose bytes are in the order of their significance."""
    found = []
    for content, size in zip(packed, sizes, strict=True):
        stream = zlib.decompressobj(wbits=31)
        try:
            plain = stream.decompress(content, size * dtype.itemsize + 1)
        except zlib.error as error:
            raise _damaged(label, str(error)) from error
        if len(plain) != size * dtype.itemsize:
            raise _damaged(label, f"{len(plain)} bytes for {size} pixels")
        octets = np.frombuffer(plain, np.uint8)
        if shuffled:
            octets = np.ascontiguousarray(octets.reshape(dtype.itemsize, size).T)
        found.append(octets.view(dtype).reshape(size))
    return found


def _unriced(packed: Sequence[bytes], size: int, table: fits.Header, dtype: np.dtype, label: str) -> NDArray[np.int64]:
    """Pixels of tiles of RICE_1 that have the same number of pixels, (tile, pixel), decoded side by side."""
    values = {
        str(table[f"ZNAME{n}"]).strip().upper(): table.get(f"ZVAL{n}") for n in range(1, 9) if f"ZNAME{n}" in table
    }
    block, octets = values.get("BLOCKSIZE", 32), values.get("BYTEPIX", 4)
    if block not in (16, 32) or octets not in RICE or octets > dtype.itemsize:
        raise errors.BadKeywordError(
            f"{label}: BLOCKSIZE, BYTEPIX = {block!r}, {octets!r} do not exist".replace("\n", " "), FUNPACK
        )
    if size > MAX_TILE_PIXELS:
        raise errors.UnsupportedFrameError(
            f"{label}: tiles of {size} pixels compressed by RICE_1, at most {MAX_TILE_PIXELS} are read", FUNPACK
        )
    rice, reader = RICE[octets], _Bits(packed, label)
    wrap = 1 << rice.bits
    last = reader.take(rice.bits)
    pixels = np.empty((len(packed), size), np.int64)
    for begin in range(0, size, block):
        code = reader.take(rice.selector) - 1
        direct, coded = code == rice.direct, (code >= 0) & (code != rice.direct)
        if (code > rice.direct).any():
            raise _damaged(label, "a block of differences has no code")
        extra = np.where(direct, rice.bits, np.where(coded, code, 0))
        for column in range(begin, min(begin + block, size)):
            high = reader.zeros(coded) << np.where(coded, code, 0)
            mapped = high + reader.take(extra)
            last = (last + np.where(mapped & 1, ~(mapped >> 1), mapped >> 1)) % wrap
            pixels[:, column] = last
        reader.check()
    signed = rice.bits > 8  # bytes are unsigned in FITS
    return np.where(signed & (pixels >= wrap // 2), pixels - wrap, pixels)


class _Bits:
    """Bits of several tiles, read side by side; bits after the end are zeros until `check` is asked.

    Parameters
    ----------
    packed : sequence of bytes
    label : str
        Name of the file in error messages.
    """

    def __init__(self, packed: Sequence[bytes], label: str) -> None:
        joined = b"".join(packed) + bytes(16)
        self.label = label
        self.windows = np.ndarray(len(joined) - 7, ">u8", joined, strides=(1,))
        """The 64 bits that begin at every byte."""
        sizes = np.array([len(content) for content in packed], np.int64) * 8
        self.ends = np.cumsum(sizes)
        self.at = self.ends - sizes

    def _next(self) -> NDArray[np.uint64]:
        """The next 32 bits of every tile."""
        self.at = np.minimum(self.at, 8 * (self.windows.size - 1))
        window = self.windows[self.at >> 3].astype(np.uint64)
        return np.asarray((window << (self.at & 7).astype(np.uint64)) >> np.uint64(32))

    def take(self, bits: int | NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers in the next bits, 0 to 32 of them."""
        count = np.broadcast_to(np.asarray(bits, np.int64), self.at.shape)
        found = self._next() >> (32 - count).astype(np.uint64)
        self.at = self.at + count
        return found.astype(np.int64)

    def zeros(self, where: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many zeros come before the next one, where asked; the one is read too."""
        total, more = np.zeros(self.at.shape, np.int64), where
        while more.any():
            leading = 32 - np.frexp(self._next().astype(np.float64))[1]
            total += np.where(more, leading, 0)
            self.at = self.at + np.where(more, leading + (leading < 32), 0)
            more = more & (leading == 32)
            self.check(more)
            if total.max() > MAX_ZEROS:
                raise _damaged(self.label, f"more than {MAX_ZEROS} zeros in a code")
        return total

    def check(self, where: NDArray[np.bool_] | bool = True) -> None:
        """Refuse tiles that have been read beyond their end."""
        if ((self.at > self.ends) & where).any():
            raise _damaged(self.label, "it ends too early")


def _damaged(label: str, why: str) -> errors.TruncatedError:
    return errors.TruncatedError(f"{label}: a compressed tile is damaged ({why})", "fetch the file again")


def _integer(header: fits.Header, key: str, label: str, default: int | None = None) -> int:
    value = header.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise errors.BadKeywordError(f"{label}: {key} = {str(value)[:40]!r} must be a positive integer", FUNPACK)
    return value
