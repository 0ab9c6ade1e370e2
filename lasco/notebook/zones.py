"""The zones of missing blocks of a product in its image: which pixels are whose, and what HISTORY says became of them.

HISTORY numbers the zones of the blocks that have pixels in the field of view, by the lowest block on the detector.
MISSLIST names the missing blocks of full frames, and MASK shows which of them have pixels in the field of view, and
what a user masked. So the zones are formed again from blocks, and every pixel is of the zone of the missing block next
to its place on the detector. Summed frames have no list: there those pixels form a zone that are no further apart than
its blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco.errors import BadKeywordError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level1.flags import Flag, flagged
from corinpaint.lasco.notebook.history import ZoneHistory, zones
from corinpaint.lasco.pictures.coordinates import solar_coordinates

SAME_ZONE = 3 * blocks.BLOCK_SIZE // 2
"""Blocks with one or no other between them are in one zone: pixels less far apart than this, px."""


@dataclass(frozen=True, eq=False)
class Zone:
    """A zone in the image of a product.

    Attributes
    ----------
    number : int
        As in HISTORY; 0 where it is unknown which zone of HISTORY this is.
    where : ndarray of bool, shape (H, W)
        Its pixels that were filled or refused.
    history : ZoneHistory or None
    """

    number: int
    where: NDArray[np.bool_]
    history: ZoneHistory | None = None


def zones_in(mask: NDArray[np.uint8], header: fits.Header) -> list[Zone]:
    """The zones of a product that have pixels in its image.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
        MASK.
    header : astropy.io.fits.Header
        With the coordinates, RECTIFY, MISSLIST and HISTORY.

    Returns
    -------
    list of Zone
        In the order of their numbers. Every pixel in the field of view that was filled or refused is of one of them.

    Raises
    ------
    MissingKeywordError, BadKeywordError
        When the header has no coordinates.
    """
    seen = flagged(mask, Flag.FILLED | Flag.REFUSED) & ~flagged(mask, Flag.OCCULTED | Flag.NEVER_SENT)
    if not seen.any():
        return []
    history = {zone.number: zone for zone in zones(header)}
    place = _on_detector(seen, header)
    groups = _by_blocks(seen, place, flagged(mask, Flag.USER), header)
    if groups is None or (history and len(groups) != len(history)):
        groups = _by_pixels(seen, place, flagged(mask, Flag.FILLED | Flag.REFUSED))
        if len(groups) != len(history):
            return [Zone(0, group) for group in groups]
    numbers = sorted(history) or range(1, len(groups) + 1)
    return [Zone(number, group, history.get(number)) for number, group in zip(numbers, groups, strict=True)]


Place = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Rows and columns on the detector of the seen pixels, in their order in the image."""


def _by_blocks(
    seen: NDArray[np.bool_], place: Place, masked: NDArray[np.bool_], header: fits.Header
) -> list[NDArray[np.bool_]] | None:
    """Seen pixels by the zone of the next missing block, in the order of zones; None without a list of blocks."""
    missing = _listed(header)
    if missing is None:
        return None
    size = [pixels // count for pixels, count in zip(seen.shape, missing.shape, strict=True)]
    block = [
        np.clip((at / high).astype(int), 0, count - 1)
        for at, high, count in zip(place, size, missing.shape, strict=True)
    ]
    of_user = masked[seen]
    missing[block[0][of_user], block[1][of_user]] = True
    if not missing.any():
        return None
    nearest = _nearest(missing)
    in_sight = np.zeros_like(missing)
    in_sight[tuple(axis[tuple(block)] for axis in nearest)] = True
    labels = np.zeros(missing.shape, dtype=int)
    for zone in blocks.zones(in_sight):
        labels[zone.missing] = zone.number
    return _groups(seen, labels[tuple(axis[tuple(block)] for axis in nearest)])


def _nearest(missing: blocks.Blocks) -> NDArray[np.int_]:
    """Row and column of the missing block next to each block, shape (2, rows, columns)."""
    return np.asarray(ndimage.distance_transform_edt(~missing, return_distances=False, return_indices=True))


def _by_pixels(seen: NDArray[np.bool_], place: Place, missing: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Seen pixels in groups no further apart than a zone's blocks, in the order of zones.

    What is occulted joins the parts of a zone on both sides.
    """
    near = ndimage.maximum_filter(missing, SAME_ZONE)
    labels = ndimage.label(near, np.ones((3, 3), dtype=bool))[0][seen]
    first = {}
    for label in np.unique(labels):
        row, column = (axis[labels == label] for axis in place)
        lowest = row < row.min() + blocks.BLOCK_SIZE / 2
        first[label] = round(row.min() / blocks.BLOCK_SIZE), round(column[lowest].min() / blocks.BLOCK_SIZE)
    order = {label: number for number, label in enumerate(sorted(first, key=lambda label: first[label]), start=1)}
    return _groups(seen, np.array([order[label] for label in labels]))


def _groups(seen: NDArray[np.bool_], numbers: NDArray[np.int_]) -> list[NDArray[np.bool_]]:
    """Maps of the seen pixels with each number, in their order."""
    found = np.zeros(seen.shape, dtype=int)
    found[seen] = numbers
    return [found == number for number in np.unique(numbers)]


def _listed(header: fits.Header) -> blocks.Blocks | None:
    """Missing blocks by MISSLIST; None where it does not list them."""
    try:
        found = blocks.parse_misslist(str(header.get("MISSLIST", blocks.SUMMED_MISSLIST)))
    except BadKeywordError:
        return None
    return None if found is None else found.copy()


def _on_detector(seen: NDArray[np.bool_], header: fits.Header) -> Place:
    """Where on the detector the seen pixels were, but for the few px of the distortion."""
    rows, columns = np.nonzero(seen)
    rotated = float(header.get("RECTIFY", 0.0))
    upside_down = abs(rotated) > 90
    angle = np.radians(rotated - 180.0 * upside_down)
    sun = solar_coordinates(header)
    x, y = columns - sun.column, rows - sun.row
    column = sun.column + x * np.cos(angle) + y * np.sin(angle)
    row = sun.row + y * np.cos(angle) - x * np.sin(angle)
    return (seen.shape[0] - 1 - row, seen.shape[1] - 1 - column) if upside_down else (row, column)
