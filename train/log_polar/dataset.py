"""Log-polar windows with artificial holes; window number k is the same in every run with the same seed and scenes.

Augmentation: windows lie at any angle, are mirrored, moved a little along the radius and scaled; two scenes are blended
into one, with the noise that the blend lacks added; the signal is weakened, in the same noise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from corinpaint.lasco.errors import TrainingError
from corinpaint.model.metadata import EACH_SIDE
from corinpaint.model.sequence import NEIGHBOURS
from corinpaint.restore.network import log_polar_grid
from corinpaint.restore.network.log_polar import ROOM
from corinpaint.train.log_polar.holes import Holes, draw
from corinpaint.train.log_polar.scene import Neighbour, Scene

SHARES = {"C2": 0.45, "C3": 0.25, "simulated": 0.2, "summed": 0.1}
"""Probability of each kind of scene, before the kinds that are missing are left out."""

DAY_POWER = 0.3
"""Days are drawn in proportion to this power of the number of their scenes."""

BINNED = 0.35
"""Probability of a binned copy over that of the scene itself."""

WITH_CONTEXT = 0.65
"""Share of the windows of a scene with neighbours that come with context."""

PATTERNS = {(2, 0): 0.35, (1, 1): 0.3, (2, 2): 0.2, (1, 0): 0.1, (0, 2): 0.05}
"""Numbers of frames before and after in the context, as far as there are any, and the probability of each."""

DOUBLED = 0.15
"""Share of those whose neighbours are twice as far in time."""

ABSENT = 0.1
"""Probability that a neighbour is left out."""

HOLED = 0.2
"""Probability that a neighbour has a hole."""

SHIFTED = 0.3
"""Probability that the level of a neighbour is off, by `LEVEL_SHIFT` units of the noise (standard deviation)."""

LEVEL_SHIFT = 2.0

BLENDED = 0.3
"""Share of the other windows that are blends of two scenes."""

WEAKENED = 0.3
"""Share of the windows whose signal is weakened."""

PIXEL_NOISE = 0.65
"""Noise of a pixel that is added, in units of the noise: as measured, without the response of the pixels. In levels of
the histogram it is that of the median pixel: less than the noise of some, more than that of others."""

SHIFT = 6.0
"""Standard deviation of the distance between the middles of a window and of its hole, px."""

STRETCH = 0.2
"""Maximum logarithm of the factor by which the scale of a window is changed."""

MAX_DRAWS = 200
"""Scenes that are drawn before it is given up to find one that a hole fits into."""


class Sample(NamedTuple):
    """A log-polar window, or a batch of them with a leading axis.

    Attributes
    ----------
    image : float32 (1 + NEIGHBOURS, H, W)
        Frame and context frames in units of the noise, less the mean of the frame's valid pixels; 0 where the mask is
        0.
    mask : float32 (1 + NEIGHBOURS, H, W)
        1 = valid; all 0 in the planes of absent frames.
    truth : float32 (1, H, W)
        The frame without holes, less the same mean; 0 where unknown.
    weight : float32 (1, H, W)
        Of the pixels of the holes in the loss; 0 outside of them and where unknown.
    place : float32 (2 + NEIGHBOURS,)
        Radius of the window's middle (px of the frame), px of the frame per px of the window there, and the times of
        the context frames before the frame, hours.
    """

    image: Tensor
    mask: Tensor
    truth: Tensor
    weight: Tensor
    place: Tensor


class Windows(Dataset[Sample]):
    """Endless training windows, a pure function of (seed, number).

    Parameters
    ----------
    scenes : sequence of Scene
    side : int
        Of a window, px.
    seed : int
    """

    def __init__(self, scenes: Sequence[Scene], side: int, seed: int) -> None:
        self.scenes = list(scenes)
        self.odds = odds(scenes)
        self.side = side
        self.seed = seed

    def __getitem__(self, number: int) -> Sample:
        rng = np.random.default_rng([self.seed, number])
        scene, holes = self._holes(rng)
        window = _window(rng, scene, holes, self.side)
        sampler = log_polar_grid.sampler(window, _shape(scene))
        known, seen = sampler.mask(scene.known), sampler.mask(scene.seen)
        image = sampler.values(scene.level, known)
        missing, weight = holes.at(*np.divmod(sampler.index, scene.level.shape[1]))
        chosen: Slots = (None,) * NEIGHBOURS
        if scene.context and rng.random() < WITH_CONTEXT:
            chosen = _chosen(rng, scene)
        elif rng.random() < BLENDED:
            image, known, seen = self._blended(rng, scene, window, image, known, seen)
        context, context_known = planes_of(chosen, sampler)
        _spoil(rng, context, context_known)
        if rng.random() < WEAKENED:
            share = np.float32(rng.uniform(0.5, 1))
            added = np.float32(PIXEL_NOISE * np.sqrt(1 - share**2))
            image = image * share + added * _normal(rng, image)
            context = np.where(context_known, context * share + added * _normal(rng, context), 0)
        valid = seen & ~missing
        offset = np.float32(image[valid].mean()) if valid.any() else np.float32(0)
        return Sample(
            image=_tensor(np.where(valid, image - offset, 0), *np.where(context_known, context - offset, 0)),
            mask=_tensor(valid, *context_known),
            truth=_tensor(np.where(known, image - offset, 0)),
            weight=_tensor(np.where(known & missing, weight, 0)),
            place=torch.tensor([window.radius, window.scale, *hours_of(chosen)], dtype=torch.float32),
        )

    def _scene(self, rng: np.random.Generator) -> Scene:
        return self.scenes[int(rng.choice(len(self.scenes), p=self.odds))]

    def _holes(self, rng: np.random.Generator) -> tuple[Scene, Holes]:
        for _ in range(MAX_DRAWS):
            scene = self._scene(rng)
            holes = draw(rng, scene.known)
            if holes is not None:
                return scene, holes
        raise TrainingError("no frame has blocks that are known well enough to put a hole there", "add frames")

    def _blended(
        self,
        rng: np.random.Generator,
        scene: Scene,
        window: log_polar_grid.Window,
        image: NDArray[np.float32],
        known: NDArray[np.bool_],
        seen: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
        """A blend with another scene at the same radius, whose noise is that of one frame."""
        others = [other for other in (self._scene(rng) for _ in range(4)) if scene.blends_with(other)]
        if not others:
            return image, known, seen
        other = others[0]
        angle, mirrored = float(rng.uniform(0, 2 * np.pi)), bool(rng.random() < 0.5)
        sampler = log_polar_grid.sampler(
            replace(window, centre=other.centre, angle=angle, mirrored=mirrored), _shape(other)
        )
        both = known & sampler.mask(other.known)
        if both.mean() <= 0.6 * known.mean():
            return image, known, seen
        share = np.float32(rng.uniform(0.3, 1))
        added = np.float32(PIXEL_NOISE * np.sqrt(2 * share * (1 - share)))
        blend = share * image + (1 - share) * sampler.values(other.level, both) + added * _normal(rng, image)
        return blend.astype(np.float32), both, seen & sampler.mask(other.seen)


def odds(scenes: Sequence[Scene]) -> NDArray[np.float64]:
    """Probability of each scene: by kind, then by day, then by scene, lower for binned copies.

    Returns
    -------
    ndarray of float64, shape (len(scenes),)
        With sum 1.
    """
    days = Counter((scene.kind, scene.day) for scene in scenes)
    weights = np.array(
        [days[scene.kind, scene.day] ** (DAY_POWER - 1) * (BINNED if scene.binned else 1) for scene in scenes]
    )
    for kind, share in SHARES.items():
        mine = np.array([scene.kind == kind for scene in scenes])
        if mine.any():
            weights[mine] *= share / weights[mine].sum()
    return np.asarray(weights / weights.sum())


Slots = tuple[Neighbour | None, ...]
"""Context frames in the order of `corinpaint.model.sequence.NEIGHBOURS`; None where one is absent."""


def slots(scene: Scene, before: int, after: int, step: int = 1) -> Slots:
    """The nearest neighbours of a scene, by their places in the context.

    Parameters
    ----------
    scene : Scene
    before, after : int
        Maximum number of frames before and after it.
    step : int
        2 to take every other neighbour.

    Returns
    -------
    tuple of Neighbour or None
    """
    by_order = {neighbour.order: neighbour for neighbour in scene.context if neighbour.order % step == 0}
    found: list[Neighbour | None] = []
    for sign, wanted in ((-1, before), (1, after)):
        side = [by_order[order] for order in sorted(by_order, key=abs) if order * sign > 0][:wanted]
        found += [*side, *[None] * (EACH_SIDE - len(side))]
    return tuple(found)


def planes_of(chosen: Slots, sampler: log_polar_grid.Sampler) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Context frames in a window, and where they are known; each of shape (NEIGHBOURS, side, side), 0 where unknown."""
    level = np.zeros((NEIGHBOURS, *sampler.index.shape), np.float32)
    known = np.zeros(level.shape, dtype=bool)
    for number, neighbour in enumerate(chosen):
        if neighbour is not None:
            known[number] = sampler.mask(neighbour.known)
            level[number] = np.where(known[number], sampler.values(neighbour.level, known[number]), 0)
    return level, known


def hours_of(chosen: Slots) -> tuple[float, ...]:
    """Times of context frames before the frame, hours; 0 for those that are absent."""
    return tuple(0.0 if neighbour is None else neighbour.hours for neighbour in chosen)


def _chosen(rng: np.random.Generator, scene: Scene) -> Slots:
    """Context as a user may give it: before, after or around, at the cadence or half of it, some frames missing."""
    step = 2 if rng.random() < DOUBLED else 1
    before, after = list(PATTERNS)[int(rng.choice(len(PATTERNS), p=list(PATTERNS.values())))]
    found = slots(scene, before, after, step)
    if not any(found):
        found = slots(scene, EACH_SIDE, EACH_SIDE)
    kept = rng.random(NEIGHBOURS) >= ABSENT
    return tuple(neighbour if keep else None for neighbour, keep in zip(found, kept, strict=True))


def _spoil(rng: np.random.Generator, level: NDArray[np.float32], known: NDArray[np.bool_]) -> None:
    """Holes in context frames, and levels that are somewhat off, in place."""
    side = level.shape[-1]
    for plane, seen in zip(level, known, strict=True):
        if rng.random() < HOLED:
            top, left, high, wide = (int(value) for value in rng.integers(0, side, 4))
            seen[top : top + high // 3, left : left + wide // 3] = False
        if rng.random() < SHIFTED:
            plane += np.float32(LEVEL_SHIFT * rng.standard_normal())
        plane[~seen] = 0


def _window(rng: np.random.Generator, scene: Scene, holes: Holes, side: int) -> log_polar_grid.Window:
    y, x = holes.middle[0] - scene.centre[1], holes.middle[1] - scene.centre[0]
    radius, angle = float(np.hypot(x, y)), float(np.arctan2(y, x))
    scale = max(1.0, holes.extent / (ROOM * side)) * float(np.exp(rng.uniform(-STRETCH, STRETCH)))
    mirrored = bool(rng.random() < 0.5)
    outward, along = rng.normal(size=2) * SHIFT / radius
    return log_polar_grid.Window(
        scene.centre, radius * float(np.exp(outward)), angle + float(along), scale, mirrored, side
    )


def _shape(scene: Scene) -> tuple[int, int]:
    return scene.level.shape[0], scene.level.shape[1]


def _normal(rng: np.random.Generator, like: NDArray[np.float32]) -> NDArray[np.float32]:
    return rng.standard_normal(like.shape, dtype=np.float32)


def _tensor(*planes: NDArray[np.generic]) -> Tensor:
    return torch.from_numpy(np.stack([np.asarray(plane, dtype=np.float32) for plane in planes]))
