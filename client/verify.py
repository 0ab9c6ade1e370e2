"""Whether the bytes of an answer are whole: FITS with its checksums, PNG, JSON.

Without `warnings.catch_warnings`, which threads must not use, and so without opening a cut file in astropy.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from astropy.io import fits

from corinpaint.client.errors import AnswerError

BLOCK = 2880
"""Bytes that FITS files are made of multiples of."""

END = b"END" + b" " * 77

MAX_CARDS = 3600
"""Cards of a header; products have about 200."""

EXTENSIONS = ("PRIMARY", "MASK", "UNCERT")
"""What a product is made of."""

PNG_START, PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"


def verify_body(body: bytes, media_type: str, label: str) -> str:
    """Name of the product that a body tells, once the body is proven to be whole.

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
        Empty for pictures, which hold none.

    Raises
    ------
    AnswerError
        When it is cut, damaged, or something else.
    """
    try:
        return _BODIES[media_type](body)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, fits.VerifyError) as error:
        raise AnswerError(f"{label}: the answer is cut or damaged ({error})", "send the frame again") from error


def _fits(body: bytes) -> str:
    if not body.startswith(b"SIMPLE  ="):
        raise ValueError("it does not begin with SIMPLE")
    headers = list(_headers(body))
    names = tuple(str(header.get("EXTNAME", "PRIMARY")) for header in headers)
    if names != EXTENSIONS:
        raise ValueError(f"it holds {', '.join(names)[:100]} in place of {', '.join(EXTENSIONS)}")
    return str(headers[0].get("FILENAME", "")).strip()


def _headers(body: bytes) -> Iterator[fits.Header]:
    """Headers of a file whose parts are all there and sum up to what their checksums say."""
    place = 0
    while place < len(body):
        end = next((at for at in range(place, place + MAX_CARDS * 80, 80) if body[at : at + 80] == END), None)
        if end is None:
            raise ValueError(f"no header at byte {place}")
        header = fits.Header.fromstring(body[place:end])
        shape = [int(header[f"NAXIS{axis}"]) for axis in range(1, int(header["NAXIS"]) + 1)]
        size = math.prod(shape) * abs(int(header["BITPIX"])) // 8 if shape else 0
        stop = _padded(end + 80, place) + _padded(size)
        if size < 0 or stop > len(body):
            raise ValueError(f"{len(body)} bytes of at least {stop}")
        if "CHECKSUM" not in header or not _checksum_holds(body[place:stop]):
            raise ValueError("a checksum does not hold")
        yield header
        place = stop


def _padded(size: int, start: int = 0) -> int:
    """The next whole block."""
    return start + math.ceil((size - start) / BLOCK) * BLOCK


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
    told: Any = json.loads(body)
    if not isinstance(told, dict) or not isinstance(told.get("product"), str):
        raise ValueError("it names no product")
    return str(told["product"])


_BODIES: dict[str, Callable[[bytes], str]] = {
    "application/fits": _fits,
    "image/png": _png,
    "application/json": _json,
}
