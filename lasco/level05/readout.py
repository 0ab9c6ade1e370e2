"""Counts as the telemetry brings them: summing, wrapped integers, subfields.

Sources: SolarSoft ``reduce_level_1.pro`` 1.68 (``fixwrap``), ``reduce_std_size.pro`` (summing and subfields).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco import errors
from corinpaint.lasco.level05.decoding import UNALTERED_FILE, UNSIGNED_BZERO, shortened
from corinpaint.lasco.level05.keywords import FULL_FRAME_CORNERS, finite_number

FRAME_SIDE = 1024
"""Rows and columns of the full, unsummed frame."""

MAX_CONVERTER_DN = 16383
"""Largest count of the 14-bit converter."""

MAX_PIXEL_DN = 1e10
"""DN; more than any sum of pixels or exposures, less than what squares to infinity in float32."""

INT16_RANGE = 65536
"""What a signed 16-bit integer lost when it wrapped."""

MAX_SUMMING = 32
"""Most pixels that are summed along an axis; a telemetry block then is one pixel wide."""


class Summing(NamedTuple):
    """How many CCD pixels one pixel of the frame holds, along each axis.

    Attributes
    ----------
    chip_x, chip_y : int
        Summed on the chip, before the read-out (SUMCOL, SUMROW): the bias is in there once.
    leb_x, leb_y : int
        Summed in the onboard computer (LEBXSUM, LEBYSUM): the bias is in there as often as pixels are summed.
    """

    chip_x: int = 1
    chip_y: int = 1
    leb_x: int = 1
    leb_y: int = 1

    @property
    def x(self) -> int:
        """CCD columns in a pixel."""
        return self.chip_x * self.leb_x

    @property
    def y(self) -> int:
        """CCD rows in a pixel."""
        return self.chip_y * self.leb_y

    @property
    def reads(self) -> int:
        """Read-outs in a pixel; each brings the bias and the read noise once."""
        return self.leb_x * self.leb_y

    @property
    def pixels(self) -> int:
        """CCD pixels in a pixel."""
        return self.x * self.y

    @property
    def cards(self) -> str:
        """As header cards, for messages."""
        return f"SUMCOL = {self.chip_x}, SUMROW = {self.chip_y}, LEBXSUM = {self.leb_x}, LEBYSUM = {self.leb_y}"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a full frame."""
        return FRAME_SIDE // self.y, FRAME_SIDE // self.x


class Subfield(NamedTuple):
    """The part of the full frame that was read out, in pixels of the frame; the ends are not included."""

    bottom: int
    top: int
    left: int
    right: int

    def is_part_of(self, shape: tuple[int, int]) -> bool:
        """Whether this is less than the frame."""
        return (self.bottom, self.top, self.left, self.right) != (0, shape[0], 0, shape[1])


def read_summing(header: fits.Header, label: str) -> Summing:
    """Summing of a frame; 0 and 1 both stand for none, as real headers have it.

    Raises
    ------
    BadKeywordError
        When a keyword is no power of two up to `MAX_SUMMING`.
    """
    values = []
    for key in ("SUMCOL", "SUMROW", "LEBXSUM", "LEBYSUM"):
        value = header[key]
        if value != int(value) or (value != 0 and int(value) not in (1, 2, 4, 8, 16, MAX_SUMMING)):
            raise errors.BadKeywordError(
                f"{label}: {key} = {value:g}, but LASCO sums 1, 2, 4, 8, 16 or 32 pixels", f"{UNALTERED_FILE}"
            )
        values.append(max(int(value), 1))
    found = Summing(*values)
    if max(found.x, found.y) > MAX_SUMMING:
        raise errors.BadKeywordError(
            f"{label}: {found.cards} sum {found.x} x {found.y} pixels, more than LASCO does", f"{UNALTERED_FILE}"
        )
    return found


def read_subfield(header: fits.Header, shape: tuple[int, int], sums: Summing, label: str) -> Subfield:
    """Where the pixels of a file lie in the full frame, from R1COL, R1ROW, R2COL, R2ROW.

    Raises
    ------
    WrongShapeError
        When the corners and the size of the image contradict each other.
    BadKeywordError
        When the corners are outside the CCD.
    """
    ccd = {key: ccd_corner(header, key, label) for key in FULL_FRAME_CORNERS}
    left, right = ccd["R1COL"] - FULL_FRAME_CORNERS["R1COL"], ccd["R2COL"] - FULL_FRAME_CORNERS["R1COL"] + 1
    bottom, top = ccd["R1ROW"] - FULL_FRAME_CORNERS["R1ROW"], ccd["R2ROW"] - FULL_FRAME_CORNERS["R1ROW"] + 1
    corners = ", ".join(f"{key} = {value:g}" for key, value in ccd.items())
    if sums.pixels > 1:
        corners += f" with {sums.cards}"
    if not (0 <= left < right <= FRAME_SIDE and 0 <= bottom < top <= FRAME_SIDE):
        raise errors.BadKeywordError(
            f"{label}: {corners} is no part of the CCD (columns 20 to 1043, rows 1 to 1024)", f"{UNALTERED_FILE}"
        )
    if any(edge % step for edge, step in ((left, sums.x), (right, sums.x), (bottom, sums.y), (top, sums.y))):
        raise errors.BadKeywordError(f"{label}: {corners} are no multiples of the summing", f"{UNALTERED_FILE}")
    found = Subfield(*(int(edge) for edge in (bottom // sums.y, top // sums.y, left // sums.x, right // sums.x)))
    expected = (found.top - found.bottom, found.right - found.left)
    if shape != expected:
        raise errors.WrongShapeError(
            f"{label}: {shape[1]} x {shape[0]} px, but {corners} make {expected[1]} x {expected[0]} px",
            f"{UNALTERED_FILE}",
        )
    return found


def ccd_corner(header: fits.Header, key: str, label: str) -> float:
    """A corner of the image, in early headers only in the card of the commanded one (P1COL for R1COL).

    Raises
    ------
    BadKeywordError
        When the card of the commanded one is no number.
    """
    value, commanded = float(header[key]), f"P{key[1:]}"
    return value if value >= 1 or header.get(commanded) is None else finite_number(header, commanded, label)


def unwrap(counts: NDArray[np.floating]) -> NDArray[np.float32]:
    """Undo the wrap of signed 16-bit sums: a negative count v stands for v + 65536, DN.

    SolarSoft ``fixwrap``; CorKit's adds 65535. Counts up to 65535 are exact in float32.
    """
    return np.asarray(np.where(counts < 0, counts + INT16_RANGE, counts), dtype=np.float32)


def full_frame(counts: NDArray[np.float32], where: Subfield, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Put a subfield into a full frame of zeros; DN, (row, column)."""
    if not where.is_part_of(shape):
        return counts
    frame = np.zeros(shape, dtype=np.float32)
    frame[where.bottom : where.top, where.left : where.right] = counts
    return frame


def check_counts(header: fits.Header, counts: NDArray[np.generic], sums: Summing, label: str) -> None:
    """Refuse what cannot be counts of a single exposure.

    Raises
    ------
    NotFiniteError, BadKeywordError, WrongTypeError
    """
    check_finite(header, counts, label)
    if counts.dtype.kind == "f" and (counts != np.rint(counts)).any():
        raise errors.WrongTypeError(
            f"{label}: pixels are not whole numbers, as Level 0.5 counts are (is this calibrated?)", f"{UNALTERED_FILE}"
        )
    low, high = float(counts.min()), float(counts.max())
    lowest, highest = (
        (-INT16_RANGE // 2 if sums.pixels > 1 else 0),
        max(INT16_RANGE - 1, MAX_CONVERTER_DN * sums.pixels),
    )
    if low < lowest or high > highest:
        raise errors.BadKeywordError(
            f"{label}: counts go from {low:g} to {high:g} DN, which LASCO cannot give", "check BSCALE and BZERO"
        )


def check_finite(header: fits.Header, counts: NDArray[np.generic], label: str) -> None:
    """Refuse pixels that are not finite or beyond all sums, and scaled ones."""
    if counts.dtype.kind == "f" and not np.isfinite(counts).all():
        count = int(np.count_nonzero(~np.isfinite(counts)))
        raise errors.NotFiniteError(f"{label}: {count} pixels are NaN or infinite", f"{UNALTERED_FILE}")
    low, high = float(counts.min()), float(counts.max())
    if max(-low, high) > MAX_PIXEL_DN:
        raise errors.BadKeywordError(
            f"{label}: pixels go from {low:g} to {high:g}, which LASCO cannot give", "check BSCALE and BZERO"
        )
    scale, zero = header.get("BSCALE", 1), header.get("BZERO", 0)
    if scale != 1 or zero not in (0, *UNSIGNED_BZERO):
        raise errors.BadKeywordError(
            f"{label}: BSCALE = {shortened(scale)}, BZERO = {shortened(zero)}, "
            "but Level 0.5 counts are stored as they are",
            f"{UNALTERED_FILE}",
        )
