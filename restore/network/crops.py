"""Windows of a frame for networks that see whole frames: only the surroundings of missing blocks are computed.

A window holds the missing blocks of a zone and a margin on every side: the reach of the network and one of its strides,
widened to multiples of the stride from the corner of the frame, so that its pooling cells are those of the whole frame.
Windows that overlap are merged where that is less work; when all of them together are larger than the frame, the frame
is used. Pixels beyond the margin have little weight: with the weights of 0.1.0, fills of real frames by windows differ
from those by whole frames by at most 0.0015 of the equalised range, and by 0.003 in the corners of the field, where
little is observed (median over a hole 1e-5 to 5e-4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, groupby
from typing import Any, TypeVar

from corinpaint.lasco.level05 import blocks

Place = tuple[slice, slice]
"""Rows and columns of a frame."""

Item = TypeVar("Item")


def windows(zones: Sequence[blocks.Zone], shape: tuple[int, int], reach: int, stride: int) -> list[Place]:
    """Windows that hold every zone with its margin.

    Parameters
    ----------
    zones : sequence of Zone
    shape : tuple of int
        Of the frame, px, multiples of `stride`.
    reach : int
        Of the network, px.
    stride : int
        Height and width of what the network sees must be multiples of it, px.

    Returns
    -------
    list of tuple of slice
        Sorted by size. A zone lies in one of them with its whole margin, as far as the frame goes.
    """
    found = [_aligned(_needed(zone, shape, reach, stride), shape, stride) for zone in zones]
    while (pair := _overlapping(found)) is not None:
        found = [place for place in found if place not in pair] + [_around(*pair)]
    if sum(map(_area, found)) >= shape[0] * shape[1]:
        found = [(slice(0, shape[0]), slice(0, shape[1]))]
    return sorted(found, key=size)


def held(
    place: Place, zones: Sequence[blocks.Zone], shape: tuple[int, int], reach: int, stride: int
) -> list[blocks.Zone]:
    """The zones that lie in a window with their whole margin; parameters as for `windows`."""
    needed = ((zone, _needed(zone, shape, reach, stride)) for zone in zones)
    return [
        zone
        for zone, wanted in needed
        if all(a.start <= b.start and b.stop <= a.stop for a, b in zip(place, wanted, strict=True))
    ]


def batches(items: Iterable[Item], of_size: Callable[[Item], Any], most: int) -> list[list[Item]]:
    """Items of one size together, the small ones first, at most so many; else in their order.

    Parameters
    ----------
    items : iterable
    of_size : callable
        Size of an item, which can be compared.
    most : int
        Items of a batch.
    """
    found = []
    for _, group in groupby(sorted(items, key=of_size), key=of_size):
        same = list(group)
        found += [same[start : start + most] for start in range(0, len(same), most)]
    return found


def _needed(zone: blocks.Zone, shape: tuple[int, int], reach: int, stride: int) -> Place:
    return blocks.bounding_box(zone.missing, shape, reach + stride)


def _aligned(place: Place, shape: tuple[int, int], stride: int) -> Place:
    rows, columns = (
        slice(axis.start // stride * stride, min(-(-axis.stop // stride) * stride, most))
        for axis, most in zip(place, shape, strict=True)
    )
    return rows, columns


def _overlapping(places: Sequence[Place]) -> tuple[Place, Place] | None:
    """Two windows that are no less work than the one around both."""
    pairs = combinations(places, 2)
    return next(((a, b) for a, b in pairs if _area(_around(a, b)) <= _area(a) + _area(b)), None)


def _around(first: Place, second: Place) -> Place:
    rows, columns = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(first, second, strict=True))
    return rows, columns


def size(place: Place) -> tuple[int, int]:
    """Height and width of a window, px."""
    rows, columns = place
    return rows.stop - rows.start, columns.stop - columns.start


def _area(place: Place) -> int:
    height, width = size(place)
    return height * width
