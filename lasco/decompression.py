"""Decompressing the bytes of a file within the limits of a frame: gzip, bzip2, xz, and the LZW of Unix ``compress``.

The compression is recognised by its first bytes, whatever the file is called. Nothing larger than a frame is ever made,
and other compressions are refused by name.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

import numpy as np

from corinpaint.lasco.errors import NotFitsError, TooLargeError, TruncatedError
from corinpaint.lasco.limits import MAX_FILE_BYTES

GZIP_MAGIC = b"\x1f\x8b"
"""First two bytes of a gzip file."""

LZW_MAGIC = b"\x1f\x9d"
"""First two bytes of a file of Unix ``compress``, .Z."""

MAX_MEMBERS = 16
"""Maximum number of members (gzip) or streams (bzip2, xz) of a file; each costs a copy of the bytes that follow."""

MAX_LZW_BYTES = 4 * 2**20
"""Maximum size of a .Z file, bytes; a full frame takes 0.8 MiB, and decoding takes half a second per MiB."""

MAX_CLEARS = 10_000
"""Maximum number of times that a .Z file clears its dictionary; it does when that is full, after 0.9 KB at least."""

MAX_XZ_MEMORY = 96 * 2**20
"""Memory that the decoder of xz may reserve, bytes; ``xz -9`` needs 65 MiB, of which a frame touches its own size."""

UNREADABLE = {
    b"PK\x03\x04": ("a zip archive", "extract it with unzip"),
    b"\x28\xb5\x2f\xfd": ("compressed by Zstandard", "decompress it with zstd -d"),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "extract it with 7z x"),
    b"\x04\x22\x4d\x18": ("compressed by LZ4", "decompress it with lz4 -d"),
    b"LZIP": ("compressed by lzip", "decompress it with lzip -d"),
    b"\x5d\x00\x00": ("compressed by lzma", "decompress it with unlzma"),
    b"\x1f\x1e": ("compressed by pack", "decompress it with gzip -d"),
    b"\x1f\xa0": ("compressed by SCO compress -H", "decompress it with gzip -d"),
}
"""First bytes of compressions that are recognised and refused, their names and the remedies."""


class _Stream(Protocol):
    """What zlib, bz2 and lzma have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Damaged(Exception):
    """The data cannot be decompressed."""


STREAMS: dict[bytes, tuple[str, Callable[[], _Stream]]] = {
    GZIP_MAGIC: ("gzip", lambda: zlib.decompressobj(wbits=31)),
    b"BZh": ("bzip2", bz2.BZ2Decompressor),
    b"\xfd7zXZ\0": ("xz", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, MAX_XZ_MEMORY)),
}
"""First bytes of the compressions of the standard library, their names, and what decompresses them."""

_ERRORS = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError)


def decompress(raw: bytes, label: str) -> bytes:
    """The content of a file, decompressed once where it is compressed.

    Parameters
    ----------
    raw : bytes
        At most one byte more than `MAX_FILE_BYTES` of a file.
    label : str
        Name of the file in error messages.

    Returns
    -------
    bytes
        At most `MAX_FILE_BYTES`.

    Raises
    ------
    TooLargeError
        When the file or its content is larger, or has more than `MAX_MEMBERS` members.
    TruncatedError
        When the data is damaged or ends too early.
    NotFitsError
        When it is compressed more than once, or in a way that is not read.
    """
    if len(raw) > MAX_FILE_BYTES:
        raise TooLargeError(f"{label}: more than {MAX_FILE_BYTES // 2**20} MiB", "give one Level 0.5 frame")
    plain = _members(raw, label)
    if plain is not raw and (compression := compression_of(plain)):
        raise NotFitsError(f"{label}: compressed more than once ({compression} inside)", "decompress it once")
    for magic, (what, remedy) in UNREADABLE.items():
        if plain.startswith(magic):
            raise NotFitsError(f"{label}: {what}, which is not read as a compressed frame", remedy)
    return plain


def beginning(raw: bytes, size: int) -> bytes:
    """The first bytes of the content of a file, for looking at its header; damage and a cut end are overlooked.

    Parameters
    ----------
    raw : bytes
        First bytes of the file.
    size : int
        Maximum number of bytes that are returned.

    Returns
    -------
    bytes
        Empty where nothing can be decompressed.
    """
    stream = next((make for magic, (_, make) in STREAMS.items() if raw.startswith(magic)), None)
    try:
        if stream is not None:
            return stream().decompress(raw, size)
        return (_uncompressed(raw, size) if raw.startswith(LZW_MAGIC) else raw)[:size]
    except (*_ERRORS, _Damaged):
        return b""


def compression_of(raw: bytes) -> str:
    """Name of the compression of a file that is read, by its first bytes; empty when there is none.

    >>> compression_of(bytes.fromhex("1f9d90"))
    'compress'
    """
    if raw.startswith(LZW_MAGIC):
        return "compress"
    return next((name for magic, (name, _) in STREAMS.items() if raw.startswith(magic)), "")


def _members(raw: bytes, label: str) -> bytes:
    """The joined content of all members of a file; the file itself where it is not compressed."""
    if raw.startswith(LZW_MAGIC):
        return _uncompressed_file(raw, label)
    for magic, (name, make) in STREAMS.items():
        if not raw.startswith(magic):
            continue
        plain, rest, members = b"", raw, 0
        while rest.startswith(magic):
            members += 1
            if members > MAX_MEMBERS:
                raise TooLargeError(f"{label}: more than {MAX_MEMBERS} {name} members", "compress one frame only once")
            stream = make()
            try:
                plain += stream.decompress(rest, MAX_FILE_BYTES - len(plain) + 1)
            except _ERRORS as error:
                raise TruncatedError(
                    f"{label}: the {name} data is damaged ({error})", "fetch the file again"
                ) from error
            if len(plain) > MAX_FILE_BYTES:
                raise _too_large(label)
            if not stream.eof:
                raise TruncatedError(f"{label}: the {name} data ends too early", "fetch the file again")
            rest = stream.unused_data
        return plain
    return raw


def _uncompressed_file(raw: bytes, label: str) -> bytes:
    if len(raw) > MAX_LZW_BYTES:
        raise TooLargeError(
            f"{label}: more than {MAX_LZW_BYTES // 2**20} MiB compressed by compress (.Z)",
            "decompress it by uncompress",
        )
    try:
        plain = _uncompressed(raw, MAX_FILE_BYTES)
    except _Damaged as error:
        raise TruncatedError(
            f"{label}: the compress (.Z) data is damaged ({error})", "fetch the file again, or try uncompress"
        ) from error
    if len(plain) > MAX_FILE_BYTES:
        raise _too_large(label)
    return plain


def _too_large(label: str) -> TooLargeError:
    return TooLargeError(
        f"{label}: decompresses to more than {MAX_FILE_BYTES // 2**20} MiB", "give one Level 0.5 frame"
    )


def _uncompressed(raw: bytes, limit: int) -> bytes:
    """Decode the LZW of Unix ``compress`` (Welch 1984, Computer 17, 6, 8; the file format is that of ncompress 4.2).

    Every string of the dictionary has been written before, so it is kept as its place in the output: memory is that of
    the output and of at most 65536 pairs of numbers.

    Parameters
    ----------
    raw : bytes
        Three bytes of header, then codes of 9 to 16 bits, lowest bit first, in groups of eight. Files of
        ``compress -b 9``, which programs do not agree on, are refused.
    limit : int
        Decoding ends when the output is longer than this; no string is, so that it is less than twice as long.
    """
    if len(raw) < 3 or raw[2] & 0x60 or not 10 <= (largest := raw[2] & 0x1F) <= 16:
        raise _Damaged("the header gives no largest code length from 10 to 16 bits")
    first = 257 if raw[2] & 0x80 else 256
    output, starts, lengths = bytearray(), [0] * first, [0] * first
    packed, place, width, last, size, clears = np.frombuffer(raw, np.uint8), 3, 9, -1, 0, 0
    while place < len(raw) and len(output) <= limit:
        growing = width < largest
        room = (1 << width) - len(starts) + (last < 0) if growing else 8192  # codes until they get another bit
        codes = _codes(packed[place : place + -(-room // 8) * width], width)[:room]
        if not codes:
            break
        used, width_after = len(codes), width + growing
        for read, code in enumerate(codes, start=1):
            if code == 256 < first:  # clear the dictionary
                del starts[first:], lengths[first:]
                used, width_after, last, clears = read, 9, -1, clears + 1
                if clears > MAX_CLEARS:
                    raise _Damaged("its dictionary is cleared too often")
                break
            if last >= 0 and len(starts) < 1 << largest:
                starts.append(last)
                lengths.append(size + 1)
            last = len(output)
            if code < 256:
                output.append(code)
                size = 1
            elif code < len(starts):
                start, size = starts[code], lengths[code]
                output += output[start : start + size]
                if start + size > last:  # the string that this very code defines ends with its own first byte
                    output.append(output[start])
            else:
                raise _Damaged(f"code {code} means nothing")
            if len(output) > limit:
                break
        place += -(-used // 8) * width  # codes are in groups of eight, also before the dictionary is cleared
        width = width_after
    return bytes(output)


def _codes(packed: np.ndarray, width: int) -> list[int]:
    """The whole codes in some bytes."""
    bits = np.unpackbits(packed, bitorder="little")
    whole = bits[: bits.size // width * width].reshape(-1, width)
    return [int(code) for code in whole @ (1 << np.arange(width))]
