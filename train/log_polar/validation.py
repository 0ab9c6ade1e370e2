"""Validation of the log-polar design: fixed holes, each filled as a restoration fills it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.simulation.hole_placement import generator, place_holes
from corinpaint.model.sequence import NEIGHBOURS, SequenceStack
from corinpaint.restore.network import log_polar_grid
from corinpaint.restore.network.log_polar import ROOM
from corinpaint.train.log_polar.dataset import Slots, hours_of, planes_of, slots
from corinpaint.train.log_polar.losses import LEVEL, QUANTILE
from corinpaint.train.log_polar.scene import Scene
from corinpaint.train.reports.sheet import Labels
from corinpaint.train.simulated import SIMULATED
from corinpaint.train.validation_figures import error_ratios, geometric_mean, groups

SIZES = {"1": 1, "2x2": 2, "3x3": 3, "4x4": 4}
"""Holes of the validation, as `corinpaint.lasco.simulation.hole_placement` calls them, and their sides in blocks."""

MAX_HOLES = 6
"""Maximum number of holes of one size in a frame."""

PICTURES = 6
"""Number of holes that are drawn."""

BATCH = 8
"""Holes that are filled at once."""

WHITE = 8.0
"""Error that is white in the pictures, units of the noise."""

MIN_RANGE = 1e-6
"""Minimum range of brightness of a picture, units of the noise."""

POWERS = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5)
"""Powers of the scale that the correction at the end of a run tries."""

ALONE: Slots = (None,) * NEIGHBOURS

CONTEXTS = {"": (0, 0), "_earlier": (2, 0), "_around": (1, 1)}
"""Numbers of frames before and after that a hole is filled with, by the suffix of the figures."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ValidationHole:
    """One hole of the validation.

    Attributes
    ----------
    scene : Scene
    valid : ndarray of bool, shape (H, W)
        What is seen of the scene, without this hole and the others of its size.
    rows, columns : ndarray of int, shape (P,)
        Pixels of the hole.
    window : Window
    side : int
        Of the hole, blocks.
    """

    scene: Scene
    valid: NDArray[np.bool_]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    window: log_polar_grid.Window
    side: int

    @property
    def truth(self) -> Array:
        """Of the hole's pixels, units of the noise."""
        return self.scene.level[self.rows, self.columns].astype(np.float64)


def validation_holes(scenes: Sequence[Scene], side: int, count: int) -> list[ValidationHole]:
    """Fixed holes in scenes, spread over scenes and sizes; binned copies are left out.

    Parameters
    ----------
    scenes : sequence of Scene
        Of 32 x 32 blocks.
    side : int
        Of a window, px.
    count : int
        Approximate number of holes.

    Returns
    -------
    list of ValidationHole
    """
    found: list[ValidationHole] = []
    own = [scene for scene in scenes if not scene.binned]
    each = min(MAX_HOLES, max(1, math.ceil(count / max(len(own) * len(SIZES), 1))))
    for scene in own:
        usable = blocks.block_means(scene.known) == 1
        for size, wide in SIZES.items():
            holes = place_holes(usable, size, each, generator(f"{scene.name} {size}"))
            valid = scene.seen & ~blocks.to_pixels(np.logical_or.reduce(holes)) if holes else scene.seen
            for hole in holes:
                rows, columns = np.nonzero(blocks.to_pixels(hole))
                window = replace(
                    log_polar_grid.around(rows, columns, scene.centre, ROOM * side / log_polar_grid.SIDE), side=side
                )
                found.append(ValidationHole(scene, valid, rows, columns, window, wide))
    return found


class _Filled(NamedTuple):
    """What a network gives for one hole, each (P,), and the pictures of its window, each (side, side)."""

    fill: Array
    prior: Array
    scale: Array
    pictures: tuple[Array, Array, Array, Array]


class Validation:
    """Fixed holes and what a network makes of them, without context and with it.

    Parameters
    ----------
    holes : sequence of ValidationHole
    """

    def __init__(self, holes: Sequence[ValidationHole]) -> None:
        self.holes = list(holes)
        self.reference: dict[str, float] = {}

    def model_figures(self, model: SequenceStack, device: torch.device) -> dict[str, float]:
        """Figures of a network.

        Returns
        -------
        dict of str to float
            "median": median over holes of the median error (units of the noise, that of the truth's pixels in it).
            "over_prior": geometric mean over holes of the median error over that of the smooth prior alone; also by the
            side of the holes in blocks ("over_prior_SIDE") and by kind ("over_prior_KIND"). "coverage": share of the
            pixels within 1.645 of their scale, which should be 0.9. With "_earlier" or "_around" after the first word
            the same for scenes with context, two frames before or one before and one after; the prior is the one
            without.
            "score", by which the best checkpoint is chosen: geometric mean of the three "over_prior".
        """
        training = model.training
        model.eval()
        alone = list(self._filled(model, device, self.holes))
        priors = [_error(one.prior, hole) for one, hole in zip(alone, self.holes, strict=True)]
        figures: dict[str, float] = {}
        logs: list[float] = []
        for context, (before, after) in CONTEXTS.items():
            numbers, chosen = _with_context(self.holes, before, after)
            if not numbers:
                continue
            holes = [self.holes[n] for n in numbers]
            filled = list(self._filled(model, device, holes, chosen)) if context else alone
            errors = [_error(one.fill, hole) for one, hole in zip(filled, holes, strict=True)]
            ratios = error_ratios(errors, [priors[n] for n in numbers])
            figures[f"median{context}"] = float(np.median(errors))
            figures[f"coverage{context}"] = _coverage(filled, holes)
            for suffix, members in groups([hole.side for hole in holes], [hole.scene.kind for hole in holes]):
                figures[f"over_prior{context}{suffix}"] = geometric_mean(ratios[number] for number in members)
            logs.append(math.log(figures[f"over_prior{context}"]))
        model.train(training)
        figures["score"] = math.exp(sum(logs) / len(logs))
        self.reference = {name: LEVEL if name.startswith("coverage") else 1.0 for name in figures}
        self.reference |= {name: float(np.median(priors)) for name in figures if name.startswith("median")}
        return figures

    def correct(self, model: SequenceStack, device: torch.device) -> dict[str, float]:
        """Correct the scale so that the intervals of the held-out holes of real frames hold 90 % of their pixels.

        It becomes a factor times its power: the power is the one of `POWERS` for which sizes and contexts need the most
        similar factors, the factor their geometric mean.

        Returns
        -------
        dict of str to float
            "scale_factor" and "scale_power"; empty where no real frame is held out.
        """
        model.eval()
        real = [hole for hole in self.holes if hole.scene.kind != SIMULATED]
        found: dict[tuple[str, int], list[tuple[Array, Array]]] = defaultdict(list)
        for context, (before, after) in CONTEXTS.items():
            numbers, chosen = _with_context(real, before, after)
            holes = [real[n] for n in numbers]
            for hole, one in zip(holes, self._filled(model, device, holes, chosen), strict=True):
                found[context, hole.side].append((np.abs(one.fill - hole.truth) / QUANTILE, one.scale))
        if not found:
            return {}
        pooled = [tuple(map(np.concatenate, zip(*part, strict=True))) for part in found.values()]
        needed = {
            power: [math.log(np.quantile(error / scale**power, LEVEL)) for error, scale in pooled] for power in POWERS
        }
        power = min(POWERS, key=lambda one: float(np.std(needed[one])))
        factor = math.exp(float(np.mean(needed[power])))
        model.correct_scale(factor, power)
        return {"scale_factor": round(factor, 4), "scale_power": power}

    @property
    def labels(self) -> Labels:
        """What the pictures show."""
        rows = (f"{hole.scene.name}, {hole.side} x {hole.side} blocks" for hole in self._pictured(PICTURES))
        return Labels(("truth", "input", "fill", f"error, -{WHITE:g} to {WHITE:g} sigma"), tuple(rows))

    def _pictured(self, count: int) -> list[ValidationHole]:
        return self.holes[:: max(1, len(self.holes) // count)][:count]

    def pictures(self, model: SequenceStack, device: torch.device, count: int = PICTURES) -> Tensor:
        """Truth, input, fill and error of some windows, side by side.

        Returns
        -------
        Tensor (1, count * side, 4 * side)
            0 to 1; the error is grey where it is 0, white at `WHITE` units of the noise.
        """
        training = model.training
        model.eval()
        rows = []
        for pictured in self._filled(model, device, self._pictured(count)):
            truth, seen, filled, error = pictured.pictures
            low, high = np.percentile(truth, [1, 99])
            planes = [(plane - low) / max(high - low, MIN_RANGE) for plane in (truth, seen, filled)]
            rows.append(np.hstack([*planes, 0.5 + error / (2 * WHITE)]))
        model.train(training)
        return torch.from_numpy(np.vstack(rows).astype(np.float32)).clamp(0, 1)[None]

    def _filled(
        self,
        model: SequenceStack,
        device: torch.device,
        holes: Sequence[ValidationHole],
        context: Sequence[Slots] | None = None,
    ) -> Iterator[_Filled]:
        chosen = context or [ALONE] * len(holes)
        for start in range(0, len(holes), BATCH):
            part, aid = holes[start : start + BATCH], chosen[start : start + BATCH]
            seen = [_seen(hole, one) for hole, one in zip(part, aid, strict=True)]
            image, mask = (torch.from_numpy(np.stack(planes)).to(device) for planes in zip(*seen, strict=True))
            places = [
                (hole.window.radius, hole.window.scale, *hours_of(one)) for hole, one in zip(part, aid, strict=True)
            ]
            place = torch.tensor(places, dtype=torch.float32, device=device)
            with torch.no_grad():
                cells = model.predict_cells(image, mask, place)
                fills = _enlarged(cells.predictions[-1] + cells.offset, model.config.cell)
                priors = _enlarged(cells.prior + cells.offset, model.config.cell)
                scales = torch.exp(_enlarged(cells.log_scale, model.config.cell))
            for hole, (planes, known), *fields in zip(part, seen, *map(_arrays, (fills, priors, scales)), strict=True):
                yield _read(hole, planes[0], known[0] > 0, fields)


def _with_context(holes: Sequence[ValidationHole], before: int, after: int) -> tuple[list[int], list[Slots]]:
    """Which holes have so many frames before and after their scene, and these frames."""
    every = [slots(hole.scene, before, after) for hole in holes]
    numbers = [number for number, one in enumerate(every) if sum(map(bool, one)) == before + after]
    return numbers, [every[number] for number in numbers]


def _seen(hole: ValidationHole, context: Slots) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Image and mask of a hole's window, each (1 + NEIGHBOURS, side, side)."""
    scene = hole.scene
    sampler = log_polar_grid.sampler(hole.window, (scene.level.shape[0], scene.level.shape[1]))
    known = sampler.mask(hole.valid)
    level, context_known = planes_of(context, sampler)
    image = np.concatenate([sampler.values(scene.level, known)[None], level])
    return image, np.concatenate([known[None], context_known]).astype(np.float32)


def _read(
    hole: ValidationHole, seen: NDArray[np.float32], known: NDArray[np.bool_], fields: Sequence[Array]
) -> _Filled:
    at = hole.window.places(hole.rows, hole.columns)
    fill, prior, scale = (log_polar_grid.read(field, *at) for field in fields)
    scene = hole.scene
    sampler = log_polar_grid.sampler(hole.window, (scene.level.shape[0], scene.level.shape[1]))
    whole = sampler.mask(scene.known)
    middle = float(np.median(seen[known])) if known.any() else 0.0
    truth = np.where(whole, sampler.values(scene.level, whole), middle).astype(np.float64)
    filled = np.where(known, truth, fields[0])
    pictures = (truth, np.where(known, truth, 0.0), filled, np.where(whole, filled - truth, 0.0))
    return _Filled(fill, prior, scale, pictures)


def _enlarged(cells: Tensor, side: int) -> Tensor:
    return functional.interpolate(cells.float(), scale_factor=float(side), mode="bilinear", align_corners=False)


def _arrays(batch: Tensor) -> list[Array]:
    return [np.asarray(one[0].cpu().numpy(), dtype=np.float64) for one in batch]


def _error(values: Array, hole: ValidationHole) -> float:
    return float(np.median(np.abs(values - hole.truth)))


def _coverage(filled: Sequence[_Filled], holes: Sequence[ValidationHole]) -> float:
    pairs = zip(filled, holes, strict=True)
    within = [np.abs(one.fill - hole.truth) < QUANTILE * one.scale for one, hole in pairs]
    return float(np.concatenate(within).mean())
