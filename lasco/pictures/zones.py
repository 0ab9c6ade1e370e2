"""The zones of missing blocks of a product in its image: where they lie, and what HISTORY says became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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

Window = tuple[slice, slice]
"""Rows and columns of a part of an image."""

MARGIN = 32
"""What is shown around a zone, px."""


@dataclass(frozen=True, eq=False)
class Zone:
    """A zone in the image of a product.

    Attributes
    ----------
    number : int
        As in HISTORY; 0 where the header does not say which blocks were missing, as for summed frames.
    where : ndarray of bool, shape (H, W)
        Its pixels that were filled or refused.
    history : ZoneHistory or None
    """

    number: int
    where: NDArray[np.bool_]
    history: ZoneHistory | None = None

    @property
    def window(self) -> Window:
        """A square about the zone with `MARGIN`, as far as the image goes."""
        rows, columns = (np.flatnonzero(self.where.any(axis=axis)) for axis in (1, 0))
        side = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 + 2 * MARGIN
        return _centred(rows, side, self.where.shape[0]), _centred(columns, side, self.where.shape[1])

    @property
    def caption(self) -> str:
        """What became of it, for a title."""
        name = f"zone {self.number}" if self.number else "zone"
        return f"{name}: {fate(self.history)}" if self.history is not None else name


def fate(zone: ZoneHistory) -> str:
    """What became of a zone, in a few words.

    Examples
    --------
    >>> fate(ZoneHistory(1, 4, method="network", error=0.98))
    '4 blocks, filled by network, measured error 0.98 x noise'
    """
    size = f"{zone.count} block" + "s" * (zone.count != 1)
    if not zone.method:
        return f"{size}, refused: {zone.refused}"
    error = "" if zone.error is None else f", measured error {zone.error:.2f} x noise"
    return f"{size}, filled by {zone.method}{error}"


def zones_in(mask: NDArray[np.uint8], header: fits.Header) -> list[Zone]:
    """The zones of a product that can be seen in its image.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
        MASK; pixels that a user masked belong to no zone.
    header : astropy.io.fits.Header

    Returns
    -------
    list of Zone
        In the order of their numbers. A zone of which everything is occulted is not among them.
    """
    seen = flagged(mask, Flag.FILLED | Flag.REFUSED) & ~flagged(mask, Flag.USER | Flag.OCCULTED | Flag.NEVER_SENT)
    if not seen.any():
        return []
    numbers = _numbers(seen, header)
    by_number = {zone.number: zone for zone in zones(header)}
    found = [Zone(int(n), numbers == n, by_number.get(int(n))) for n in np.unique(numbers[seen])]
    return found if _listed(header) is not None else [Zone(0, zone.where) for zone in found]


def summary(header: fits.Header) -> str:
    """What became of the missing blocks of a product, in one line.

    Parameters
    ----------
    header : astropy.io.fits.Header

    Returns
    -------
    str
        By the methods that HISTORY names; by NMISSING and NFILLED where it names none; empty where the header says
        nothing of missing blocks.
    """
    found = zones(header)
    if found:
        return _counted(found)
    if "NMISSING" not in header:
        return ""
    missing, filled = int(header["NMISSING"]), int(header.get("NFILLED", 0))
    if not missing:
        return "no missing blocks"
    return f"{filled} of {missing} missing blocks filled" if filled else f"{missing} missing blocks, none filled"


def _counted(found: Sequence[ZoneHistory]) -> str:
    methods = Counter(zone.method for zone in found)
    refused = methods.pop("", 0)
    parts = [f"{_zone_count(count)} filled by {method}" for method, count in methods.most_common()]
    return ", ".join([*parts, f"{_zone_count(refused)} refused"] if refused else parts)


def _zone_count(count: int) -> str:
    return f"{count} zone" + "s" * (count != 1)


def _listed(header: fits.Header) -> blocks.Blocks | None:
    """Missing blocks by MISSLIST; None where it does not list them."""
    try:
        found = blocks.parse_misslist(str(header.get("MISSLIST", blocks.SUMMED_MISSLIST)))
    except BadKeywordError:
        return None
    return found if found is not None and found.any() else None


def _numbers(seen: NDArray[np.bool_], header: fits.Header) -> NDArray[np.int_]:
    """Number of the zone of each seen pixel: of the nearest missing block on the detector; else of connected pixels."""
    missing = _listed(header)
    if missing is None:
        return np.asarray(
            ndimage.label(ndimage.binary_dilation(seen, np.ones((3, 3)), iterations=MARGIN // 2))[0] * seen
        )
    rows, columns = np.nonzero(seen)
    column, row = _on_detector(columns, rows, seen.shape, header)
    size = seen.shape[0] / missing.shape[0], seen.shape[1] / missing.shape[1]
    labels = sum(zone.number * zone.missing for zone in blocks.zones(missing))
    nearest = ndimage.distance_transform_edt(~missing, return_distances=False, return_indices=True)
    labels = np.asarray(labels)[tuple(nearest)]
    places = (
        np.clip((place / high).astype(int), 0, count - 1)
        for place, high, count in zip((row, column), size, missing.shape, strict=True)
    )
    numbers = np.zeros(seen.shape, dtype=np.int_)
    numbers[rows, columns] = labels[tuple(places)]
    return numbers


def _on_detector(
    columns: NDArray[np.int_], rows: NDArray[np.int_], shape: tuple[int, int], header: fits.Header
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Columns and rows on the detector of pixels of the product, but for the few px of the distortion."""
    rotated = float(header.get("RECTIFY", 0.0))
    upside_down = abs(rotated) > 90
    angle = np.radians(rotated - 180.0 * upside_down)
    sun = solar_coordinates(header)
    x, y = columns - sun.column, rows - sun.row
    column = sun.column + x * np.cos(angle) + y * np.sin(angle)
    row = sun.row + y * np.cos(angle) - x * np.sin(angle)
    return (shape[1] - 1 - column, shape[0] - 1 - row) if upside_down else (column, row)


def _centred(places: NDArray[np.intp], side: int, length: int) -> slice:
    side = min(int(side), length)
    first = min(max(int(places[0] + places[-1] + 1 - side) // 2, 0), length - side)
    return slice(first, first + side)
