"""Whether the product of a frame is there already, so that a run over many frames goes on where it was stopped.

Of the product only headers are read, which takes about 5 ms; the frame is decompressed and hashed, about 15 ms.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, NamedTuple

from astropy.io import fits

from corinpaint.lasco.errors import CorInpaintError, FrameError, OutputError, TruncatedError
from corinpaint.lasco.inputs.kinds import PRODUCT, kind_of_header
from corinpaint.lasco.level05 import cards
from corinpaint.lasco.level05.decoding import content_sha256, read_header
from corinpaint.lasco.level05.keywords import text
from corinpaint.lasco.level1 import calibration_files
from corinpaint.lasco.level1.header import significant
from corinpaint.lasco.limits import MAX_HEADER_BYTES
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet

EXTENSIONS = {"MASK", "UNCERT"}
"""Extensions that every product has."""

BYTES_A_PIXEL = 4 + 1 + 4
"""Minimum of bytes that a product has for each pixel: image, MASK and UNCERT."""

_GZIP_LENGTH = struct.Struct("<I")
"""Last bytes of a gzip file: the length of what was compressed."""

FEW_BLOCKS = 16 * cards.BLOCK_BYTES
"""Bytes in which the headers of products end as a rule."""

KEPT = ("DETECTOR", "FILTER", "POLAR", "FILEORIG")
"""Keywords of a frame that its product keeps unchanged."""

MAX_CLOCK_CORRECTION = timedelta(minutes=10)
"""Limit of what the correction of the clock does to DATE-OBS; the corrections reach two minutes."""

POLICY = "solarsoft"
"""Policy of products without FILLPOL."""

REMEDY = "remove it, choose another folder or allow --overwrite"


@dataclass(frozen=True)
class Settings:
    """What a product is to be made with; None is for whatever it was made with.

    Attributes
    ----------
    fill : str or None
        Method of filling; 'none' for products of `corinpaint.calibrate` too.
    departures : str or None
        Names of the options that differ from the default, as CALOPT has them.
    calibration : str or None
        Kind of the calibration set, 'OFFICIAL' or 'NOMINAL'.
    weights : str or None
        SHA-256 of the network's weights, where a network was run.
    policy : str or None
        Policy of what is filled, see `corinpaint.restore.limits.policies`; products of versions without one were made
        by `POLICY`.
    max_error : float or str or None
        Limit of the error of a fill; 'none' for no limit.
    context : str or None
        Which context frames were asked for, see `corinpaint.restore.context.asked`; it counts for products with
        missing blocks, and for those whose frame has no roll.
    compress : str or None
        Compression of the product, 'none', 'lossless' or 'rice'.
    user_mask : str or None
        Digest of the mask that a user gave, 'none' without one.
    calibration_set : CalibrationSet or None
        Calibration set whose files the product must have been made with.
    """

    fill: str | None = None
    departures: str | None = None
    calibration: str | None = None
    weights: str | None = None
    policy: str | None = None
    max_error: float | str | None = None
    context: str | None = None
    compress: str | None = None
    user_mask: str | None = None
    calibration_set: CalibrationSet | None = None

    def difference(self, header: fits.Header) -> str:
        """The first card of a product that says something else, but for its files; empty when there is none."""
        weights = text(header, "WEIGHTS") or "none"
        limit = significant(self.max_error) if isinstance(self.max_error, float | int) else self.max_error
        found = {
            "FILL": (text(header, "FILL") or "none", self.fill),
            "CALOPT": (text(header, "CALOPT") or "none", "none" if self.departures == "" else self.departures),
            "CALIB": (text(header, "CALIB"), self.calibration),
            "WEIGHTS": (weights, None if weights == "none" else self.weights),
            "FILLPOL": (text(header, "FILLPOL") or POLICY, self.policy),
            "MAXERR": (header.get("MAXERR", "none"), limit),
            "CTXASKED": (text(header, "CTXASKED") or "none", self.context if _context_counts(header) else None),
            "COMPRESS": (text(header, "COMPRESS") or "none", self.compress),
            "USERMASK": (text(header, "USERMASK") or "none", self.user_mask),
        }
        return next(
            (
                f"{key} = {_shown(has)}, not {_shown(wanted)}"
                for key, (has, wanted) in found.items()
                if wanted not in (None, has)
            ),
            "",
        )


class State(StrEnum):
    """Whether there is a product of a frame."""

    ABSENT = "absent"
    CURRENT = "current"
    """Made from the same file, in the same way."""
    STALE = "stale"
    """CorInpaint's, of the same exposure, but from another file or in another way, or damaged: it may be replaced."""


class Existing(NamedTuple):
    """What there is where the product of a frame belongs.

    Attributes
    ----------
    state : State
    difference : str
        What a stale product differs in; empty otherwise.
    """

    state: State
    difference: str = ""


def state(product: Path, frame: Path, settings: Settings = Settings()) -> Existing:
    """What there is where the product of a frame belongs.

    A product is current when it is whole, its header has the hash of the frame (decompressed, so that it may have been
    compressed or decompressed in the meantime), and it was made with the same settings. The version that made it does
    not matter.

    Parameters
    ----------
    product : Path
        Where the product of the frame belongs.
    frame : Path
        Level 0.5 file.
    settings : Settings

    Returns
    -------
    Existing
        Absent when nothing is there, or when the frame cannot be read, which then has to be reported.

    Raises
    ------
    OutputError
        When something is there that may not be replaced: a folder, a file of others, or the product of another frame,
        which differs in DETECTOR, FILTER, POLAR, FILEORIG or, by more than the clock is corrected, in the date.
    CalibrationError
        When a table of the calibration set is damaged.
    """
    if not os.path.lexists(product):
        return Existing(State.ABSENT)
    if not product.is_file():
        raise OutputError(f"{product}: is there already and is no file", "remove it or choose another folder")
    try:
        own = read_header(frame) if frame.is_file() else None
        whole = _header_of_whole(product)
        header = _header_of_part(product) if whole is None else whole
    except OSError as error:
        raise OutputError(f"{product}: is there already, cannot be read ({error.strerror})", REMEDY) from error
    if own is None:
        return Existing(State.ABSENT)
    if product.stat().st_size == 0:
        return Existing(State.STALE, "it is empty")
    if header is None or kind_of_header(header) != PRODUCT or not text(header, "LEVEL").startswith("1"):
        raise OutputError(f"{product}: is there already, and is no whole product of CorInpaint", REMEDY)
    if not _same_exposure(own, header):
        raise OutputError(f"{product}: is there already, made from another frame than {frame}", REMEDY)
    if whole is None:
        return Existing(State.STALE, "it is damaged or cut off")
    try:
        difference = settings.difference(header) or _file_difference(header, own, frame, settings)
    except FrameError:
        return Existing(State.ABSENT)
    return Existing(State.STALE, difference) if difference else Existing(State.CURRENT)


def is_there(product: Path, frame: Path, settings: Settings = Settings()) -> bool:
    """Whether the product of a frame is there and current; parameters as for `state`.

    Returns
    -------
    bool
        False when nothing is there, or when the frame cannot be read, which then has to be reported.

    Raises
    ------
    OutputError
        When something else is there, a stale product too.
    """
    found = state(product, frame, settings)
    if found.state is State.STALE:
        raise OutputError(f"{product}: is there already, and is stale ({found.difference})", REMEDY)
    return found.state is State.CURRENT


def _file_difference(product: fits.Header, own: fits.Header, frame: Path, settings: Settings) -> str:
    """The first file, of the calibration or the frame itself, that a product was not made from."""
    if settings.calibration_set is not None:
        found = calibration_files.difference(product, own, settings.calibration_set)
        if found:
            return found
    made_from, now = text(product, "L05HASH") or "unknown", content_sha256(frame)
    return "" if made_from == now else f"L05HASH = {made_from[:12]!r}, not {now[:12]!r}: the frame has changed"


def _context_counts(product: fits.Header) -> bool:
    """Whether a product depends on its context: only fills and borrowed rolls do."""
    return bool(product.get("NMISSING", 1)) or "unknown" in text(product, "POINTSRC")


def _shown(value: object) -> str:
    return repr(value[:40] if isinstance(value, str) else value)


def _header_of_part(product: Path) -> fits.Header | None:
    """Header of a file that may be damaged or cut off, as far as it goes; None when it begins with none."""
    header = read_header(product)
    if header is not None:
        return header
    with product.open("rb") as file:
        raw = file.read(FEW_BLOCKS)
    try:
        return cards.parse(raw[: len(raw) // cards.CARD_BYTES * cards.CARD_BYTES], product.name)
    except CorInpaintError:
        return None


def _header_of_whole(product: Path) -> fits.Header | None:
    """Primary header of a file with the extensions of a product and all bytes that their headers declare, else None."""
    with product.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if product.suffix.lower() == ".gz":
            return _header_of_whole_gzip(product, file, size)
        try:
            headers = list(_headers(file, size))
        except CorInpaintError:
            return None
    whole = EXTENSIONS.issubset(text(header, "EXTNAME") for header in headers)
    return headers[0] if whole and headers[0].get("SIMPLE") is True else None


def _header_of_whole_gzip(product: Path, file: BinaryIO, size: int) -> fits.Header | None:
    """The same of a file that is compressed as a whole: its end says how long the content is."""
    header = read_header(product)
    if header is None or size < _GZIP_LENGTH.size:
        return None
    file.seek(size - _GZIP_LENGTH.size)
    (length,) = _GZIP_LENGTH.unpack(file.read(_GZIP_LENGTH.size))
    is_tiled = "COMPRESS" in header  # the size of its tiles is in headers further on
    pixels = 0 if is_tiled else _number(header, "NAXIS1") * _number(header, "NAXIS2")
    return header if length % cards.BLOCK_BYTES == 0 and length >= BYTES_A_PIXEL * pixels else None


def _headers(file: BinaryIO, size: int) -> Iterator[fits.Header]:
    """Headers of a file; raises an error when it ends before the data of one."""
    at = 0
    while at < size:
        raw, end = _header_at(file, at)
        header = cards.parse(raw[:end], file.name)
        axes = [_number(header, f"NAXIS{axis}") for axis in range(1, _number(header, "NAXIS") + 1)]
        heap = _number(header, "PCOUNT") if "PCOUNT" in header else 0  # the tiles of a compressed image
        data = abs(_number(header, "BITPIX")) // 8 * (math.prod(axes) + heap if axes else 0)
        at += cards.block_after(end) + -(-data // cards.BLOCK_BYTES) * cards.BLOCK_BYTES
        if at > size:
            raise OutputError(f"{file.name}: ends early", REMEDY)
        yield header


def _header_at(file: BinaryIO, at: int) -> tuple[bytes, int]:
    """Bytes from a place of a file, and the end of the header that begins there."""
    for size in (FEW_BLOCKS, MAX_HEADER_BYTES + 1):
        file.seek(at)
        raw = file.read(size)
        try:
            return raw, cards.end_of_header(raw, file.name)
        except TruncatedError:
            if len(raw) < size:
                raise
    raise OutputError(f"{file.name}: a header has no end", REMEDY)


def _number(header: fits.Header, key: str) -> int:
    value = header.get(key)
    if not isinstance(value, int) or abs(value) > 2**31:
        raise OutputError(f"{key} = {value!r}", REMEDY)
    return value


def _same_exposure(frame: fits.Header, product: fits.Header) -> bool:
    if any(key in frame and text(frame, key) != text(product, key) for key in KEPT):
        return False
    dates = [_date(frame), _date(product)]
    known = [date for date in dates if date is not None]
    return len(known) < 2 or abs(known[0] - known[1]) < MAX_CLOCK_CORRECTION


def _date(header: fits.Header) -> datetime | None:
    """DATE-OBS with TIME-OBS where it has no time; None where they are no date."""
    day, _, time = text(header, "DATE-OBS").replace("/", "-").partition("T")
    try:
        return datetime.fromisoformat(f"{day}T{time or text(header, 'TIME-OBS') or '00:00'}")
    except ValueError:
        return None
