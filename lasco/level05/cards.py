"""The cards of a FITS header: split here, parsed one by one by astropy, safely for any input."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning

from corinpaint.lasco import errors
from corinpaint.lasco.astropy_warnings import ignore_warnings
from corinpaint.lasco.limits import MAX_HEADER_BYTES

MAX_CONTINUED_CARDS = 100
"""Maximum number of cards of one value; the memory that astropy needs grows with its square."""

CARD_BYTES, BLOCK_BYTES = 80, 2880
"""Sizes of a header card and of a FITS block, bytes; header and image are padded to whole blocks."""

UNALTERED_FILE = "give an unaltered Level 0.5 file"
"""Remedy for headers that LASCO does not write."""

_KEYWORD = re.compile("[A-Z0-9_-]{1,8} *")

_VALUE = re.compile(r" *(?:'(?:[^']|'')*'|[TF]|[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:E[+-]?\d{1,2})?) *(?:(?<=[' ])/.*)?")
"""Value and comment of a card that astropy reads without a warning and writes unchanged; a number is finite."""

_UNPRINTABLE = re.compile("[^ -~]")


def end_of_header(raw: bytes, label: str) -> int:
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


def block_after(end: int) -> int:
    return (end + CARD_BYTES + BLOCK_BYTES - 1) // BLOCK_BYTES * BLOCK_BYTES


def parse(raw: bytes, label: str) -> fits.Header:
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


def is_number(value: object) -> bool:
    """Whether the value of a card is a finite number; integers may have more than 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def printable(text: str) -> str:
    """Text with a blank in place of every character that a FITS header cannot contain."""
    return _UNPRINTABLE.sub(" ", text)


def shortened(value: object) -> str:
    """Value of a card for an error message, cut to 80 characters: a string may continue over many cards."""
    text = repr(value)
    return text if len(text) <= CARD_BYTES else f"{text[:CARD_BYTES]}..."
