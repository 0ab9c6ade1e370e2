"""Validation of the log-polar design: fixed holes, each filled as a restoration fills it."""

from __future__ import annotations

import math
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
from corinpaint.model.log_polar import LogPolarStack
from corinpaint.restore.network import log_polar_grid
from corinpaint.restore.network.log_polar import ROOM
from corinpaint.train.log_polar.dataset import average_of
from corinpaint.train.log_polar.losses import LEVEL, QUANTILE
from corinpaint.train.log_polar.scenes import Scene
from corinpaint.train.reports.sheet import Labels
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
            valid = scene.known & ~blocks.to_pixels(np.logical_or.reduce(holes)) if holes else scene.known
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

    def model_figures(self, model: LogPolarStack, device: torch.device) -> dict[str, float]:
        """Figures of a network.

        Returns
        -------
        dict of str to float
            "median": median over holes of the median error (units of the noise, that of the truth's pixels in it).
            "over_prior", by which the best checkpoint is chosen: geometric mean over holes of the median error over
            that of the smooth prior alone; also by the side of the holes in blocks ("over_prior_SIDE") and by kind
            ("over_prior_KIND"). "coverage": share of the pixels within 1.645 of their scale, which should be 0.9.
            "over_prior_context" and "coverage_context": the same with context, for holes of scenes that have it; the
            prior is the one without.
        """
        training = model.training
        model.eval()
        alone = list(self._filled(model, device, self.holes, context=False))
        numbers = [number for number, hole in enumerate(self.holes) if hole.scene.context]
        in_context = [self.holes[number] for number in numbers]
        aided = list(self._filled(model, device, in_context, context=True))
        model.train(training)
        errors = [_error(filled.fill, hole) for filled, hole in zip(alone, self.holes, strict=True)]
        priors = [_error(filled.prior, hole) for filled, hole in zip(alone, self.holes, strict=True)]
        ratios = error_ratios(errors, priors)
        figures = {"median": float(np.median(errors)), "coverage": _coverage(alone, self.holes)}
        for suffix, members in groups([hole.side for hole in self.holes], [hole.scene.kind for hole in self.holes]):
            figures[f"over_prior{suffix}"] = geometric_mean(ratios[number] for number in members)
        self.reference = {name: 1.0 for name in figures if name.startswith("over_prior")}
        self.reference |= {"median": float(np.median(priors)), "coverage": LEVEL}
        if in_context:
            errors = [_error(filled.fill, hole) for filled, hole in zip(aided, in_context, strict=True)]
            figures["over_prior_context"] = geometric_mean(error_ratios(errors, [priors[n] for n in numbers]))
            figures["coverage_context"] = _coverage(aided, in_context)
            self.reference |= {"over_prior_context": 1.0, "coverage_context": LEVEL}
        return figures

    @property
    def labels(self) -> Labels:
        """What the pictures show."""
        rows = (f"{hole.scene.name}, {hole.side} x {hole.side} blocks" for hole in self._pictured(PICTURES))
        return Labels(("truth", "input", "fill", f"error, -{WHITE:g} to {WHITE:g} sigma"), tuple(rows))

    def _pictured(self, count: int) -> list[ValidationHole]:
        return self.holes[:: max(1, len(self.holes) // count)][:count]

    def pictures(self, model: LogPolarStack, device: torch.device, count: int = PICTURES) -> Tensor:
        """Truth, input, fill and error of some windows, side by side.

        Returns
        -------
        Tensor (1, count * side, 4 * side)
            0 to 1; the error is grey where it is 0, white at `WHITE` units of the noise.
        """
        training = model.training
        model.eval()
        rows = []
        for pictured in self._filled(model, device, self._pictured(count), context=False):
            truth, seen, filled, error = pictured.pictures
            low, high = np.percentile(truth, [1, 99])
            planes = [(plane - low) / max(high - low, MIN_RANGE) for plane in (truth, seen, filled)]
            rows.append(np.hstack([*planes, 0.5 + error / (2 * WHITE)]))
        model.train(training)
        return torch.from_numpy(np.vstack(rows).astype(np.float32)).clamp(0, 1)[None]

    def _filled(
        self, model: LogPolarStack, device: torch.device, chosen: Sequence[ValidationHole], context: bool
    ) -> Iterator[_Filled]:
        for start in range(0, len(chosen), BATCH):
            part = chosen[start : start + BATCH]
            seen = [_seen(hole, context) for hole in part]
            image, mask = (torch.from_numpy(np.stack(planes)).to(device) for planes in zip(*seen, strict=True))
            places = [(hole.window.radius, hole.window.scale) for hole in part]
            place = torch.tensor(places, dtype=torch.float32, device=device)
            with torch.no_grad():
                cells = model.predict_cells(image, mask, place)
                fills = _enlarged(cells.predictions[-1] + cells.offset, model.config.cell)
                priors = _enlarged(cells.prior + cells.offset, model.config.cell)
                scales = torch.exp(_enlarged(cells.log_scale, model.config.cell))
            for hole, (planes, known), *fields in zip(part, seen, *map(_arrays, (fills, priors, scales)), strict=True):
                yield _read(hole, planes[0], known[0] > 0, fields)


def _seen(hole: ValidationHole, context: bool) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Image and mask of a hole's window, each (2, side, side)."""
    scene = hole.scene
    sampler = log_polar_grid.sampler(hole.window, (scene.level.shape[0], scene.level.shape[1]))
    known = sampler.mask(hole.valid)
    image = sampler.values(scene.level, known)
    mean, mean_known = np.zeros_like(image), np.zeros_like(known)
    if context:
        orders = {one.order for one in scene.context}
        mean, mean_known = average_of(scene, [-1, -2] if orders & {-1, -2} else sorted(orders, key=abs)[:2], sampler)
    return np.stack([image, mean]), np.stack([known, mean_known]).astype(np.float32)


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
