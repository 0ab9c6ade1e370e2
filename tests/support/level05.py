"""Level 0.5 files for the tests: valid ones and more than a hundred kinds of damaged ones."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from astropy.io import fits
from hostile import HOSTILE, Make

from corinpaint.lasco import errors
from corinpaint.lasco.level05 import blocks

CARDS: dict[str, Any] = {
    "FILENAME": "32082037.fts",
    "FILEORIG": "020108_021900.img",
    "DATE": "2002/03/07 23:28:19.942",
    "DATE-OBS": "2002/01/08",
    "TIME-OBS": "02:18:05.594",
    "EXPTIME": 19.1,
    "TELESCOP": "SOHO",
    "INSTRUME": "LASCO",
    "DETECTOR": "C3",
    "READPORT": "C",
    "SUMROW": 0,
    "SUMCOL": 0,
    "LEBXSUM": 1,
    "LEBYSUM": 1,
    "LAMP": 0,
    "FILTER": "Clear",
    "POLAR": "Clear",
    "LP_NUM": "Normal",
    "MID_DATE": 52282,
    "MID_TIME": 8288.16,
    "OFFSET": 377.741,
    "R1COL": 20,
    "R1ROW": 1,
    "R2COL": 1043,
    "R2ROW": 1024,
    "CRPIX1": 517.956,
    "CRPIX2": 532.632,
    "CROTA1": 0.0,
}

BIAS = 374.11139 + 0.010731823 * (52282 - 51915) - 1.0726207e-6 * (52282 - 51915) ** 2
"""Bias of the read port on the day of the frames by SolarSoft's polynomial, DN; OFFSET is of an earlier version."""

REQUIRED = [
    *("TELESCOP", "INSTRUME", "DETECTOR", "FILTER", "POLAR", "EXPTIME", "READPORT", "DATE-OBS"),
    *("SUMCOL", "SUMROW", "LEBXSUM", "LEBYSUM", "R1COL", "R2ROW"),
]


def smooth_counts(seed: int = 0) -> np.ndarray:
    """Counts that decrease from the sun centre, dark behind the occulter, noisy; zero in the never-sent corners."""
    y, x = np.mgrid[0:1024, 0:1024]
    radius = np.hypot(x - 518, y - 533)
    rng = np.random.default_rng(seed)
    counts = 378 + np.where(radius < 50, -15, 9e5 / (radius + 60)) + 2e-1 * x + rng.normal(0, 5, radius.shape)
    counts[blocks.to_pixels(blocks.never_sent())] = 0
    return counts.round().astype(np.int16)


_GOOD = smooth_counts()


def frame_bytes(
    data: np.ndarray | None = None, drop: tuple[str, ...] = (), missing: tuple[tuple[int, int], ...] = (), **cards: Any
) -> bytes:
    """A Level 0.5 file; `missing` are missing blocks (block row, block column); DATE_OBS means DATE-OBS."""
    counts = (_GOOD if data is None else data).copy()
    for row, column in missing:
        counts[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32] = 0
    header = fits.Header()
    for key, value in {**CARDS, **{k.replace("_OBS", "-OBS"): v for k, v in cards.items()}}.items():
        if key not in drop:
            header[key] = value
    header.add_history("offset_bias.pro 1.24 12/13/01, 377.741")
    buffer = io.BytesIO()
    hdu = fits.PrimaryHDU(counts, header)
    for key in ("BSCALE", "BZERO"):
        if key in cards:
            hdu.header[key] = cards[key]
    hdu.writeto(buffer)
    return buffer.getvalue()


def _hdu(data: np.ndarray | None) -> bytes:
    buffer = io.BytesIO()
    fits.PrimaryHDU(data).writeto(buffer)
    return buffer.getvalue()


def _table() -> bytes:
    buffer = io.BytesIO()
    column = fits.Column("COUNTS", "J", array=np.arange(5))
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns([column])]).writeto(buffer)
    return buffer.getvalue()


def _swap(old: bytes, new: bytes) -> Callable[[], bytes]:
    def damage() -> bytes:
        raw = frame_bytes()
        if old not in raw or len(old) != len(new):
            raise AssertionError(f"the good file does not hold {old!r}")
        return raw.replace(old, new, 1)

    return damage


def _card(**cards: Any) -> Callable[[], bytes]:
    return lambda: frame_bytes(**cards)


def _pixel(value: float) -> Callable[[], bytes]:
    def damage() -> bytes:
        data = np.full((1024, 1024), 500, np.float32)
        data[3, 4] = value
        return frame_bytes(data)

    return damage


def _corners() -> bytes:
    data = np.zeros((1024, 1024), np.int16)
    data[:4, :4] = 500
    return frame_bytes(data)


def small_frame(**cards: Any) -> bytes:
    """A valid file of 32 x 32 pixels, each the sum of 32 x 32 CCD pixels."""
    counts = np.random.default_rng(0).normal(9000, 90, (32, 32)).round().astype(np.int16)
    return frame_bytes(counts, **{"LEBXSUM": 32, "LEBYSUM": 32, **cards})


def _harmed(make: Make) -> Callable[[], bytes]:
    return lambda: make(small_frame())


Damage = tuple[Callable[[], bytes], type[errors.FrameError]]

STRUCTURE: dict[str, Damage] = {
    "empty": (lambda: b"", errors.NotFitsError),
    "html": (lambda: b"<html>404 Not Found</html>", errors.NotFitsError),
    "png": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(3000), errors.NotFitsError),
    "zeros": (lambda: bytes(5760), errors.NotFitsError),
    "random": (lambda: np.random.default_rng(0).bytes(9000), errors.NotFitsError),
    "SIMPLE = F": (_swap(b"SIMPLE  =                    T", b"SIMPLE  =                    F"), errors.NotFitsError),
    "no END card": (lambda: frame_bytes()[:400], errors.TruncatedError),
    "header alone": (lambda: frame_bytes()[:5760], errors.TruncatedError),
    "half an image": (lambda: frame_bytes()[: 2**20], errors.TruncatedError),
    "one byte short": (lambda: frame_bytes()[: 5760 - 2880 + 2 * 2**20 - 1], errors.TruncatedError),
    "damaged gzip": (lambda: gzip.compress(frame_bytes())[:200] + bytes(3000), errors.TruncatedError),
    "cut gzip": (lambda: gzip.compress(frame_bytes())[:-4000], errors.TruncatedError),
    "gzip of nothing, often": (lambda: gzip.compress(b"") * 20000, errors.TooLargeError),
    "gzip of text": (lambda: gzip.compress(b"hello"), errors.NotFitsError),
    "gzip bomb": (lambda: gzip.compress(bytes(100 * 2**20), 1), errors.TooLargeError),
    "no image": (lambda: _hdu(None), errors.NoImageError),
    "a table": (_table, errors.NoImageError),
    "8-bit picture": (lambda: _hdu(np.zeros((1024, 1024), np.uint8)), errors.WrongTypeError),
    "64-bit integers": (lambda: _hdu(np.zeros((1024, 1024), np.int64)), errors.WrongTypeError),
    "a cube": (lambda: _hdu(np.zeros((2, 64, 64), np.int16)), errors.WrongShapeError),
    "a line": (lambda: _hdu(np.zeros(64, np.int16)), errors.WrongShapeError),
    "100 GB declared": (
        _swap(b"NAXIS1  =                 1024", b"NAXIS1  =            100000000"),
        errors.TooLargeError,
    ),
    "999 axes": (_swap(b"NAXIS   =                    2", b"NAXIS   =                  999"), errors.FrameError),
    "negative size": (_swap(b"NAXIS1  =                 1024", b"NAXIS1  =                -1024"), errors.FrameError),
    "size in words": (_swap(b"NAXIS1  =                 1024", b"NAXIS1  = 'many              '"), errors.FrameError),
    "BITPIX = 7": (_swap(b"BITPIX  =                   16", b"BITPIX  =                    7"), errors.FrameError),
    "endless header": (lambda: b"SIMPLE  =                    T".ljust(80) + b" " * 400000, errors.TooLargeError),
    "too large a file": (lambda: frame_bytes() + bytes(64 * 2**20), errors.TooLargeError),
    "512 x 512": (lambda: frame_bytes(np.ones((512, 512), np.int16)), errors.WrongShapeError),
    "NaN": (_pixel(np.nan), errors.NotFiniteError),
    "infinity": (_pixel(np.inf), errors.NotFiniteError),
    "absurd counts": (_pixel(1e30), errors.BadKeywordError),
    "fractions": (lambda: frame_bytes((_GOOD / 7.3).astype(np.float32)), errors.WrongTypeError),
    "negative counts": (lambda: frame_bytes(-_GOOD), errors.BadKeywordError),
    "brightness for counts": (lambda: frame_bytes((_GOOD * 1e-12).astype(np.float32)), errors.WrongTypeError),
    "BSCALE = 2": (lambda: frame_bytes(BSCALE=2.0), errors.BadKeywordError),
    "BZERO = 1000": (lambda: frame_bytes(BZERO=1000.0), errors.BadKeywordError),
    "BSCALE in words": (lambda: frame_bytes(BSCALE="one"), errors.BadKeywordError),
    "corners alone": (_corners, errors.NoImageError),
    "all zeros": (lambda: frame_bytes(np.zeros((1024, 1024), np.int16)), errors.NoImageError),
}

KEYWORDS: dict[str, Damage] = {
    "TELESCOP is STEREO": (_card(TELESCOP="STEREO"), errors.WrongInstrumentError),
    "INSTRUME is EIT": (_card(INSTRUME="EIT"), errors.WrongInstrumentError),
    "DETECTOR is C1": (_card(DETECTOR="C1"), errors.WrongInstrumentError),
    "DETECTOR is a number": (_card(DETECTOR=3), errors.WrongInstrumentError),
    "EXPTIME is zero": (_card(EXPTIME=0.0), errors.BadKeywordError),
    "EXPTIME is negative": (_card(EXPTIME=-3.0), errors.BadKeywordError),
    "EXPTIME is text": (_card(EXPTIME="long"), errors.BadKeywordError),
    "EXPTIME is beyond 64 bits": (_card(EXPTIME=10**20 - 1), errors.BadKeywordError),
    "OFFSET is beyond 64 bits": (_card(OFFSET=10**20 - 1), errors.BadKeywordError),
    "R1COL is beyond 64 bits": (_card(R1COL=10**20 - 1), errors.BadKeywordError),
    "EXPTIME is tiny": (_card(EXPTIME=1e-35), errors.BadKeywordError),
    "MID_DATE is a Julian date": (_card(MID_DATE=2452282), errors.BadKeywordError),
    "MID_DATE is of another year": (_card(DATE_OBS="1997/01/08"), errors.BadKeywordError),
    "OFFSET is huge": (_card(OFFSET=1e9), errors.BadKeywordError),
    "OFFSET is negative": (_card(OFFSET=-5.0), errors.BadKeywordError),
    "TIME-OBS has 24 hours": (_card(TIME_OBS="24:00:00"), errors.BadKeywordError),
    "LEVEL is L1": (_card(LEVEL="L1"), errors.WrongLevelError),
    "EXPTIME is a year": (_card(EXPTIME=3e7), errors.BadKeywordError),
    "DATE-OBS is no date": (_card(DATE_OBS="yesterday"), errors.BadKeywordError),
    "DATE-OBS is before SOHO": (_card(DATE_OBS="1965/01/01"), errors.BadKeywordError),
    "DATE-OBS has 13 months": (_card(DATE_OBS="2002/13/40"), errors.BadKeywordError),
    "TIME-OBS is no time": (_card(TIME_OBS="noon"), errors.BadKeywordError),
    "SUMCOL is text": (_card(SUMCOL="two"), errors.BadKeywordError),
    "SUMCOL is 2": (_card(SUMCOL=2), errors.WrongShapeError),
    "SUMCOL is 3": (_card(SUMCOL=3), errors.BadKeywordError),
    "SUMROW is half": (_card(SUMROW=0.5), errors.BadKeywordError),
    "LEBYSUM is huge": (_card(LEBYSUM=10**20 - 1), errors.BadKeywordError),
    "SUMCOL and LEBXSUM make 64": (_card(SUMCOL=32, LEBXSUM=2), errors.BadKeywordError),
    "LEBXSUM is 2": (_card(LEBXSUM=2), errors.WrongShapeError),
    "R1COL is 100": (_card(R1COL=100), errors.WrongShapeError),
    "R2ROW is below R1ROW": (_card(R2ROW=0), errors.BadKeywordError),
    "P1COL is text": (_card(R1COL=0, P1COL="x"), errors.BadKeywordError),
    "HCOMP_SF is text": (_card(HCOMP_SF="much"), errors.BadKeywordError),
    "CRPIX1 is text": (_card(CRPIX1="left"), errors.BadKeywordError),
    "CROTA1 is text": (_card(CROTA1="up"), errors.BadKeywordError),
    "OFFSET is text": (_card(OFFSET="none"), errors.BadKeywordError),
    "LEVEL is 1": (_card(LEVEL="1.0"), errors.WrongLevelError),
    "BUNIT is MSB": (_card(BUNIT="MSB"), errors.WrongLevelError),
    **{f"{key} is missing": (lambda k=key: frame_bytes(drop=(k,)), errors.MissingKeywordError) for key in REQUIRED},
}

KINDS: dict[str, Damage] = {
    "FILTER is unheard of": (_card(FILTER="Ultraviolet"), errors.UnsupportedFrameError),
    "POLAR is PB": (_card(POLAR="PB"), errors.UnsupportedFrameError),
    "LP_NUM is Dark": (_card(LP_NUM="Dark"), errors.UnsupportedFrameError),
    "LAMP is on": (_card(LAMP=1), errors.UnsupportedFrameError),
    "READPORT is unknown and OFFSET missing": (
        lambda: frame_bytes(drop=("OFFSET",), READPORT="Z"),
        errors.UnsupportedFrameError,
    ),
}
"""Frames that can be read but that this version does not calibrate."""

HARMFUL: dict[str, Damage] = {name: (_harmed(make), error) for name, (make, error) in HOSTILE.items()}

ALL: dict[str, Damage] = {**STRUCTURE, **KEYWORDS, **KINDS, **HARMFUL}
