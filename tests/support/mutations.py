"""Random changes of FITS files that follow their structure (cards, pixels, gzip), for the fuzzers."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable

import hostile
import numpy as np

KEYWORDS = (
    *(b"SIMPLE", b"BITPIX", b"NAXIS", b"NAXIS1", b"NAXIS2", b"NAXIS3", b"EXTEND", b"BSCALE", b"BZERO", b"BLANK"),
    *(b"GROUPS", b"PCOUNT", b"GCOUNT", b"XTENSION", b"HISTORY", b"COMMENT", b"CONTINUE", b"HIERARCH", b"END", b""),
    *(b"DATE-OBS", b"TIME-OBS", b"MID_DATE", b"MID_TIME", b"DATE", b"EXPTIME", b"EXPCMD", b"OFFSET", b"FILENAME"),
    *(b"TELESCOP", b"INSTRUME", b"DETECTOR", b"READPORT", b"FILTER", b"POLAR", b"LP_NUM", b"LAMP", b"FILEORIG"),
    *(b"SUMROW", b"SUMCOL", b"LEBXSUM", b"LEBYSUM", b"R1COL", b"R1ROW", b"R2COL", b"R2ROW", b"P1COL", b"P2ROW"),
    *(b"CRPIX1", b"CRPIX2", b"CROTA1", b"CROTA", b"CDELT1", b"HCOMP_SF", b"COMPRSSN", b"LEVEL", b"BUNIT", b"WCSNAME"),
    *(b"MASK", b"CHECKSUM", b"DATASUM", b"EXTNAME", b"EXTVER", b"MISSLIST", b"CALFAC", b"RECTIFY", b"EFFPORT"),
)
"""Keywords that the reader, the calibration or astropy use."""

NUMBERS = (
    *(b"0", b"-0", b"-1", b"1", b"2", b"3", b"4", b"8", b"16", b"32", b"64", b"-32", b"-64", b"255", b"1024", b"1043"),
    *(b"32768", b"65536", b"2147483648", b"-2147483649", b"18446744073709551616", b"9" * 70, b"-" + b"9" * 60),
    *(b"0.0", b"-0.0", b"0.5", b"1e-999", b"1e-300", b"1E-37", b"1e99", b"1E300", b"1.7976931348623157E308", b"1e999"),
    *(
        b"-1e999",
        b"1D5",
        b"1d400",
        b"NaN",
        b"-nan",
        b"inf",
        b"+Infinity",
        b".",
        b"-",
        b"+.e",
        b"1_000",
        b"0x10",
        b"007",
    ),
    *(b"52282", b"52282.5", b"8288.16", b"86400", b"90", b"180", b"-180.5", b"359.999", b"1e17"),
)

OTHERS = (
    *(
        b"T",
        b"F",
        b"(1, 2)",
        b"(1e999, nan)",
        b"",
        b"/",
        b"/ comment alone",
        b"''",
        b"' '",
        b"'",
        b"'''",
        b"'&'",
        b"'\\'",
    ),
    *(b"'a&'", b"'AXIS.1: 2'", b"'x: 1e999'", b"'\xff\xfe'", b"'\0'", b"'\t'", b"'%s%n'", b"'../../etc'", b"'/'"),
    *(b"'; '", b"'{0}'", b"'C2      '", b"'C3      '", b"'Orange  '", b"'Clear   '", b"'Blue    '", b"'+60 Deg '"),
    *(b"'PB'", b"'Qs'", b"'0'", b"0", b"'A'", b"'D'", b"'Z'", b"'1.0'", b"'DN'", b"'MSB'", b"'32082037.fts'", b"'.'"),
    *(b"'2002/01/08'", b"'2002-01-08T02:18:05.594'", b"'2002-01-08T23:59:60'", b"'1995/12/31'", b"'2030/12/31'"),
    *(b"'9999/12/31'", b"'0000/00/00'", b"'-4712-01-01'", b"'99999-01-01T00:00:00'", b"'2002/02/30'", b"'2016/12/31'"),
    *(b"'23:59:60'", b"'23:59:60.999'", b"'24:00:00'", b"'00:00:00'", b"'2:18:05'", b"'99:99:99'", b"'12:00'"),
)

WORDS = (0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7F80, 0x7FC0, 0xFF80, 0x7FF0, 0x00FF, 9000)
"""Values of 16-bit pixels, or of the upper half of float pixels."""


def value(rng: random.Random) -> bytes:
    """A random value of a card."""
    chosen = rng.choice(NUMBERS if rng.random() < 0.5 else OTHERS)
    return chosen.rjust(20) if rng.random() < 0.5 else chosen


def card(rng: random.Random) -> bytes:
    """A random card."""
    keyword, sign = rng.choice(KEYWORDS), rng.choice((b"= ", b"= ", b"= ", b"=", b"  ", b" = "))
    if keyword == b"HIERARCH":
        return keyword + b" ESO " + rng.choice(KEYWORDS) + b" = " + value(rng)
    return keyword.ljust(8) + sign + value(rng) + rng.choice((b"", b"", b" / words", b"/", b" / \xfc\0\t", b"   ' /"))


def _set_card(cards: list[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(cards))
    cards[at] = cards[at][:8] + b"= " + value(rng)


def _put_card(cards: list[bytes], rng: random.Random) -> None:
    new = card(rng)
    held = [at for at, old in enumerate(cards) if old[:8] == new[:8]]
    if held and rng.random() < 0.8:
        cards[rng.choice(held)] = new
    else:
        cards.insert(rng.randint(0, len(cards)), new)


def _drop_card(cards: list[bytes], rng: random.Random) -> None:
    del cards[rng.randrange(len(cards))]


def _swap_cards(cards: list[bytes], rng: random.Random) -> None:
    here, there = rng.randrange(len(cards)), rng.randrange(len(cards))
    cards[here], cards[there] = cards[there], cards[here]


def _repeat_card(cards: list[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(cards))
    cards[at:at] = [cards[at]] * rng.choice((1, 2, 40))


def _continue_card(cards: list[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(cards))
    cards[at : at + 1] = [cards[at][:8] + b"= 'long &'", *[b"CONTINUE  " + value(rng)] * rng.choice((1, 3, 120))]


def _harm_byte(cards: list[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(cards))
    text = bytearray(cards[at].ljust(hostile.CARD))
    text[rng.randrange(len(text))] = rng.choice((0, 9, 10, 32, 39, 47, 61, 127, 255, rng.randrange(256)))
    cards[at] = bytes(text)


CARD_EDITS: tuple[Callable[[list[bytes], random.Random], None], ...] = (
    *(_set_card, _set_card, _set_card, _put_card, _put_card, _put_card),
    *(_drop_card, _swap_cards, _repeat_card, _continue_card, _harm_byte),
)


def _harm_pixels(rest: bytes, rng: random.Random) -> bytes:
    words = np.frombuffer(rest[: len(rest) // 2 * 2], ">u2").copy()
    first, count = rng.randrange(max(len(words), 1)), rng.choice((1, 1, 2, 32, 1024))
    words[first : first + count] = rng.choice(WORDS)
    return words.tobytes()


def _as_other_type(cards: list[bytes], rest: bytes, rng: random.Random) -> bytes:
    """The same counts as another data type, in header and pixels."""
    bits, dtype = rng.choice(((32, ">i4"), (-32, ">f4"), (-64, ">f8")))
    for at, old in enumerate(cards):
        if old.startswith(b"BITPIX"):
            cards[at] = b"BITPIX  = %20d" % bits
    return np.frombuffer(rest[: len(rest) // 2 * 2], ">i2").astype(dtype).tobytes()


def inflated(raw: bytes, most: int = 2**20) -> bytes:
    """The content of a gzip file, as far as it can be decompressed; other bytes unchanged."""
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        return zlib.decompressobj(wbits=31).decompress(raw, most)
    except zlib.error:
        return raw


def mutate(raw: bytes, rng: random.Random) -> bytes:
    """A file with one to four random changes of cards, pixels, length or compression."""
    raw = inflated(raw)
    try:
        cards, rest = hostile.split(raw)
    except StopIteration:
        return raw[: rng.randint(0, len(raw))] + raw[rng.randint(0, len(raw)) :]
    for _ in range(rng.randint(1, 4)):
        kind = rng.random()
        if kind < 0.75 and cards:
            rng.choice(CARD_EDITS)(cards, rng)
        elif kind < 0.9:
            rest = _harm_pixels(rest, rng)
        elif kind < 0.93:
            rest = _as_other_type(cards, rest, rng)
        elif kind < 0.96:
            rest = rest[: rng.randint(0, len(rest))]
        else:
            rest += rest[: rng.choice((1, 80, 2880))]
    raw = hostile.join(cards, rest)
    return pack(raw, rng) if rng.random() < 0.05 else raw


def pack(raw: bytes, rng: random.Random) -> bytes:
    """The file compressed with gzip: once, twice, in members, truncated or damaged."""
    packed = gzip.compress(raw, 1, mtime=0)
    at = rng.randrange(len(packed))
    return rng.choice(
        (
            packed,
            gzip.compress(packed, 1, mtime=0),
            b"".join(gzip.compress(part, 1, mtime=0) for part in (raw[:at], raw[at:])),
            packed[:at],
            packed[:at] + bytes([rng.randrange(256)]) + packed[at + 1 :],
            packed * rng.choice((2, 20)),
            packed + b"rest",
        )
    )
