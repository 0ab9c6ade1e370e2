"""Read-out of the CCD: pixel summing, wrapped 16-bit counts and subfields.

Sources: SolarSoft ``reduce_level_1.pro`` 1.68 (``fixwrap``), ``reduce_std_size.pro`` (summing and subfields).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco import errors
from corinpaint.lasco.level05.cards import UNALTERED_FILE, shortened
from corinpaint.lasco.level05.decoding import UNSIGNED_BZERO
from corinpaint.lasco.level05.keywords import FULL_FRAME_CORNERS, finite_number

FRAME_SIDE = 1024
"""Rows and columns of a full, unsummed frame, px."""

MAX_CONVERTER_DN = 16383
"""Maximum count of the 14-bit analogue-to-digital converter, DN."""

MAX_PIXEL_DN = 1e10
"""Maximum absolute value of a pixel, DN: beyond any sum of pixels or exposures; its square is finite in float32."""

INT16_RANGE = 65536
"""Number of values of a 16-bit integer, DN: the difference between a wrapped count and the true one."""

MAX_SUMMING = 32
"""Maximum number of pixels that are summed along an axis, where a telemetry block is one pixel wide."""


class Summing(NamedTuple):
    """Numbers of CCD pixels that are summed in one pixel of the frame, along each axis.

    Attributes
    ----------
    chip_x, chip_y : int
        Summed on the chip, before the read-out (SUMCOL, SUMROW): the sum contains the bias once.
    leb_x, leb_y : int
        Summed in the onboard computer (LEBXSUM, LEBYSUM): the sum contains the bias of each of its read-outs.
    """

    chip_x: int = 1
    chip_y: int = 1
    leb_x: int = 1
    leb_y: int = 1

    @property
    def x(self) -> int:
        """Number of CCD columns in a pixel."""
        return self.chip_x * self.leb_x

    @property
    def y(self) -> int:
        """Number of CCD rows in a pixel."""
        return self.chip_y * self.leb_y

    @property
    def reads(self) -> int:
        """Number of read-outs in a pixel; each adds the bias and the read noise once."""
        return self.leb_x * self.leb_y

    @property
    def pixels(self) -> int:
        """Number of CCD pixels in a pixel."""
        return self.x * self.y

    @property
    def cards(self) -> str:
        """The summing as header cards, for error messages."""
        return f"SUMCOL = {self.chip_x}, SUMROW = {self.chip_y}, LEBXSUM = {self.leb_x}, LEBYSUM = {self.leb_y}"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a full frame, px."""
        return FRAME_SIDE // self.y, FRAME_SIDE // self.x


class Subfield(NamedTuple):
    """Part of the full frame that was read out.

    Attributes
    ----------
    bottom, top : int
        First row, and the row after the last one, px of the frame from 0.
    left, right : int
        First column, and the column after the last one, px of the frame from 0.
    """

    bottom: int
    top: int
    left: int
    right: int

    def is_part_of(self, shape: tuple[int, int]) -> bool:
        """Whether the subfield is smaller than a frame of this shape (rows, columns)."""
        return (self.bottom, self.top, self.left, self.right) != (0, shape[0], 0, shape[1])


def read_summing(header: fits.Header, label: str) -> Summing:
    """Summing of a frame from its header; 0 and 1 both mean no summing, as in real headers.

    Raises
    ------
    BadKeywordError
        When a keyword is not a power of two up to `MAX_SUMMING`.
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
    """Subfield of a frame from R1COL, R1ROW, R2COL and R2ROW (SolarSoft ``reduce_std_size.pro``).

    Raises
    ------
    WrongShapeError
        When the corners and the size of the image contradict each other.
    BadKeywordError
        When the corners are outside of the CCD, or not multiples of the summing.
    """
    ccd = {key: ccd_corner(header, key, label) for key in FULL_FRAME_CORNERS}
    left, right = ccd["R1COL"] - FULL_FRAME_CORNERS["R1COL"], ccd["R2COL"] - FULL_FRAME_CORNERS["R1COL"] + 1
    bottom, top = ccd["R1ROW"] - FULL_FRAME_CORNERS["R1ROW"], ccd["R2ROW"] - FULL_FRAME_CORNERS["R1ROW"] + 1
    corners = ", ".join(f"{key} = {value:g}" for key, value in ccd.items())
    if sums.pixels > 1:
        corners += f" with {sums.cards}"
    if not (0 <= left < right <= FRAME_SIDE and 0 <= bottom < top <= FRAME_SIDE):
        raise errors.BadKeywordError(
            f"{label}: {corners} is not on the CCD (columns 20 to 1043, rows 1 to 1024)", f"{UNALTERED_FILE}"
        )
    if any(edge % step for edge, step in ((left, sums.x), (right, sums.x), (bottom, sums.y), (top, sums.y))):
        raise errors.BadKeywordError(f"{label}: {corners} are not multiples of the summing", f"{UNALTERED_FILE}")
    found = Subfield(*(int(edge) for edge in (bottom // sums.y, top // sums.y, left // sums.x, right // sums.x)))
    expected = (found.top - found.bottom, found.right - found.left)
    if shape != expected:
        raise errors.WrongShapeError(
            f"{label}: {shape[1]} x {shape[0]} px, but {corners} make {expected[1]} x {expected[0]} px",
            f"{UNALTERED_FILE}",
        )
    return found


def ccd_corner(header: fits.Header, key: str, label: str) -> float:
    """A corner of the image in CCD coordinates, px; early headers have only the commanded one (P1COL for R1COL).

    Raises
    ------
    BadKeywordError
        When the commanded corner is not a number.
    """
    value, commanded = float(header[key]), f"P{key[1:]}"
    return value if value >= 1 or header.get(commanded) is None else finite_number(header, commanded, label)


def unwrap(counts: NDArray[np.floating]) -> NDArray[np.float32]:
    """Correct sums that wrapped in signed 16-bit integers: a negative count v stands for v + 65536 DN.

    Source: SolarSoft ``fixwrap``; CorKit adds 65535. Counts up to 65535 are exact in float32.
    """
    return np.asarray(np.where(counts < 0, counts + INT16_RANGE, counts), dtype=np.float32)


def full_frame(counts: NDArray[np.float32], subfield: Subfield, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Place a subfield into a full frame of zeros; DN, (row, column), of shape `shape`."""
    if not subfield.is_part_of(shape):
        return counts
    frame = np.zeros(shape, dtype=np.float32)
    frame[subfield.bottom : subfield.top, subfield.left : subfield.right] = counts
    return frame


def check_counts(header: fits.Header, counts: NDArray[np.generic], sums: Summing, label: str) -> None:
    """Check that the pixels can be counts of a single exposure.

    Raises
    ------
    NotFiniteError, BadKeywordError, WrongTypeError
        When a pixel is not finite, beyond what LASCO can give, or not a whole number.
    """
    check_finite(header, counts, label)
    if counts.dtype.kind == "f" and (counts != np.rint(counts)).any():
        raise errors.WrongTypeError(
            f"{label}: pixels are not whole numbers, as Level 0.5 counts are (is this a calibrated image?)",
            f"{UNALTERED_FILE}",
        )
    low, high = float(counts.min()), float(counts.max())
    min_count, max_count = (
        (-INT16_RANGE // 2 if sums.pixels > 1 else 0),
        max(INT16_RANGE - 1, MAX_CONVERTER_DN * sums.pixels),
    )
    if low < min_count or high > max_count:
        raise errors.BadKeywordError(
            f"{label}: counts range from {low:g} to {high:g} DN, which LASCO cannot give", "check BSCALE and BZERO"
        )


def check_finite(header: fits.Header, counts: NDArray[np.generic], label: str) -> None:
    """Check that the pixels are finite, in the range of LASCO and not scaled.

    Raises
    ------
    NotFiniteError, BadKeywordError
        When a pixel is not finite or beyond `MAX_PIXEL_DN`, or BSCALE and BZERO scale the counts.
    """
    if counts.dtype.kind == "f" and not np.isfinite(counts).all():
        count = int(np.count_nonzero(~np.isfinite(counts)))
        raise errors.NotFiniteError(f"{label}: {count} pixels are NaN or infinite", f"{UNALTERED_FILE}")
    low, high = float(counts.min()), float(counts.max())
    if max(-low, high) > MAX_PIXEL_DN:
        raise errors.BadKeywordError(
            f"{label}: pixels range from {low:g} to {high:g}, which LASCO cannot give", "check BSCALE and BZERO"
        )
    scale, zero = header.get("BSCALE", 1), header.get("BZERO", 0)
    if scale != 1 or zero not in (0, *UNSIGNED_BZERO):
        raise errors.BadKeywordError(
            f"{label}: BSCALE = {shortened(scale)}, BZERO = {shortened(zero)}, but Level 0.5 counts are not scaled",
            f"{UNALTERED_FILE}",
        )
