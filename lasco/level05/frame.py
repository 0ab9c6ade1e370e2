"""Reading Level 0.5 frames: from bytes or a path to a checked `Frame`, or an error that says what is wrong.

The layout of the header follows the LASCO Level 0.5 files themselves (SolarSoft ``make_fits_hdr.pro``).
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.time import Time
from numpy.typing import NDArray

from corinpaint.lasco import errors
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.files import as_path
from corinpaint.lasco.level05 import blocks, keywords, readout
from corinpaint.lasco.level05.decoding import decode

FRAME_SHAPE = (1024, 1024)
"""Rows and columns of a full, unsummed frame."""

DETECTORS = ("C2", "C3")
"""Telescopes whose frames are calibrated."""

POLARISED_PRODUCTS = frozenset("PB TI UP JY JZ QS US QT JR JT".split())
"""Values of POLAR (without blanks, upper case) of images computed from exposures at several polariser positions."""


@dataclass(frozen=True, repr=False)
class Frame:
    """A Level 0.5 frame that passed every check.

    Attributes
    ----------
    data : ndarray of float32, shape (1024, 1024), less when summed
        Counts in DN, (row, column), row 0 at the bottom; the full frame, zero outside of a subfield.
    header : astropy.io.fits.Header
        Primary header, with blanks in place of control characters.
    name : str
        Name of the source in error messages.
    number : str
        File number: the name of the file without its ending (usually the eight-digit LASCO number); of bytes,
        FILENAME without its ending where that is a LASCO number.
    date : astropy.time.Time
        Start of the exposure from DATE-OBS and TIME-OBS, UTC, without clock correction.
    sums : Summing
        Pixel summing on the chip and in the onboard computer.
    subfield : Subfield or None
        Part of the frame that was read out; None for a full frame.
    sha256 : str
        SHA-256 of the bytes of the file, decompressed, hexadecimal; empty for a frame that no file holds.
    """

    data: NDArray[np.float32]
    header: fits.Header
    name: str
    number: str
    date: Time
    sums: readout.Summing = field(default_factory=readout.Summing)
    subfield: readout.Subfield | None = None
    sha256: str = ""

    @property
    def detector(self) -> str:
        """Telescope, 'C2' or 'C3'."""
        return str(self.header["DETECTOR"]).strip().upper()

    @property
    def filter(self) -> str:
        """Colour filter in upper case without blanks, as SolarSoft compares it."""
        return keywords.without_blanks(self.header["FILTER"])

    @property
    def polar(self) -> str:
        """Polariser position in upper case without blanks, as SolarSoft compares it."""
        return keywords.without_blanks(self.header["POLAR"])

    @property
    def polarised_product(self) -> bool:
        """True for an image from several polariser positions (PB, TI ...), without bias and stray light."""
        return self.polar in POLARISED_PRODUCTS

    @property
    def monthly(self) -> bool:
        """True for a monthly image (FILEORIG = 0), which contains no bias."""
        return _is_monthly(self.header)

    @property
    def exptime(self) -> float:
        """EXPTIME of the header, s."""
        return float(self.header["EXPTIME"])

    @property
    def mjd(self) -> float:
        """Modified Julian date of the day of the middle of the exposure (MID_DATE, else DATE-OBS)."""
        mid = self.header.get("MID_DATE")
        return float(mid) if isinstance(mid, int | float) and mid > 0 else float(np.floor(self.date.mjd))

    @property
    def day(self) -> float:
        """Modified Julian date of the day of DATE-OBS: SolarSoft's day for calibration factor and vignetting."""
        return float(np.floor(self.date.mjd))

    @property
    def upside_down(self) -> bool:
        """True when SOHO was upside down, solar north towards row 0 (CROTA1 nearer to 180 than to 0 degrees)."""
        return abs(wrap_angle(float(self.header.get("CROTA1") or 0.0))) > 90.0

    @property
    def residual_roll(self) -> float:
        """CROTA1 after the rotation by 180 degrees of an upside-down frame, degrees, -90 to 90."""
        roll = wrap_angle(float(self.header.get("CROTA1") or 0.0))
        return wrap_angle(roll - 180.0) if self.upside_down else roll

    def __repr__(self) -> str:
        rows, columns = self.data.shape
        summary = f"{self.detector} {self.filter}/{self.polar}, {self.date.isot}"
        return f"<Frame {self.number}: {summary}, {columns} x {rows} px>"

    @property
    def read_out(self) -> NDArray[np.bool_]:
        """Pixels that were read out, shape of the frame: those of the subfield; all True for a full frame."""
        inside = np.ones(self.data.shape, dtype=bool)
        if self.subfield is not None:
            inside[:] = False
            inside[self.subfield.bottom : self.subfield.top, self.subfield.left : self.subfield.right] = True
        return inside


def read_frame(
    source: str | os.PathLike[str] | bytes, *, name: str | None = None, detectors: Sequence[str] = DETECTORS
) -> Frame:
    """Read and check one Level 0.5 frame.

    Parameters
    ----------
    source : str, os.PathLike or bytes
        A ``.fts`` or ``.fits`` file, gzip-compressed or not, or its content.
    name : str, optional
        Name of the frame in error messages; by default the name of the file.
    detectors : sequence of str
        Telescopes that are accepted.

    Returns
    -------
    Frame
        Summed counts are unwrapped; a subfield is placed into a full frame of zeros.

    Raises
    ------
    FrameError
        A subclass per defect: not FITS, truncated, no image, too large, wrong instrument, missing or bad
        keyword, wrong shape, wrong type, not finite, already Level 1.
    """
    if not isinstance(source, bytes | bytearray | memoryview):
        source = as_path(source, "source, when it is not bytes,")
    header, data, label, sha256 = decode(source, name)
    date = keywords.check_header(header, label, detectors)
    sums = readout.read_summing(header, label)
    shape = (int(data.shape[0]), int(data.shape[1]))
    subfield = readout.read_subfield(header, shape, sums, label)
    counts = _counts(header, data, sums, label)
    number = _number(header, label, isinstance(source, Path))
    full = readout.full_frame(counts, subfield, sums.shape)
    part = subfield if subfield.is_part_of(sums.shape) else None
    frame = Frame(full, header, label, number, date, sums, part, sha256)
    _check_some_sent(frame)
    return frame


def without_image(header: fits.Header, label: str) -> Frame:
    """A frame of a header alone, for what depends on no pixel.

    Parameters
    ----------
    header : astropy.io.fits.Header
        As `corinpaint.lasco.level05.decoding.read_header` gives it.
    label : str
        Name of the frame in error messages.

    Returns
    -------
    Frame
        Its `data` is empty, of shape (0, 0).

    Raises
    ------
    FrameError
        A subclass per defect of the header.
    """
    date = keywords.check_header(header, label, DETECTORS)
    sums = readout.read_summing(header, label)
    rows, columns = (int(keywords.finite_number(header, key, label)) for key in ("NAXIS2", "NAXIS1"))
    subfield = readout.read_subfield(header, (rows, columns), sums, label)
    part = subfield if subfield.is_part_of(sums.shape) else None
    return Frame(np.empty((0, 0), np.float32), header, label, number_of(label), date, sums, part)


def check_frame(frame: object) -> None:
    """Check that an argument is a `Frame`.

    Raises
    ------
    TypeError
        When it is not; the message says how to make one.
    """
    if not isinstance(frame, Frame):
        raise TypeError(f"frame must be a Frame, as corinpaint.read_frame gives it, not {type(frame).__name__}")


def wrap_angle(degrees: float) -> float:
    """The equivalent angle between -180 and 180 degrees."""
    return math.remainder(degrees, 360.0)


def _is_monthly(header: fits.Header) -> bool:
    return str(header.get("FILEORIG", "")).strip() == "0"


def _counts(header: fits.Header, data: NDArray[np.generic], sums: readout.Summing, label: str) -> NDArray[np.float32]:
    """Checked counts; images made from several exposures may contain any finite values."""
    if _is_monthly(header) or keywords.without_blanks(header["POLAR"]) in POLARISED_PRODUCTS:
        readout.check_finite(header, data, label)
        return data.astype(np.float32)
    readout.check_counts(header, data, sums, label)
    counts = data.astype(np.float32)
    return readout.unwrap(counts) if sums.pixels > 1 else counts


def _check_some_sent(frame: Frame) -> None:
    never = blocks.never_sent(frame.detector, frame.sums)
    if (blocks.block_means(frame.data != 0) == 0)[~never].all():
        raise errors.NoImageError(
            f"{frame.name}: all blocks are missing, so that nothing can be restored", "give another frame"
        )


def _number(header: fits.Header, label: str, from_path: bool) -> str:
    """File number from the name of the file; of bytes, from FILENAME where that is a LASCO number."""
    from_name = number_of(label)
    from_header = re.sub(r"\..*$", "", str(header.get("FILENAME") or "").strip())
    return from_header if not from_path and re.fullmatch(r"[23]\d{7}", from_header) else from_name
