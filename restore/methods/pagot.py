"""The published correction of LASCO's missing blocks: mean of neighbouring frames, or interpolation along the radius.

After Pagot, Lamy, Llebaria and Boclet (2014), "Automated processing of LASCO coronal images: spurious
point-source-filtering and missing-blocks correction", Solar Physics 289, 1433. Known from its abstract alone: the mean
of the images immediately before and after where both show the blocks, else "weighted interpolation along radial
profiles from the center of the Sun that intercept the missing block(s)"; polarised images from the unpolarised one.
What is written here beyond that is an interpretation:

- The mean is that of the two context frames nearest in time that observed a pixel: those before and after where both
  are given, two on one side where not. Nothing is smoothed, and no change of brightness between them and the frame is
  added besides the scale that all context has.
- A profile is a ray from the sun's centre. At both ends of the hole it has the mean of `SAMPLES` observed pixels,
  `SPACING` px apart along the ray; the hole takes their mean, each weighted by one over its distance. Profiles are
  divided by the power of the radius that the zone follows, so that they are level. Where a ray has one end, its value
  counts alone. The profiles of neighbouring rays do not count.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corinpaint.restore.methods import temporal
from corinpaint.restore.methods.problem import Fill, Problem
from corinpaint.restore.methods.windows import Image, Mask, Window, by_zone, fall_off, polar

MARGIN = 24
"""Margin around the missing blocks from which pixels are used, px."""

SAMPLES = 8
"""Pixels of a profile at each end of a hole whose mean is taken."""

SPACING = 1.0
"""Distance between them, px."""


def neighbours() -> Fill:
    """The mean of the two nearest frames; NaN where no context frame observed the hole."""

    def fill(problem: Problem) -> NDArray[np.float32]:
        mean, known = temporal.average(problem)
        return np.where(problem.hole & known, mean, np.nan).astype(np.float32)

    return fill


def radial_profiles() -> Fill:
    """Weighted interpolation along radial profiles."""

    def fill(problem: Problem) -> NDArray[np.float32]:
        return by_zone(problem, MARGIN, lambda window: _along_profiles(window, problem.centre))

    return fill


def _along_profiles(window: Window, centre: tuple[float, float]) -> Image:
    radius, angle = polar(window, centre)
    power = fall_off(window, radius)
    level = window.image / power
    place = radius[window.hole], angle[window.hole]
    ends = [_end(window, level, centre, place, step) for step in (-SPACING, SPACING)]
    weights = np.stack([1 / distance for _, distance in ends])  # 0 where there is no end
    total = weights.sum(axis=0)
    values = sum(weight * value for weight, (value, _) in zip(weights, ends, strict=True))
    filled = np.full(level.shape, np.nan)
    filled[window.hole] = np.where(total > 0, values / np.where(total > 0, total, 1), np.nan)
    return filled * power


def _end(
    window: Window, level: Image, centre: tuple[float, float], place: tuple[Image, Image], step: float
) -> tuple[Image, Image]:
    """Mean of the first observed pixels on the rays inwards or outwards, and their distance; infinite without any."""
    radius, angle = place
    total, count, first = np.zeros(radius.size), np.zeros(radius.size, dtype=int), np.full(radius.size, np.inf)
    for number in range(1, int(np.hypot(*level.shape) / SPACING) + 1):
        rows, columns, inside = _pixels(window, centre, radius + number * step, angle)
        met = inside & window.observed[rows, columns] & (count < SAMPLES)
        total[met] += level[rows, columns][met]
        count[met] += 1
        first[met] = np.minimum(first[met], number * SPACING)
        if not inside.any() or (count == SAMPLES).all():
            break
    return total / np.maximum(count, 1), first


def _pixels(
    window: Window, centre: tuple[float, float], radius: Image, angle: Image
) -> tuple[NDArray[np.int64], NDArray[np.int64], Mask]:
    """The pixel of the window nearest to each place, and whether the place lies in it."""
    rows = np.rint(centre[1] + radius * np.sin(angle)).astype(np.int64) - window.corner[0]
    columns = np.rint(centre[0] + radius * np.cos(angle)).astype(np.int64) - window.corner[1]
    high, wide = window.image.shape
    inside = (rows >= 0) & (rows < high) & (columns >= 0) & (columns < wide) & (radius > 0)
    return np.clip(rows, 0, high - 1), np.clip(columns, 0, wide - 1), inside
