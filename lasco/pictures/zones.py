"""The zones of missing blocks of a product in a picture of it: their windows, and what became of them in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.level1.flags import Flag, flagged
from corinpaint.lasco.notebook import history, zones
from corinpaint.lasco.notebook.history import ZoneHistory

Window = tuple[slice, slice]
"""Rows and columns of a part of an image."""

MARGIN = 32
"""What is shown around a zone, px."""


@dataclass(frozen=True, eq=False)
class Zone(zones.Zone):
    """A zone as pictures show it."""

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

    Parameters and errors as for `corinpaint.lasco.notebook.zones.zones_in`.

    Returns
    -------
    list of Zone
        In the order of their numbers, without the pixels that a user masked, which have a flag of their own.
    """
    others = ~flagged(mask, Flag.USER)
    found = [Zone(zone.number, zone.where & others, zone.history) for zone in zones.zones_in(mask, header)]
    return [zone for zone in found if zone.where.any()]


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
    found = history.zones(header)
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


def _centred(places: NDArray[np.intp], side: int, length: int) -> slice:
    side = min(int(side), length)
    first = min(max(int(places[0] + places[-1] + 1 - side) // 2, 0), length - side)
    return slice(first, first + side)
