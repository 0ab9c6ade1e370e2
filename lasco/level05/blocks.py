"""Telemetry blocks: which are missing, which are never sent, how missing ones form zones, and MISSLIST.

Block maps are boolean arrays, (block row, block column), row 0 at the bottom. A block has 32 x 32 px of the frame as it
was sent, also in a summed one (SolarSoft ``find_miss_blocks``, ``get_miss_blocks``): a map has the shape (32, 32) in
a full frame and (16, 16) in one summed 2 x 2. Blocks are numbered ``row * columns of the map + column``.

Sources in SolarSoft: ``get_tmask`` (never-sent blocks), ``read_zone`` (zones), ``reduce_level_1.pro`` 1.68
(MISSLIST and the refusal rule).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco.errors import BadKeywordError
from corinpaint.lasco.files import package_data
from corinpaint.lasco.level05.readout import Summing

BLOCK_SIZE = 32
"""Rows and columns of a telemetry block, px of the frame, summed or not."""

BLOCKS_PER_SIDE = 32
"""Number of blocks along each axis of an unsummed full frame."""

BASE32_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
"""Digits of the numbers in MISSLIST."""

NO_MISSING_BLOCKS = "None"
"""MISSLIST of a frame without missing blocks."""

SUMMED_MISSLIST = "Not computed for summed images."
"""MISSLIST of a summed frame, whose blocks the list of full frames cannot name (SolarSoft ``reduce_level_1.pro``)."""

LONG_MISSLIST = "More than 17"
"""Start of SolarSoft's MISSLIST of a frame whose list does not fit into the card."""

Blocks = NDArray[np.bool_]
"""Block map, shape (H / 32, W / 32) for a frame of shape (H, W)."""

UNSUMMED = Summing()
"""Summing of a full-resolution frame."""


@cache
def _never_sent_table() -> dict[str, dict[str, dict[str, list[int]]]]:
    table = json.loads(package_data("corinpaint.lasco.level05", "never_sent_blocks.json").read_text())
    return {key: value for key, value in table.items() if key != "about"}


def never_sent(detector: str = "C3", sums: Summing = UNSUMMED, *, centre: bool = False) -> Blocks:
    """Block map of the blocks that LASCO never sends.

    Parameters
    ----------
    detector : str
        'C2' or 'C3'.
    sums : Summing
        Summing of the frame; summed frames have fewer blocks that are never sent.
    centre : bool
        Include the blocks behind the occulter. C2 never sends them; C3 does, so they are left out by default.

    Returns
    -------
    ndarray of bool, shape (32 / sums.y, 32 / sums.x)
        (block row, block column), True where never sent. Source: SolarSoft ``get_tmask``, whose lists number the blocks
        of the unsummed frame that lie under those of the summed one.
    """
    entry = _never_sent_table()[detector][str(min(max(sums.x, sums.y), 4))]
    numbers = entry["corner"] + (entry["centre"] if centre or detector == "C2" else [])
    unsummed = np.zeros(BLOCKS_PER_SIDE * BLOCKS_PER_SIDE, dtype=bool)
    unsummed[numbers] = True
    return np.asarray(block_means(unsummed.reshape(BLOCKS_PER_SIDE, BLOCKS_PER_SIDE), (sums.y, sums.x)) == 1)


def grid_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of the block map of a frame of this shape."""
    return shape[0] // BLOCK_SIZE, shape[1] // BLOCK_SIZE


def no_blocks(shape: tuple[int, ...]) -> Blocks:
    """Block map of a frame of this shape, without any block."""
    return np.zeros(grid_shape(shape), dtype=bool)


def block_means(pixels: NDArray[np.generic], shape: tuple[int, int] = (BLOCK_SIZE, BLOCK_SIZE)) -> NDArray[np.float64]:
    """Mean of each block of an image; of flags, the fraction that is True.

    Parameters
    ----------
    pixels : ndarray, shape (rows, columns)
    shape : tuple of int
        Rows and columns of a block, px.

    Returns
    -------
    ndarray of float64, shape (rows / shape[0], columns / shape[1])
    """
    high, wide = shape
    rows, columns = pixels.shape[0] // high, pixels.shape[1] // wide
    if pixels.dtype == bool and shape == (
        BLOCK_SIZE,
        BLOCK_SIZE,
    ):  # one 32-bit word for each row of a block: 10 x as fast
        words = np.ascontiguousarray(np.packbits(np.asarray(pixels, dtype=np.bool_), axis=1)).view(np.uint32)
        counts = np.bitwise_count(words).reshape(rows, high, columns).sum(axis=1, dtype=np.float64)
        return np.asarray(counts / (high * wide))
    return np.asarray(np.asarray(pixels, dtype=np.float64).reshape(rows, high, columns, wide).mean(axis=(1, 3)))


def block_pixels(pixels: NDArray[np.generic], wanted: Blocks) -> NDArray[np.generic]:
    """Pixels of the selected blocks.

    Parameters
    ----------
    pixels : ndarray, shape (rows, columns)
        A full frame.
    wanted : ndarray of bool, shape (H / 32, W / 32)

    Returns
    -------
    ndarray, shape (blocks, 32, 32)
        In the order of the block numbers.
    """
    rows, columns = grid_shape(pixels.shape)
    return np.asarray(pixels.reshape(rows, BLOCK_SIZE, columns, BLOCK_SIZE).swapaxes(1, 2)[wanted])


def to_pixels(blocks: Blocks) -> NDArray[np.bool_]:
    """Expand a block map to pixels.

    Parameters
    ----------
    blocks : ndarray of bool, shape (rows, columns)

    Returns
    -------
    ndarray of bool, shape (32 * rows, 32 * columns)
    """
    return np.repeat(np.repeat(blocks, BLOCK_SIZE, axis=0), BLOCK_SIZE, axis=1)


def bounding_box(blocks: Blocks, shape: tuple[int, ...], margin: int = 0) -> tuple[slice, slice]:
    """Smallest rectangle of a frame that contains the selected blocks.

    Parameters
    ----------
    blocks : ndarray of bool, shape (H / 32, W / 32)
        At least one is True.
    shape : tuple of int
        Rows and columns of the frame, px.
    margin : int
        Rows and columns that are added on every side, up to the edge of the frame, px.

    Returns
    -------
    tuple of slice
        Rows and columns.
    """
    rows, columns = (
        slice(max(int(found[0]) * BLOCK_SIZE - margin, 0), min((int(found[-1]) + 1) * BLOCK_SIZE + margin, size))
        for found, size in zip(
            (np.flatnonzero(blocks.any(axis=1)), np.flatnonzero(blocks.any(axis=0))), shape, strict=True
        )
    )
    return rows, columns


@dataclass(frozen=True, eq=False, repr=False)
class Zone:
    """A group of neighbouring missing blocks with the blocks around them (SolarSoft ``read_zone``).

    Attributes
    ----------
    number : int
        Counted from 1.
    missing : ndarray of bool, shape (H / 32, W / 32)
        The missing blocks.
    area : ndarray of bool, shape (H / 32, W / 32)
        The missing blocks and their eight neighbours.
    """

    number: int
    missing: Blocks
    area: Blocks

    def __repr__(self) -> str:
        numbers = ", ".join(map(str, np.flatnonzero(self.missing)))
        return f"<Zone {self.number}: missing blocks {numbers}>"

    @property
    def touches_edge(self) -> bool:
        """True when a missing block lies at the edge of the frame, so that it has no neighbours on that side."""
        return bool(self.missing[[0, -1]].any() or self.missing[:, [0, -1]].any())


def zones(missing: Blocks) -> list[Zone]:
    """Group missing blocks into zones: a block and its eight neighbours, with overlapping groups merged.

    Parameters
    ----------
    missing : ndarray of bool, shape (H / 32, W / 32)
        Missing blocks.

    Returns
    -------
    list of Zone
        In the order of the lowest block number of each. Source: SolarSoft ``read_zone``.
    """
    # Borders share a block exactly when the missing blocks are at most two apart along both axes, which is when they
    # touch once each is drawn one longer upwards and to the right.
    drawn = ndimage.binary_dilation(np.pad(missing, (0, 1)), np.ones((2, 2), dtype=bool), origin=-1)
    labels, count = ndimage.label(drawn, np.ones((3, 3), dtype=bool))
    return [_zone(number, missing & (labels[:-1, :-1] == number)) for number in range(1, count + 1)]


def _zone(number: int, missing: Blocks) -> Zone:
    return Zone(number, missing, ndimage.binary_dilation(missing, np.ones((3, 3), dtype=bool)))


def format_misslist(missing: Blocks) -> str:
    """MISSLIST of the missing blocks, as SolarSoft's ``mb2strmap.pro`` 1.2 writes it and ``strmap2mb.pro`` reads it.

    The map is rotated as IDL's ``rotate(map, 1)`` does. Each run of consecutive missing blocks is written as its first
    number and the number after its last one; the last run as its first and its last number. Each number has two base-32
    digits; there are no blanks.

    Parameters
    ----------
    missing : ndarray of bool, shape (H / 32, W / 32)
        (block row, block column).

    Returns
    -------
    str
        'None' when no block is missing; `SUMMED_MISSLIST` when blocks of a summed frame are.
    """
    if missing.any() and missing.shape != (BLOCKS_PER_SIDE, BLOCKS_PER_SIDE):
        return SUMMED_MISSLIST
    starts, ends = _runs(_rotated(missing).ravel())
    if not starts.size:
        return NO_MISSING_BLOCKS
    ends[-1] -= 1
    return "".join(_base32(int(n)) for pair in zip(starts, ends, strict=True) for n in pair)


def parse_misslist(text: str) -> Blocks | None:
    """Missing blocks of a MISSLIST; the inverse of `format_misslist`.

    Version 0.1.0 wrote blanks between the numbers and the last number of every run; such lists are read too.

    Parameters
    ----------
    text : str
        Value of MISSLIST.

    Returns
    -------
    ndarray of bool, shape (32, 32), or None
        None where the text says that there is no list: of summed frames, and SolarSoft's of more blocks than its card
        holds.

    Raises
    ------
    BadKeywordError
        When the text is not a list of pairs of two-digit base-32 numbers in ascending order.
    """
    if text.strip().lower().startswith((SUMMED_MISSLIST.lower().rstrip("."), LONG_MISSLIST.lower())):
        return None
    line = np.zeros(BLOCKS_PER_SIDE * BLOCKS_PER_SIDE, dtype=bool)
    words, past = text.split(), 0
    if len(words) == 1:
        words, past = [text.strip()[i : i + 2] for i in range(0, len(text.strip()), 2)], 1
    if text.strip().lower() != NO_MISSING_BLOCKS.lower():
        if not words or len(words) % 2 or any(len(w) != 2 or set(w) - set(BASE32_DIGITS) for w in words):
            raise BadKeywordError(
                f"MISSLIST = {text!r} is not a list of pairs of base-32 numbers", "the header is damaged"
            )
        numbers = [BASE32_DIGITS.index(w[0]) * 32 + BASE32_DIGITS.index(w[1]) for w in words]
        if numbers != sorted(numbers):
            raise BadKeywordError(f"MISSLIST = {text!r} is not in ascending order", "the header is damaged")
        numbers[-1] += past
        for first, end in zip(numbers[::2], numbers[1::2], strict=True):
            line[first : end + 1 - past] = True
    return np.rot90(line.reshape(BLOCKS_PER_SIDE, BLOCKS_PER_SIDE), 1)


def _runs(line: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices where runs of True begin, and indices after their ends."""
    steps = np.diff(np.concatenate(([False], line, [False])).astype(np.int8))
    return np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)


def _rotated(blocks: Blocks) -> Blocks:
    return np.rot90(blocks, -1)


def _base32(number: int) -> str:
    return BASE32_DIGITS[number // 32] + BASE32_DIGITS[number % 32]
