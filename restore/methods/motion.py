"""Fill from context frames that are moved along the radius first: motion compensation for what flows outwards.

In the logarithm of the radius an outflow in proportion to the radius is a shift, and the shift between two frames is
the rate times the hours between them, so that one rate fits context of any cadence, before and after. For each zone it
is the one of the largest correlation between the frame and its moved context around the hole, both less their smooth
part; 0 where noise could explain that this is larger than the correlation at rest. Within each zone's surroundings the
context is moved by it, and keeps its brightness relative to the power of the radius that the zone follows; then
`temporal` fills from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.smoothing import smooth
from corinpaint.restore.context import Context
from corinpaint.restore.methods import temporal
from corinpaint.restore.methods.problem import Fill, Problem
from corinpaint.restore.methods.windows import cut, fall_off, polar

FASTEST = 1.6
"""Largest rate, change of log radius per hour: from 3 to 15 solar radii."""

RATES = 33
"""Rates that are tried first, from 0 to `FASTEST`."""

REFINED = 4
"""Parts into which the distance between two of them is divided about the best one."""

MARGIN = 40
"""Surroundings of the missing blocks in which the motion is measured, px."""

MOVED = 16
"""Surroundings of the missing blocks in which the context is moved, px; `temporal` sees no farther."""

STRUCTURE = 8.0
"""Width of the Gaussian whose smooth part is left out, px."""

NOISE = 1.0
"""Width of the Gaussian by which noise is smoothed before the correlation, px."""

FEWEST = 256
"""Minimum number of pixels that are correlated; with fewer nothing is moved."""

SIGNIFICANT = 4.0
"""By how many standard errors the correlation of what is moved must exceed that of what is not."""

PER_CORRELATED = 4 * np.pi * NOISE**2
"""Pixels for each independent one, once noise is smoothed; the standard error of a correlation is one over the root of
the number of independent pixels."""

Place = tuple[slice, slice]
Seen = tuple[NDArray[np.float64], NDArray[np.bool_]]
"""A part of an image, and where it is known."""


def motion() -> Fill:
    """The motion-compensated temporal fill; NaN where no context frame observed the hole."""
    fill = temporal.temporal()

    def moved(problem: Problem) -> NDArray[np.float32]:
        context = [replace(one, image=one.image.copy(), observed=one.observed.copy()) for one in problem.context]
        for zone in problem.zones if context else ():
            speed, power = rate(problem, zone), exponent(problem, zone)
            place = blocks.bounding_box(zone.missing, problem.image.shape, MOVED)
            for source, target in zip(problem.context, context, strict=True):
                image, known = shifted(source, place, problem.centre, speed)
                target.image[place] = image * np.exp(speed * source.hours * power)
                target.observed[place] = known
        return fill(replace(problem, context=tuple(context)))

    return moved


def rate(problem: Problem, zone: blocks.Zone) -> float:
    """The rate of the outflow around a zone, change of log radius per hour; at most about `FASTEST`."""
    place = blocks.bounding_box(zone.missing, problem.image.shape, MARGIN)
    frame = _structure(np.nan_to_num(problem.image[place]).astype(np.float64), problem.observed[place])
    nearest = problem.context[: temporal.MOST]

    def likeness(speed: float) -> float:
        moved = [_structure(*shifted(one, place, problem.centre, speed)) for one in nearest]
        return float(np.mean([_correlation(frame, one) for one in moved]))

    coarse = FASTEST / (RATES - 1)
    best = _likeliest(likeness, coarse * np.arange(RATES))
    around = best + np.arange(-REFINED + 1, REFINED) * coarse / REFINED
    best = _likeliest(likeness, around[around >= 0])
    error = float(np.sqrt(PER_CORRELATED / max(int(np.count_nonzero(frame[1])), 1)))
    return best if likeness(best) > likeness(0.0) + SIGNIFICANT * error else 0.0


def _likeliest(likeness: Callable[[float], float], speeds: NDArray[np.floating]) -> float:
    """The speed of the largest likeness."""
    return float(speeds[np.argmax([likeness(float(speed)) for speed in speeds])])


def exponent(problem: Problem, zone: blocks.Zone) -> float:
    """The power of the radius that the brightness around a zone follows; 0 where it follows none."""
    window = cut(problem, zone, MARGIN)
    radius = polar(window, problem.centre)[0]
    power = fall_off(window, radius)
    ends = radius.argmin(), radius.argmax()
    (near, far), (inner, outer) = (np.log(values.ravel()[[*ends]]) for values in (radius, power))
    return float((outer - inner) / (far - near))


def shifted(context: Context, place: Place, centre: tuple[float, float], speed: float) -> Seen:
    """A part of a context frame, expanded to the time of the frame; its brightness is kept.

    Parameters
    ----------
    context : Context
    place : tuple of slice
        Rows and columns.
    centre : tuple of float
        Sun centre (column, row), px.
    speed : float
        Change of log radius per hour.

    Returns
    -------
    image : ndarray of float64, shape of the place
    known : ndarray of bool, shape of the place
    """
    if speed * context.hours == 0:
        return np.nan_to_num(context.image[place]).astype(np.float64), context.observed[place]
    share = np.exp(-speed * context.hours)
    rows, columns = np.mgrid[place]
    where = [centre[1] + share * (rows - centre[1]), centre[0] + share * (columns - centre[0])]
    part, corner = _around(where, context.image.shape)
    local = [axis - start for axis, start in zip(where, corner, strict=True)]
    known = context.observed[part]
    weight = ndimage.map_coordinates(known.astype(np.float64), local, order=1, cval=0)
    image = ndimage.map_coordinates(np.where(known, context.image[part], 0).astype(np.float64), local, order=1, cval=0)
    whole = weight > 1 - 1e-6
    return np.where(whole, image, 0), np.asarray(whole)


def _around(where: list[NDArray[np.float64]], shape: tuple[int, ...]) -> tuple[Place, tuple[int, int]]:
    """The rectangle of a frame that holds some places, and its corner."""
    spans = [
        slice(min(max(int(axis.min()) - 1, 0), size - 1), min(max(int(axis.max()) + 3, 1), size))
        for axis, size in zip(where, shape, strict=True)
    ]
    return (spans[0], spans[1]), (spans[0].start, spans[1].start)


def _structure(image: NDArray[np.float64], known: NDArray[np.bool_]) -> Seen:
    """An image less its smooth part, with its noise smoothed."""
    return smooth(image, known, NOISE)[0] - smooth(image, known, STRUCTURE)[0], known


def _correlation(first: Seen, second: Seen) -> float:
    """Correlation of two images where both are known; 0 for too few pixels."""
    both = first[1] & second[1]
    if np.count_nonzero(both) < FEWEST:
        return 0.0
    a, b = first[0][both], second[0][both]
    a, b = a - a.mean(), b - b.mean()
    scatter = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b / scatter) if scatter > 0 else 0.0
