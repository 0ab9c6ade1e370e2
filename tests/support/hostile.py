"""Hostile FITS files: false sizes, decompression bombs, headers without end, impossible values of cards.

Each kind changes a small valid file to a bad one; `level05.ALL` contains these kinds and all others.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Sequence

import numpy as np
from astropy.io import fits

from corinpaint.lasco import errors

CARD, BLOCK = 80, 2880

LAST_OF_HEADER = b"END".ljust(CARD)

Make = Callable[[bytes], bytes]


def split(raw: bytes) -> tuple[list[bytes], bytes]:
    """Cards of the header without END, and the bytes after the header."""
    end = next(at for at in range(0, len(raw), CARD) if raw[at : at + CARD] == LAST_OF_HEADER)
    return [raw[at : at + CARD] for at in range(0, end, CARD)], raw[-(-(end + CARD) // BLOCK) * BLOCK :]


def join(cards: Sequence[bytes], rest: bytes) -> bytes:
    """A file from its cards, cut or padded to 80 bytes, and the bytes after the header."""
    header = b"".join(card[:CARD].ljust(CARD) for card in cards) + LAST_OF_HEADER
    return header + b" " * (-len(header) % BLOCK) + rest


def cards_set(**values: bytes) -> Make:
    """A change that sets the raw values of keywords; DATE_OBS means DATE-OBS."""
    texts = {key.replace("_OBS", "-OBS").encode(): value for key, value in values.items()}

    def make(raw: bytes) -> bytes:
        cards, rest = split(raw)
        missing = texts.keys() - {card[:8].rstrip() for card in cards}
        if missing:
            raise AssertionError(f"the good file does not hold {missing}")
        keys = [card[:8].rstrip() for card in cards]
        return join([b"%-8s= %s" % (k, texts[k]) if k in texts else c for k, c in zip(keys, cards, strict=True)], rest)

    return make


def appended(*cards: bytes) -> Make:
    """A change that appends cards."""
    return lambda raw: join([*split(raw)[0], *cards], split(raw)[1])


def dropped(*keywords: bytes) -> Make:
    """A change that removes the cards of these keywords."""

    def make(raw: bytes) -> bytes:
        cards, rest = split(raw)
        return join([card for card in cards if card[:8].rstrip() not in keywords], rest)

    return make


def pixel(bits: int, dtype: str) -> Make:
    """A change of the counts to floats, one of which has these bits."""

    def make(raw: bytes) -> bytes:
        cards, rest = split(raw)
        counts = np.frombuffer(rest, ">i2", 32 * 32).astype(dtype)
        unsigned = counts.view(f">u{counts.itemsize}")
        unsigned[100] = bits
        text = b"BITPIX  = %d" % (-8 * counts.itemsize)
        return join([text if card.startswith(b"BITPIX") else card for card in cards], counts.tobytes())

    return make


def _no_image_but(count: int) -> bytes:
    """An empty primary HDU followed by many small image extensions."""
    extension = join([b"XTENSION= 'IMAGE   '", b"BITPIX  = 8", b"NAXIS   = 0", b"PCOUNT  = 0", b"GCOUNT  = 1"], b"")
    return join([b"SIMPLE  =                    T", b"BITPIX  = 8", b"NAXIS   = 0"], b"") + extension * count


def _compressed_image(raw: bytes) -> bytes:
    counts = np.frombuffer(split(raw)[1], ">i2", 32 * 32).reshape(32, 32).astype(np.int16)
    hdus = fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(counts, compression_type="RICE_1")])
    buffer = io.BytesIO()
    hdus.writeto(buffer)
    return buffer.getvalue()


def _without_end(raw: bytes) -> bytes:
    cards, _ = split(raw)
    return b"".join([*cards, (b"COMMENT   END" + b" " * 77)[:CARD], b" " * 40 + LAST_OF_HEADER[:40]]).ljust(2 * BLOCK)


def _as_hierarch(raw: bytes) -> bytes:
    cards, rest = split(raw)
    return join([*cards[:5], *(b"HIERARCH ESO " + card for card in cards[5:])], rest)


def _long_size(raw: bytes) -> bytes:
    """A size with more digits than Python converts to an integer, over several cards."""
    cards, rest = split(raw)
    digits = b"NAXIS1  = " + b"9" * 4390
    return join([*cards[:3], *(digits[at : at + CARD] for at in range(0, len(digits), CARD)), *cards[4:]], rest)


SIZES: dict[str, tuple[Make, type[errors.FrameError]]] = {
    "a size beyond 64 bits": (cards_set(NAXIS1=b"1" + b"0" * 60), errors.TooLargeError),
    "sizes whose product overflows to nothing": (
        cards_set(NAXIS1=b"4294967296", NAXIS2=b"4294967296"),
        errors.TooLargeError,
    ),
    "a size of 4300 digits": (_long_size, errors.TooLargeError),
    "a size with a fraction": (cards_set(NAXIS1=b"32.0"), errors.BadKeywordError),
    "a size that is infinite": (cards_set(NAXIS1=b"1e999"), errors.BadKeywordError),
    "a size that is true": (cards_set(NAXIS1=b"T"), errors.BadKeywordError),
    "a size that is complex": (cards_set(NAXIS1=b"(32, 0)"), errors.BadKeywordError),
    "a size that is a record": (cards_set(NAXIS1=b"'NAXIS: 2'"), errors.BadKeywordError),
    "a size without a value": (cards_set(NAXIS1=b""), errors.BadKeywordError),
    "no size": (dropped(b"NAXIS2"), errors.BadKeywordError),
    "sizes that are both negative": (cards_set(NAXIS1=b"-32", NAXIS2=b"-32"), errors.NoImageError),
    "minus two axes": (cards_set(NAXIS=b"-2"), errors.WrongShapeError),
    "axes beyond 64 bits": (cards_set(NAXIS=b"9" * 40), errors.WrongShapeError),
    "no BITPIX": (dropped(b"BITPIX"), errors.BadKeywordError),
    "BITPIX = 0": (cards_set(BITPIX=b"0"), errors.WrongTypeError),
    "BITPIX beyond 64 bits": (cards_set(BITPIX=b"9" * 60), errors.WrongTypeError),
    "BITPIX with a fraction": (cards_set(BITPIX=b"16.0"), errors.BadKeywordError),
    "random groups": (
        lambda raw: appended(b"GROUPS  = T", b"PCOUNT  = 9999999999", b"GCOUNT  = 9999999999")(
            cards_set(NAXIS1=b"0")(raw)
        ),
        errors.NoImageError,
    ),
    "thousands of HDUs": (lambda _: gzip.compress(_no_image_but(4000), 1), errors.NoImageError),
    "a compressed image without the keywords of a frame": (_compressed_image, errors.MissingKeywordError),
}

BOMBS: dict[str, tuple[Make, type[errors.FrameError]]] = {
    "gzip of gzip": (lambda raw: gzip.compress(gzip.compress(raw)), errors.NotFitsError),
    "gzip bomb in a gzip bomb": (
        lambda _: gzip.compress(gzip.compress(bytes(64 * 2**20), 1) * 8, 9),
        errors.NotFitsError,
    ),
    "gzip bomb of members that are small": (lambda _: gzip.compress(bytes(2 * 2**20), 1) * 16, errors.TooLargeError),
    "more gzip members than a frame has": (lambda raw: gzip.compress(raw) * 17, errors.TooLargeError),
    "a million cards": (
        lambda raw: gzip.compress(b"".join(split(raw)[0]) + b"COMMENT bomb".ljust(CARD) * 10**6 + LAST_OF_HEADER, 1),
        errors.TooLargeError,
    ),
    "ten thousand cards": (appended(*[b"COMMENT many"] * 10**4), errors.TooLargeError),
    "a value over thousands of cards": (
        appended(b"LONG    = '&'", *[b"CONTINUE  '&' / " + b"c" * 60] * 3000),
        errors.TooLargeError,
    ),
    "one string without end": (
        lambda raw: raw[: 5 * CARD] + b"STRING  = '" + b"x" * 10**6,
        errors.TooLargeError,
    ),
}

CARDS: dict[str, tuple[Make, type[errors.FrameError]]] = {
    "END in a comment alone": (_without_end, errors.TruncatedError),
    "NUL for blanks": (lambda raw: raw.replace(b" ", b"\0"), errors.NotFitsError),
    "hierarchical keywords alone": (_as_hierarch, errors.MissingKeywordError),
    "TELESCOP is not ASCII": (cards_set(TELESCOP=b"'SOH\xd6    '"), errors.WrongInstrumentError),
    "OFFSET is NaN": (cards_set(OFFSET=b"NaN"), errors.BadKeywordError),
    "BSCALE is NaN": (appended(b"BSCALE  = NaN"), errors.BadKeywordError),
    "BSCALE is zero": (appended(b"BSCALE  = 0.0"), errors.BadKeywordError),
    "BZERO is infinite": (appended(b"BZERO   = -Inf"), errors.BadKeywordError),
    "BLANK is a count": (appended(b"BLANK   = 9000"), errors.NotFiniteError),
    "EXPTIME is 1e999": (cards_set(EXPTIME=b"1e999"), errors.BadKeywordError),
    "EXPTIME is 1e-999": (cards_set(EXPTIME=b"1e-999"), errors.BadKeywordError),
    "EXPTIME has 70 digits": (cards_set(EXPTIME=b"7" * 70), errors.BadKeywordError),
    "EXPTIME has no value": (cards_set(EXPTIME=b"/ seconds"), errors.MissingKeywordError),
    "R1COL is infinite": (cards_set(R1COL=b"1e999"), errors.BadKeywordError),
    "LEBXSUM is NaN": (cards_set(LEBXSUM=b"nan"), errors.BadKeywordError),
    "HCOMP_SF is 1e300": (appended(b"HCOMP_SF= 1e300"), errors.BadKeywordError),
    "CRPIX1 is 1e99": (cards_set(CRPIX1=b"1e99"), errors.BadKeywordError),
    "CROTA1 is 1e17": (cards_set(CROTA1=b"1e17"), errors.BadKeywordError),
    "MID_TIME is 1e99": (cards_set(MID_TIME=b"1e99"), errors.BadKeywordError),
    "MID_DATE is 1e99": (cards_set(MID_DATE=b"1e99"), errors.BadKeywordError),
    "DATE-OBS is in the year 99999": (cards_set(DATE_OBS=b"'99999/01/08'"), errors.BadKeywordError),
    "DATE-OBS is in the year 9999": (cards_set(DATE_OBS=b"'9999/12/31'"), errors.BadKeywordError),
    "DATE-OBS is in the year 0": (cards_set(DATE_OBS=b"'0000/00/00'"), errors.BadKeywordError),
    "DATE-OBS is before Christ": (cards_set(DATE_OBS=b"'-4712/01/01'"), errors.BadKeywordError),
    "DATE-OBS has 25 hours": (cards_set(DATE_OBS=b"'2002-01-08T25:00:00'"), errors.BadKeywordError),
    "DATE-OBS is a number": (cards_set(DATE_OBS=b"20020108"), errors.BadKeywordError),
    "a NaN that signals": (pixel(0x7F800001, ">f4"), errors.NotFiniteError),
    "a negative NaN": (pixel(0xFFF8000000000000, ">f8"), errors.NotFiniteError),
    "minus infinity": (pixel(0xFF800000, ">f4"), errors.NotFiniteError),
    "a subnormal count": (pixel(1, ">f8"), errors.WrongTypeError),
    "the largest double": (pixel(0x7FEFFFFFFFFFFFFF, ">f8"), errors.BadKeywordError),
}

HOSTILE: dict[str, tuple[Make, type[errors.FrameError]]] = {**SIZES, **BOMBS, **CARDS}
