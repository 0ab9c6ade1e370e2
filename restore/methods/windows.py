"""Windows: the part of a frame around one zone that a method needs, the loop over the zones, and shared helpers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco.level05 import blocks
from corinpaint.restore.methods.problem import Problem

Image = NDArray[np.float64]
Mask = NDArray[np.bool_]

RINGS = 16
"""Rings whose medians the fall-off with radius is fitted to."""


@dataclass(frozen=True, eq=False)
class Window:
    """A rectangle of a frame around the hole of one zone.

    Attributes
    ----------
    image : ndarray of float64, shape (h, w)
        In units of `unit`; 0 where not observed, so that nothing else can be read.
    observed, hole : ndarray of bool, shape (h, w)
        As in `Problem`; only this zone's hole.
    sigma : ndarray of float64, shape (h, w)
        Noise of the image, in units of `unit`.
    place : tuple of slice
        Rows and columns of the frame.
    unit : float
        Median of the observed absolute values, unit of the frame: about 1e-10 MSB in the corona.
    """

    image: Image
    observed: Mask
    hole: Mask
    sigma: Image
    place: tuple[slice, slice]
    unit: float

    @property
    def corner(self) -> tuple[int, int]:
        """Row and column of the frame where the window begins."""
        return self.place[0].start, self.place[1].start


def by_zone(problem: Problem, margin: int, fill: Callable[[Window], Image]) -> NDArray[np.float32]:
    """Fill zone by zone.

    Parameters
    ----------
    problem : Problem
    margin : int
        Rows and columns around the missing blocks that the method needs, px.
    fill : callable
        Window -> values, shape (h, w), in units of the window's `unit`.

    Returns
    -------
    ndarray of float32, shape (H, W)
        NaN outside of the holes, where a method gives no value, and in zones with nothing observed in their window.
    """
    filled = np.full(problem.image.shape, np.nan, dtype=np.float32)
    for zone in problem.zones:
        window = cut(problem, zone, margin)
        if not window.hole.any() or not window.observed.any():
            continue
        values = fill(window)
        filled[window.place][window.hole] = (values * window.unit)[window.hole]
    return filled


def cut(problem: Problem, zone: blocks.Zone, margin: int) -> Window:
    """The window of a zone: its missing blocks and a margin around them, clipped to the frame."""
    shape = problem.image.shape
    place = blocks.bounding_box(zone.missing, shape, margin)
    rows, columns = place
    missing = blocks.to_pixels(zone.missing)[rows, columns]
    observed = problem.observed[rows, columns]
    image = np.where(observed, problem.image[rows, columns], 0).astype(np.float64)
    unit = float(np.median(np.abs(image[observed]))) if observed.any() else 1.0
    unit = unit or 1.0
    return Window(
        image / unit,
        observed,
        problem.hole[rows, columns] & missing,
        problem.sigma[rows, columns].astype(np.float64) / unit,
        place,
        unit,
    )


def held(window: Window, depth: int) -> Mask:
    """The pieces of a hole that have enough observed pixels next to them.

    Parameters
    ----------
    window : Window
    depth : int
        1: an observed pixel next to the piece. 2: three of them within 2 px, not on one line.

    Returns
    -------
    ndarray of bool, shape of the window
        Part of the hole.
    """
    pieces, count = ndimage.label(window.hole)
    kept = np.zeros_like(window.hole)
    for piece in range(1, count + 1):
        here = pieces == piece
        rows, columns = np.nonzero(ndimage.binary_dilation(here, iterations=depth) & window.observed)
        plane = np.stack([np.ones(rows.size), rows, columns], axis=1)
        if rows.size and (depth == 1 or np.linalg.matrix_rank(plane) == 3):
            kept |= here
    return kept


def polar(window: Window, centre: tuple[float, float]) -> tuple[Image, Image]:
    """Radius in px, at least 0.5, and angle in radians of the window's pixels about a (column, row) of the frame."""
    rows, columns = np.indices(window.image.shape)
    y, x = rows + window.corner[0] - centre[1], columns + window.corner[1] - centre[0]
    return np.maximum(np.hypot(x, y), 0.5), np.arctan2(y, x)


def fall_off(window: Window, radius: Image) -> Image:
    """The power law in radius that the observed pixels follow, fitted to medians of rings.

    Parameters
    ----------
    window : Window
    radius : ndarray of float64, shape of the window

    Returns
    -------
    ndarray of float64, shape of the window
        Positive; 1 where no power can be fitted.
    """
    logs, values = np.log(radius[window.observed]), window.image[window.observed]
    edges = np.quantile(logs, np.linspace(0, 1, RINGS + 1))
    ring = np.clip(np.searchsorted(edges, logs, side="right") - 1, 0, RINGS - 1)
    rings = [ring == number for number in range(RINGS)]
    medians = np.array([(np.median(logs[one]), np.median(values[one])) for one in rings if one.any()])
    x, y = medians[medians[:, 1] > 0].T
    if x.size < 2 or np.ptp(x) <= 0:
        return np.ones_like(radius)
    slope, level = np.polyfit(x, np.log(y), 1)
    return np.asarray(np.exp(level + slope * np.log(radius)))
