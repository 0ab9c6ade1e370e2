"""Height-time maps (J-maps): brightness along a position angle against time and distance from the sun.

After Sheeley et al. (1999, Journal of Geophysical Research 104, 24739): a strip along a radius of each image becomes a
column of the map, in which what moves outwards leaves an inclined trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corinpaint.archive.movies.cadence import MAX_GAP, Pace, median_cadence
from corinpaint.archive.movies.images import Background, Failed, Image, Kind, check_enough, images
from corinpaint.lasco.errors import NoFrameError, OptionError
from corinpaint.lasco.level1.collection import Member, Setting
from corinpaint.lasco.level1.product import Flag
from corinpaint.lasco.pictures.coordinates import SolarCoordinates, solar_coordinates

WIDTH = 5.0
"""Width of the sector that is averaged, degrees."""

STEP_PX = 2.0
"""Step of the distance, px of the image."""

MIN_SHARE = 0.5
"""Share of the pixels of a step that need a value; where fewer have one, the map is blank."""


@dataclass(frozen=True)
class Sector:
    """Where a height-time map is taken.

    Attributes
    ----------
    angle : float
        Position angle, counter-clockwise from solar north (over solar east), degrees.
    width : float
        Degrees; pixels within half of it on both sides count.
    """

    angle: float
    width: float = WIDTH


@dataclass(frozen=True, eq=False)
class HeightTime:
    """A height-time map.

    Attributes
    ----------
    setting : Setting
    kind : str
        One of `corinpaint.archive.movies.images.KINDS`.
    sector : Sector
    unit : str
        Of the values.
    times : list of datetime
        DATE-OBS of the columns, UTC.
    files : list of str
        Names of the products of the columns.
    cadence : float
        Median time between the products, s.
    start, step : float
        Lower edge of the first row and height of the rows, solar radii.
    values : ndarray of float32, shape (rows, columns)
        Means over the sector, row 0 next to the sun; NaN where fewer than `MIN_SHARE` of the pixels have a value.
    filled : ndarray of float32, shape (rows, columns)
        Share of the pixels with a value that are filled, in a difference in either image.
    """

    setting: Setting
    kind: Kind
    sector: Sector
    unit: str
    times: list[datetime]
    files: list[str]
    cadence: float
    start: float
    step: float
    values: NDArray[np.float32]
    filled: NDArray[np.float32]

    @property
    def distances(self) -> NDArray[np.float64]:
        """Middles of the rows, solar radii, shape (rows,)."""
        return np.asarray(self.start + self.step * (np.arange(self.values.shape[0]) + 0.5))

    def edges(self, max_gap: float = MAX_GAP) -> list[tuple[datetime, datetime]]:
        """From when to when each column is drawn: half way to its neighbours, half a cadence where a gap follows."""
        pace = Pace(self.cadence, max_gap=max_gap)
        reach = []
        for one, two in zip(self.times[:-1], self.times[1:], strict=True):
            apart = (two - one).total_seconds()
            reach.append(min(apart, self.cadence) / 2 if pace.gap(one, two) else apart / 2)
        ends = [self.cadence / 2, *reach, self.cadence / 2]
        return [
            (taken - timedelta(seconds=before), taken + timedelta(seconds=after))
            for taken, before, after in zip(self.times, ends[:-1], ends[1:], strict=True)
        ]


def height_time(
    setting: Setting,
    members: Sequence[Member],
    sector: Sector,
    kind: Kind = "running",
    *,
    background: Background | None = None,
    failed: Failed | None = None,
) -> HeightTime:
    """Make a height-time map.

    Parameters
    ----------
    setting : Setting
    members : sequence of Member
        Products of the setting in time order; see `corinpaint.archive.movies.selection.select`.
    sector : Sector
    kind : str
        One of `corinpaint.archive.movies.images.KINDS`.
    background : Background, optional
        For the kind of that name.
    failed : callable, optional
        Called with the path and the error of each product that is left out.

    Returns
    -------
    HeightTime
        Rows from the first to the last distance at which any image has a value.

    Raises
    ------
    OptionError
        When the sector has no width, or more than a circle.
    NoFrameError
        When there is nothing to show.
    """
    if not 0 < sector.width <= 360:
        raise OptionError(f"a sector of {sector.width:g} degrees", "give a width above 0 and up to 360 degrees")
    check_enough(members, kind)
    step, columns, used = 0.0, [], []
    for image in images(members, kind, background, failed):
        step = step or STEP_PX / solar_coordinates(image.header).radius[1]
        columns.append(_column(image, sector, step))
        used.append(image.member)
    if not columns:
        raise NoFrameError(f"{members[0].path}: no frame of these products can be used", "see the errors above")
    rows = max(len(values) for values, _ in columns)
    values, filled = (
        np.stack(
            [np.pad(column[plane], (0, rows - len(column[plane])), constant_values=empty) for column in columns], 1
        )
        for plane, empty in ((0, np.nan), (1, 0.0))
    )
    seen = np.flatnonzero(np.isfinite(values).any(axis=1))
    if not seen.size:
        raise NoFrameError(
            f"{members[0].path}: no product has a value at position angle {sector.angle:g}", "choose another angle"
        )
    shown = np.s_[seen[0] : seen[-1] + 1]
    return HeightTime(
        setting,
        kind,
        sector,
        members[0].alike[1],
        [member.taken for member in used],
        [member.path.name for member in used],
        median_cadence([member.taken for member in members]),
        float(seen[0] * step),
        step,
        values[shown],
        filled[shown],
    )


def _column(image: Image, sector: Sector, step: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Means over the sector in steps of the distance, and the share of filled pixels."""
    pixels, rows = _pixels(solar_coordinates(image.header), image.data.shape, sector, step)
    length = int(rows.max()) + 1 if rows.size else 1
    values, filled = image.data.ravel()[pixels], image.has(Flag.FILLED).ravel()[pixels]
    finite = np.isfinite(values)
    all_of_them, count = np.bincount(rows, minlength=length), np.bincount(rows[finite], minlength=length)
    total = np.bincount(rows[finite], values[finite], length)
    share = np.bincount(rows[finite], filled[finite], length) / np.maximum(count, 1)
    enough = (count >= MIN_SHARE * all_of_them) & (count > 0)
    means = np.where(enough, total / np.maximum(count, 1), np.nan)
    return means.astype(np.float32), np.where(enough, share, 0.0).astype(np.float32)


@lru_cache(maxsize=2)
def _pixels(
    sun: SolarCoordinates, shape: tuple[int, int], sector: Sector, step: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places in the flattened image of the pixels of a sector, and their steps of the distance."""
    row, column = np.indices(shape)
    distance, angle = sun.polar(column.ravel(), row.ravel())
    away = np.abs((angle - sector.angle + 180.0) % 360.0 - 180.0)
    pixels = np.flatnonzero(away <= sector.width / 2)
    return pixels, (distance[pixels] / step).astype(np.intp)
