"""Radial interpolation with azimuthal neighbours: along the ray from the sun's centre, and along the circle about it.

The corona falls off as a power of the radius along a ray, and its streamers are rays: so each pixel of a hole is
interpolated linearly in log r - log brightness between the observed pixels at both ends of its ray, and linearly in
angle (log brightness too) between those at both ends of its circle. Both are combined by their variances: the noise of
the ends, and a random walk between them whose steps along and across the rays are measured around the hole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.photometry.noise import scatter_about_zero
from corinpaint.restore.methods.problem import Fill, Problem
from corinpaint.restore.methods.windows import Image, Mask, Window, by_zone, fall_off, polar

MARGIN = 24
"""Margin around the missing blocks from which pixels are used, px."""

LAG = 16
"""Distance over which the steps of the random walk are measured, px."""

PATCH = 2
"""Nodes on each side of an end over which its value is the median: 5 x 5 nodes of about 1 px."""

PATCH_PIXELS = 10
"""Pixels whose mean has the variance of the median of a patch at the rim of a hole, 5 x 3 of which are observed."""

SMALLEST_NOISE = 1e-6
"""Minimum noise of a pixel relative to its brightness."""

SMALLEST_STEP = 0.01
"""Minimum variance of the random walk per px, relative to the variance of the noise."""


def radial() -> Fill:
    """Radial interpolation with azimuthal neighbours."""

    def fill(problem: Problem) -> NDArray[np.float32]:
        return by_zone(problem, MARGIN, lambda window: interpolate(window, problem.centre))

    return fill


def interpolate(window: Window, centre: tuple[float, float]) -> Image:
    """Fill the hole of a window.

    Parameters
    ----------
    window : Window
    centre : tuple of float
        Sun centre (column, row), px of the frame.

    Returns
    -------
    ndarray of float64, shape of the window
        Values in the hole; NaN elsewhere, and where neither ray nor circle meets an observed pixel.
    """
    grid = _grid(window, centre)
    power = fall_off(window, grid.radius)
    ratio = window.image / power
    noise = max(float(np.median((window.sigma / power)[window.observed])), SMALLEST_NOISE)
    nodes = _Nodes(ratio[grid.pixels], window.observed[grid.pixels] & grid.inside)
    place = grid.nearest(window.hole)
    found = [
        _along(nodes, axis, place, coordinate, (noise**2, _step(nodes, axis, LAG, noise)))
        for axis, coordinate in ((0, grid.log_radius), (1, grid.angles))
    ]
    weight = np.stack([1 / variance for _, variance in found])
    values = np.stack([np.where(np.isfinite(variance), value, 0) for value, variance in found])
    filled = np.full(window.image.shape, np.nan)
    with np.errstate(invalid="ignore"):
        filled[window.hole] = (weight * values).sum(axis=0) / weight.sum(axis=0)
    return filled * power


@dataclass(frozen=True, eq=False)
class _Grid:
    """A polar grid over a window: nodes (radius, angle) about 1 px apart.

    `radius` and `angle` are those of the window's pixels; `pixels` are the rows and columns of the pixel nearest to
    each node, `inside` is True for nodes that lie in the window.
    """

    radius: Image
    angle: Image
    log_radius: Image
    angles: Image
    pixels: tuple[NDArray[np.int64], NDArray[np.int64]]
    inside: Mask

    def nearest(self, where: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The node nearest to each pixel of a mask."""
        first, last = np.exp(self.log_radius[0]), np.exp(self.log_radius[-1])
        ring = (self.radius[where] - first) / max(last - first, 1) * (self.log_radius.size - 1)
        spoke = (self.angle[where] - self.angles[0]) / max(np.ptp(self.angles), 1e-9) * (self.angles.size - 1)
        return _index(ring, self.log_radius.size), _index(spoke, self.angles.size)


def _index(place: Image, size: int) -> NDArray[np.int64]:
    return np.clip(place.round().astype(np.int64), 0, size - 1)


def _grid(window: Window, centre: tuple[float, float]) -> _Grid:
    radius, direction = polar(window, centre)
    middle = float(np.angle((radius * np.exp(1j * direction))[window.hole].mean()))
    angle = np.angle(np.exp(1j * (direction - middle)))
    radii = np.linspace(radius.min(), radius.max(), int(np.ceil(np.ptp(radius))) + 2)
    arc = np.ptp(angle) * np.median(radius[window.hole])
    angles = np.linspace(angle.min(), angle.max(), int(np.ceil(arc)) + 2)
    directions = angles + middle
    row = np.rint(radii[:, None] * np.sin(directions) + centre[1] - window.corner[0]).astype(np.int64)
    column = np.rint(radii[:, None] * np.cos(directions) + centre[0] - window.corner[1]).astype(np.int64)
    high, wide = window.image.shape
    inside = (row >= 0) & (row < high) & (column >= 0) & (column < wide)
    pixels = (np.clip(row, 0, high - 1), np.clip(column, 0, wide - 1))
    return _Grid(radius, angle, np.log(radii), angles, pixels, inside)


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Values of the grid's nodes, and which of them are observed."""

    values: Image
    observed: Mask

    def ends(self, axis: int, step: int) -> NDArray[np.int64]:
        """For each node the index along an axis of the nearest observed one on the side of `step`; -1 for none."""
        size = self.observed.shape[axis]
        index = np.arange(size).reshape((-1, 1) if axis == 0 else (1, -1))
        if step < 0:
            return np.asarray(np.maximum.accumulate(np.where(self.observed, index, -1), axis=axis))
        flipped = np.flip(np.where(self.observed, index, size), axis)
        found = np.flip(np.minimum.accumulate(flipped, axis=axis), axis)
        return np.where(found == size, -1, found)

    def medians(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Image:
        """Medians of the observed nodes in the patches about some nodes; each must be observed."""
        shape = self.values.shape
        distinct, back = np.unique(rows * shape[1] + columns, return_inverse=True)
        padded = np.pad(np.where(self.observed, self.values, np.nan), PATCH, constant_values=np.nan)
        patches = np.lib.stride_tricks.sliding_window_view(padded, (2 * PATCH + 1, 2 * PATCH + 1))
        return np.asarray(np.nanmedian(patches[np.unravel_index(distinct, shape)], axis=(1, 2)))[back]


def _along(
    nodes: _Nodes,
    axis: int,
    place: tuple[NDArray[np.int64], NDArray[np.int64]],
    coordinate: Image,
    variances: tuple[float, float],
) -> tuple[Image, Image]:
    """Interpolate along an axis at some nodes; values and their variances, infinite where there is no end.

    `coordinate` is the one in which it is linear; `variances` are of the noise of a pixel and of the walk per node.
    """
    here = place[axis]
    ends = [nodes.ends(axis, step)[place] for step in (-1, 1)]
    there = [end >= 0 for end in ends]
    values = [np.zeros(here.size), np.zeros(here.size)]
    for value, end, known in zip(values, ends, there, strict=True):
        at = (end, place[1]) if axis == 0 else (place[0], end)
        value[known] = nodes.medians(at[0][known], at[1][known])
    both, one = there[0] & there[1], there[0] ^ there[1]
    distance = [np.where(known, np.abs(here - end), 0) for end, known in zip(ends, there, strict=True)]
    span = np.where(both, coordinate[ends[1]] - coordinate[ends[0]], 1)
    share = np.where(both, (coordinate[here] - coordinate[ends[0]]) / np.where(span == 0, 1, span), ~there[0])
    logs = both & (values[0] > 0) & (values[1] > 0)
    linear = (1 - share) * values[0] + share * values[1]
    safe = [np.where(logs, value, 1) for value in values]
    value = np.where(logs, safe[0] ** (1 - share) * safe[1] ** share, linear)
    total = np.maximum(distance[0] + distance[1], 1)
    walk = np.where(both, distance[0] * distance[1] / total, np.where(one, total, np.inf))
    noise = variances[0] / PATCH_PIXELS * np.where(both, (1 - share) ** 2 + share**2, 1)
    return value, noise + variances[1] * walk


def _step(nodes: _Nodes, axis: int, lag: int, noise: float) -> float:
    """Variance of the random walk per node along an axis, from differences of observed nodes `lag` apart."""
    ahead, behind = (np.take(nodes.values, index, axis) for index in _pairs(nodes, axis, lag))
    known = np.logical_and(*(np.take(nodes.observed, index, axis) for index in _pairs(nodes, axis, lag)))
    if not known.any():
        return SMALLEST_STEP * noise**2
    spread = scatter_about_zero((ahead - behind)[known])
    return max(spread**2 - 2 * noise**2, SMALLEST_STEP * lag * noise**2) / lag


def _pairs(nodes: _Nodes, axis: int, lag: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    size = nodes.observed.shape[axis]
    return np.arange(min(lag, size), size), np.arange(max(size - lag, 0))
