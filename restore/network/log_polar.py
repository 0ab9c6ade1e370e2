"""Holes filled by a network that sees log-polar windows, one around each zone.

Brightness is in units of the noise there, or in levels of the histogram with a unit like it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import CheckpointError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.nominal import pixel_response
from corinpaint.lasco.photometry.detector import ObservedFrame, noise_variance
from corinpaint.model.metadata import DOMAINS
from corinpaint.restore.context import Context, sequence_of
from corinpaint.restore.engines import base
from corinpaint.restore.engines.base import ModelInfo
from corinpaint.restore.methods import temporal
from corinpaint.restore.methods.problem import Problem, problem_of
from corinpaint.restore.neighbours.kinds import Rank
from corinpaint.restore.network import crops, equalisation, flat_field, log_polar_grid, point_sources
from corinpaint.restore.network.base import BATCH, check_finite

ROOM = 0.46
"""Share of a window that a zone may take: 5 blocks and a half at full resolution."""


@dataclass(frozen=True, eq=False)
class Filling:
    """A frame filled by windows.

    Attributes
    ----------
    brightness : ndarray of float32, shape (H, W)
        The image with the holes filled within reach.
    sigma : ndarray of float32, shape (H, W)
        Standard deviation of an observation about the fill, with the noise that is usual at that brightness, unit of
        the image; 0 where nothing was filled.
    usual : ndarray of float32, shape (H, W)
        That noise; 0 where nothing was filled.
    reached : ndarray of bool, shape (H, W)
        Pixels of the holes within reach of the network.
    """

    brightness: NDArray[np.float32]
    sigma: NDArray[np.float32]
    usual: NDArray[np.float32]
    reached: NDArray[np.bool_]

    def variance(self, observed: NDArray[np.float32], own: NDArray[np.float32]) -> NDArray[np.float32]:
        """Variance of the filled image.

        Parameters
        ----------
        observed : ndarray of float32, shape (H, W)
            Variance of what was observed.
        own : ndarray of float32, shape (H, W)
            Variance that each pixel would have had at the brightness of the fill. Where the vignetting is strong
            (pylon, edge of the occulter) it is more than usual at that brightness, and the excess is added.
        """
        excess = np.maximum(own - self.usual**2, 0)
        return np.where(self.reached, self.sigma**2 + excess, observed).astype(np.float32)


def fill(problem: Problem, engine: base.Inpainter, side: int | None = None) -> Filling:
    """Fill the holes of a frame.

    Parameters
    ----------
    problem : Problem
        With context: a network of the domain 'noise' takes the mean of the two nearest frames, one for sequences the
        two nearest before and after.
    engine : Inpainter
        A network for log-polar windows.
    side : int, optional
        Of the windows, px, all of one size; by default as large as each zone needs, see `polar.around`.

    Returns
    -------
    Filling

    Raises
    ------
    CheckpointError
        When the network gives values that are not finite.
    """
    domain = DOMAINS[engine.info.domain]
    scales = equalisation.fit_scales(problem.image, problem.sigma, problem.observed, domain.levels)
    brightness, shown = problem.image.copy(), response_of(problem, scales.noise)
    problem = without_response(problem, shown)
    planes, hours = planes_of(problem, scales.noise, engine.info.domain)
    sigma, usual, reached = np.zeros_like(brightness), np.zeros_like(brightness), np.zeros(brightness.shape, dtype=bool)
    views = [
        _view(problem, hole, side, engine.info.multiple)
        for zone in problem.zones
        if (hole := _hole(problem, zone))[0].size
    ]
    for part in crops.batches(views, lambda view: view[1].side, BATCH):
        found = _filled(problem, planes, hours, scales.levels, part, engine)
        for ((rows, columns), _), (values, spread, known) in zip(part, found, strict=True):
            known &= scales.hold(values, np.maximum(spread, 1))
            place = (rows[known], columns[known])
            level = np.clip(values[known], *scales.ends)
            brightness[place] = scales.levels.inverse(level) * shown[place]
            sigma[place] = scales.width(level, spread[known]) / 2
            usual[place] = scales.usual_noise(level)
            reached[place] = True
    return Filling(brightness, sigma, usual, reached)


def response_of(problem: Problem, scale: equalisation.Equaliser) -> NDArray[np.float32]:
    """What the pixels show of the corona, as far as it is known and seen in the frame; 1 elsewhere; shape (H, W).

    Point sources are no part of what is seen, since they stand out from their neighbourhood and change it. They are
    found in a frame that is divided by what is seen with them: beside the occulter the response itself stands out.
    """
    if problem.response is None:
        return np.ones(problem.image.shape, dtype=np.float32)
    image, sigma, response = problem.image, problem.sigma, problem.response
    shown = flat_field.factor(image, sigma, problem.observed, response, problem.zones)
    seen = _visible(without_response(problem, shown), scale, problem.zones)
    return flat_field.factor(image, sigma, seen, response, problem.zones)


def _visible(one: Problem | Context, scale: equalisation.Equaliser, zones: Sequence[blocks.Zone]) -> NDArray[np.bool_]:
    """Observed pixels without point sources around some zones; shape (H, W)."""
    plane = point_sources.Plane(one.image, one.observed, one.saturated)
    return point_sources.without_sources(plane, scale, zones)


def without_response(problem: Problem, shown: NDArray[np.float32]) -> Problem:
    """A problem whose frames are divided by the response of the pixels; the other telescope has pixels of its own."""
    context = tuple(
        one if one.rank is Rank.OTHER_TELESCOPE else replace(one, image=one.image / shown) for one in problem.context
    )
    return replace(problem, image=problem.image / shown, context=context)


Hole = tuple[NDArray[np.int64], NDArray[np.int64]]
Plane = tuple[NDArray[np.floating], NDArray[np.bool_]]
View = tuple[Hole, log_polar_grid.Window]


def _view(problem: Problem, hole: Hole, side: int | None, multiple: int) -> View:
    room = ROOM if side is None else ROOM * log_polar_grid.SIDE / side
    pixel = log_polar_grid.pixel_shape(problem.image.shape)
    return hole, log_polar_grid.around(*hole, problem.centre, room, pixel, side, multiple)


def _hole(problem: Problem, zone: blocks.Zone) -> Hole:
    place = blocks.bounding_box(zone.missing, problem.image.shape)
    rows, columns = np.nonzero(problem.hole[place] & blocks.to_pixels(zone.missing)[place])
    return rows + place[0].start, columns + place[1].start


def planes_of(
    problem: Problem, scale: equalisation.Equaliser, domain: str
) -> tuple[list[Plane | None], tuple[float, ...]]:
    """The frame and its context as a network takes them, without point sources.

    Parameters
    ----------
    problem : Problem
    scale : Equaliser
        Units of the noise.
    domain : str
        Of the network, one of `corinpaint.model.metadata.DOMAINS` for log-polar windows.

    Returns
    -------
    planes : list
        Image and where it is known, of each plane of the network; None where a context frame is absent.
    hours : tuple of float
        Times of the context frames before the frame, hours, as networks for sequences take them; 0 where one is absent.
    """
    visible = partial(_visible, scale=scale, zones=problem.zones)
    frame: Plane = (problem.image, visible(problem))
    if not DOMAINS[domain].takes_sequence:
        context = tuple(replace(one, observed=visible(one)) for one in problem.context)
        return [frame, temporal.average(replace(problem, context=context)) if context else None], ()
    chosen = sequence_of(problem.context)
    planes = [None if one is None else (one.image, visible(one)) for one in chosen]
    return [frame, *planes], tuple(0.0 if one is None else one.hours for one in chosen)


def _filled(
    problem: Problem,
    planes: Sequence[Plane | None],
    hours: tuple[float, ...],
    scale: equalisation.Equaliser,
    views: list[View],
    engine: base.Inpainter,
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]]:
    """For every hole its values, their scatter (both in levels), and where the network reaches."""
    windows, side = [window for _, window in views], views[0][1].side
    images, masks = np.zeros((2, len(windows), len(planes), side, side), dtype=np.float32)
    for number, window in enumerate(windows):
        sampler = log_polar_grid.sampler(window, problem.image.shape)
        for plane, content in enumerate(planes):
            if content is None:
                continue
            image, known = content
            seen = sampler.mask(known)
            masks[number, plane] = seen
            images[number, plane][seen] = scale.forward(image.ravel()[sampler.index[seen]])
    place = np.array([(window.radius, window.scale, *hours) for window in windows], dtype=np.float32)
    output = engine.fill(images, masks, place)
    if output.scale is None:
        raise CheckpointError(f"{engine.info.path.name}: gives no scale beside its fill", "export it again")
    found = []
    for number, (hole, window) in enumerate(views):
        at = window.places(*hole)
        values, spread = (log_polar_grid.read(field[number, 0], *at) for field in (output.image, output.scale))
        known = (log_polar_grid.read(output.reached[number, 0], *at) > 1 - 1e-6) & window.shows(*at)
        check_finite(values[known], engine)
        check_finite(spread[known], engine)
        found.append((values, spread, known))
    return found


class LogPolarNetwork:
    """A network for log-polar windows; see `corinpaint.restore.network.base.NetworkAdapter`.

    Parameters
    ----------
    engine : Inpainter
    """

    takes_context = True

    def __init__(self, engine: base.Inpainter) -> None:
        self._engine = engine

    @property
    def info(self) -> ModelInfo:
        """What the network says about itself."""
        return self._engine.info

    def contributing(self, context: Sequence[Context], area: blocks.Blocks) -> tuple[str, ...]:
        """See `NetworkAdapter.contributing`."""
        if not DOMAINS[self.info.domain].takes_sequence:
            return temporal.contributing(context, area)
        chosen = sequence_of(context)
        return temporal.contributing([one for one in context if one in chosen], area, len(chosen))

    def fill(
        self, observed: ObservedFrame, zones: tuple[blocks.Zone, ...], context: tuple[Context, ...] = ()
    ) -> tuple[ObservedFrame, NDArray[np.bool_]]:
        """Fill zones of a frame, a log-polar window around each.

        Raises
        ------
        CheckpointError
            When the network gives values that are not finite.
        """
        problem = problem_of(observed, zones, context)
        if DOMAINS[self.info.domain].divides_response:
            problem = replace(problem, response=pixel_response.load(observed.frame.detector, observed.shape))
        filled = fill(problem, self._engine)
        own = np.zeros(observed.shape, dtype=np.float32)
        own[filled.reached] = noise_variance(observed, filled.brightness[filled.reached], filled.reached)
        variance = filled.variance(observed.variance, own)
        return replace(observed, brightness=filled.brightness, variance=variance), filled.reached
