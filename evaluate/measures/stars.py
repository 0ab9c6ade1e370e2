"""Stars beside a hole: how far a star that is not in the hole moves the fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.evaluate.benchmark import HoledFrame, Method, Row
from corinpaint.evaluate.summary import bootstrap, column, filled_by_all, groups
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.simulation.corona import STAR_SIGMA
from corinpaint.lasco.simulation.hole_placement import generator

DISTANCE = 3
"""From the edge of the hole to the star's peak, px."""

HALF_WIDTH = 2
"""Half width of the image of a star, px: it ends before the hole begins."""

MAX_COUNTS = 2**14 - 1
"""Maximum of the analogue-to-digital converter, DN."""


def star_places(holed_frame: HoledFrame, seed: int) -> list[tuple[int, int] | None]:
    """A place for a star beside each hole.

    Parameters
    ----------
    holed_frame : HoledFrame
    seed : int

    Returns
    -------
    list of (row, column) or None
        At `DISTANCE` from the hole, farther from all others, observed with all of its surroundings; None where there is
        no such pixel.
    """
    whole = ndimage.binary_erosion(holed_frame.holed.observed, np.ones((2 * HALF_WIDTH + 1,) * 2, dtype=bool))
    rng = generator(f"{seed} {holed_frame.frame.number} {holed_frame.size} stars")
    found: list[tuple[int, int] | None] = []
    for hole in holed_frame.holes:
        pixels = blocks.to_pixels(hole)
        near, nearer = (ndimage.maximum_filter(pixels, 2 * distance + 1) for distance in (DISTANCE, DISTANCE - 1))
        places = np.argwhere(near & ~nearer & whole)
        found.append(tuple(rng.choice(places).tolist()) if len(places) else None)
    return found


def with_stars(frame: Frame, places: Sequence[tuple[int, int] | None], peak: float) -> Frame:
    """Add stars to a Level 0.5 frame.

    Parameters
    ----------
    frame : Frame
    places : sequence of (row, column) or None
    peak : float
        Brightness in the central pixel, DN.

    Returns
    -------
    Frame
    """
    offsets = np.arange(-HALF_WIDTH, HALF_WIDTH + 1)
    profile = np.exp(-0.5 * np.square(offsets / STAR_SIGMA))
    image = peak * np.outer(profile, profile)
    data = frame.data.copy()
    for row, col in filter(None, places):
        around = np.s_[row - HALF_WIDTH : row + HALF_WIDTH + 1, col - HALF_WIDTH : col + HALF_WIDTH + 1]
        data[around] = np.minimum(np.rint(data[around] + image), MAX_COUNTS)
    return replace(frame, data=data)


def measure(holed_frame: HoledFrame, methods: Mapping[str, Method], peak: float, seed: int) -> list[Row]:
    """Fill a frame with and without stars beside its holes.

    Parameters
    ----------
    holed_frame : HoledFrame
    methods : mapping of str to Method
    peak : float
        Of the stars, DN.
    seed : int
        Of their places.

    Returns
    -------
    list of dict
        A row for each method and hole with a star: the labels of the frame, hole, method, star_dn and "star_change",
        the largest change of a filled pixel over its noise.
    """
    places = star_places(holed_frame, seed)
    holed, complete = holed_frame.holed, holed_frame.complete
    starred = calibrate_on_detector(with_stars(holed.frame, places, peak), holed.calibration, holed.options)
    noise = np.sqrt(complete.variance.astype(np.float64))
    rows: list[Row] = []
    for name, method in methods.items():
        plain, moved = (
            method(around, holed_frame.wanted, holed_frame.context).brightness.astype(np.float64)
            for around in (holed, starred)
        )
        for number, place in enumerate(places):
            if place is not None:
                change = _largest(np.abs(moved - plain) / noise, holed_frame.pixels(number))
                row = {**holed_frame.labels, "hole": f"{holed_frame.size}-{number}", "method": name}
                rows.append({**row, "star_dn": peak, "star_change": change})
    return rows


def lines(rows: Sequence[Row], draws: int, seed: int) -> list[dict[str, str]]:
    """Median and maximum of the changes in holes that all methods fill, by telescope, kind, size and method."""
    found = []
    for keys, chosen in groups(filled_by_all(rows, "star_change"), "telescope", "kind", "size", "method"):
        changes = column(chosen, "star_change")
        line = keys | {"holes": str(len(chosen)), "star_dn": f"{float(chosen[0]['star_dn']):g}"}
        line["star_change"] = str(bootstrap(changes, [str(row["frame"]) for row in chosen], draws, seed))
        line["star_change_max"] = f"{changes.max():.3g}"
        found.append(line)
    return found


def _largest(change: NDArray[np.float64], hole: NDArray[np.bool_]) -> float:
    """Of the pixels of a hole; NaN where one of them has no fill."""
    return float(change[hole].max())
