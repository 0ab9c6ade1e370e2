"""Sequences of made-up products: a blob that leaves the sun at a known speed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import products

from corinpaint.archive.movies.selection import select
from corinpaint.lasco.level1.collection import Member, Setting, collect
from corinpaint.lasco.level1.product import Flag

SIZE = 96
PX_PER_RADIUS = 8.0
START = datetime(2014, 2, 25, 1, 0)
MINUTES = (0, 12, 24, 36, 48, 60)
SPEED_KM_S = 500.0
RADII_PER_S = SPEED_KM_S * 1e3 / 6.957e8
CARDS = {"CDELT1": 120.0, "CDELT2": 120.0, "RSUN_OBS": 960.0, "CROTA2": 0.0, "DETECTOR": "C2", "FILTER": "Orange"}


def blob(minutes: float, angle: float, first: float = 2.5, centre: tuple[float, float] | None = None) -> np.ndarray:
    """A blob that was at `first` solar radii at the start, in the direction `angle` of an image that is not rolled."""
    column, row = centre or ((SIZE - 1) / 2, (SIZE - 1) / 2)
    distance = (first + RADII_PER_S * 60 * minutes) * PX_PER_RADIUS
    x = column - distance * np.sin(np.radians(angle))
    y = row + distance * np.cos(np.radians(angle))
    rows, columns = np.indices((SIZE, SIZE))
    return 1e-10 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * 4.0**2)) + 1e-10


def write(folder: Path, minutes: Sequence[float] = MINUTES, angle: float = 60.0, **cards: Any) -> Path:
    """Products of a blob; behind the occulter, 10 px wide, there is no value."""
    rows, columns = np.indices((SIZE, SIZE))
    occulted = np.hypot(rows - (SIZE - 1) / 2, columns - (SIZE - 1) / 2) < 10
    for number, minute in enumerate(minutes):
        data = blob(minute, angle - cards.get("CROTA2", 0.0))
        data[occulted] = np.nan
        when = (START + timedelta(minutes=minute)).isoformat(timespec="milliseconds")
        mask = (np.uint8(Flag.OCCULTED) * occulted).astype(np.uint8)
        made = {**CARDS, "L05HASH": f"{number:064x}", **cards}
        products.write(folder, 25000000 + number, when, data, mask, 1e-13, **made)
    return folder


def flag(path: Path, where: tuple[slice, slice], flags: Flag) -> None:
    """Flag a part of a product; what was refused loses its values."""
    from astropy.io import fits

    with fits.open(path, mode="update") as hdus:
        hdus["MASK"].data[where] = np.uint8(flags)
        if flags & Flag.REFUSED:
            hdus[0].data[where] = np.nan


def members(folder: Path) -> tuple[Setting, Sequence[Member]]:
    """The products of a folder; see `select`."""
    return select(collect([folder]))
