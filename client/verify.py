"""Verifying that the body of an answer is complete: FITS by its checksums, PNG, JSON.

astropy does not open these files: for a truncated one it warns, and `warnings.catch_warnings` is not safe in threads.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from astropy.io import fits

from corinpaint.client.errors import AnswerError
from corinpaint.client.protocol import COMPRESSED_CARD

BLOCK = 2880
"""Bytes of a FITS block; every part of a file is a multiple of it."""

END = b"END" + b" " * 77
"""The last card of a header."""

MAX_CARDS = 3600
"""Maximum number of cards of a header; products have about 200."""

PARTS = ("PRIMARY", "MASK", "UNCERT")
"""Names of the first parts of a product, in their order; others may follow, as NOISE does."""

IMAGE = "IMAGE"
"""Name of the part with the image of a compressed product, which follows the first header."""

COUNT_KEYWORD = "NEXTEND"
"""Card of the first header with the number of the other parts; earlier endpoints send no such card, and `PARTS`."""

PNG_START, PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"


def verify_body(body: bytes, media_type: str, label: str) -> str:
    """Verify that the body of an answer is complete.

    Parameters
    ----------
    body : bytes
    media_type : str
        ``application/fits``, ``image/png`` or ``application/json``.
    label : str
        What to call the frame in messages.

    Returns
    -------
    str
        Name of the product that the body gives; empty for pictures, which give none.

    Raises
    ------
    AnswerError
        When it is truncated, damaged, or something else.
    """
    try:
        return _BODIES[media_type](body)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, fits.VerifyError) as error:
        raise AnswerError(f"{label}: the answer is cut or damaged ({error})", "send the frame again") from error


def compression_of(body: bytes) -> str:
    """Compression of a product that was verified, a value of the option ``compress``.

    Parameters
    ----------
    body : bytes
        FITS.

    Returns
    -------
    str
    """
    header = next(_headers(body))
    return str(header.get(COMPRESSED_CARD, "none")).strip()


def _fits(body: bytes) -> str:
    if not body.startswith(b"SIMPLE  ="):
        raise ValueError("it does not begin with SIMPLE")
    headers = list(_headers(body))
    names = tuple(str(header.get("EXTNAME", "PRIMARY")) for header in headers)
    planes = tuple(name for place, name in enumerate(names) if (place, name) != (1, IMAGE))
    if planes[: len(PARTS)] != PARTS:
        raise ValueError(f"it holds {', '.join(names)[:100]} in place of {', '.join(PARTS)}")
    expected = int(headers[0].get(COUNT_KEYWORD, len(PARTS) - 1)) + 1
    if len(names) != expected:
        raise ValueError(f"it holds {len(names)} of {expected} parts: {', '.join(names)[:100]}")
    return str(headers[0].get("FILENAME", "")).strip()


def _headers(body: bytes) -> Iterator[fits.Header]:
    """The headers of a file; ValueError when a part is missing or does not agree with its checksum."""
    start = 0
    while start < len(body):
        end = next((card for card in range(start, start + MAX_CARDS * 80, 80) if body[card : card + 80] == END), None)
        if end is None:
            raise ValueError(f"no header at byte {start}")
        header = fits.Header.fromstring(body[start:end])
        shape = [int(header[f"NAXIS{axis}"]) for axis in range(1, int(header["NAXIS"]) + 1)]
        pixels = math.prod(shape) if shape else 0
        size = (pixels + int(header.get("PCOUNT", 0))) * abs(int(header["BITPIX"])) // 8
        stop = _padded(end + 80, start) + _padded(size)
        if pixels < 0 or size < 0 or stop > len(body):
            raise ValueError(f"{len(body)} bytes of at least {stop}")
        if "CHECKSUM" not in header or not _checksum_holds(body[start:stop]):
            raise ValueError("a checksum does not hold")
        yield header
        start = stop


def _padded(end: int, start: int = 0) -> int:
    """The end of the block in which bytes before `end` end; blocks are counted from `start`."""
    return start + math.ceil((end - start) / BLOCK) * BLOCK


def _checksum_holds(part: bytes) -> bool:
    """Whether the 32-bit ones' complement sum of an HDU is all ones (FITS standard 4.0, appendix J)."""
    total = int(np.frombuffer(part, ">u4").sum(dtype=np.uint64))
    while total >> 32:
        total = (total & 0xFFFFFFFF) + (total >> 32)
    return total in (0, 0xFFFFFFFF)


def _png(body: bytes) -> str:
    if not body.startswith(PNG_START) or not body.endswith(PNG_END):
        raise ValueError("it is no whole PNG")
    return ""


def _json(body: bytes) -> str:
    report: Any = json.loads(body)
    if not isinstance(report, dict) or not isinstance(report.get("product"), str):
        raise ValueError("it names no product")
    return str(report["product"])


_BODIES: dict[str, Callable[[bytes], str]] = {
    "application/fits": _fits,
    "image/png": _png,
    "application/json": _json,
}
