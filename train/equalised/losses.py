"""Losses of the layer stack: each term is summed over the layers and counts only pixels whose truth is known.

Layer l sees the mask M_(l-1) and fills what M_l adds. Its raw prediction is compared on two regions: *inner*, the
part of the hole that is still missing after it (1 - M_l), and *diff*, the part it fills (M_(l-1) XOR M_l). Nothing is
missing after the last layer, so its inner region counts as empty and its inner terms are 0.

Regions are averaged over all pixels of the batch, as in Liu et al. 2018 (arXiv:1804.07723, section 3.3), from which
the pixel, perceptual and style terms come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from corinpaint.model.stack import StackOutput
from corinpaint.train.features.distances import distance, gram
from corinpaint.train.loss_weights import TERMS, EqualisedLossWeights

RING = 8.0
"""Width of the rings of the radial profile, px."""


@dataclass(frozen=True)
class Target:
    """What the output for a batch is compared with.

    Attributes
    ----------
    truth : Tensor (N, 1, H, W), float32
        Equalised brightness, finite everywhere.
    known : Tensor (N, 1, H, W), float32
        1 where the truth is known.
    centre : Tensor (N, 2), float32
        Sun centre (column, row), px, relative to the first pixel of the crop.
    """

    truth: Tensor
    known: Tensor
    centre: Tensor


@dataclass(frozen=True)
class _Layer:
    prediction: Tensor
    before: Tensor
    hole: Tensor
    inner: Tensor
    diff: Tensor
    last: bool


def losses(
    output: StackOutput, target: Target, weights: EqualisedLossWeights, features: nn.Module | None = None
) -> dict[str, Tensor]:
    """Compute the terms that have a weight.

    Parameters
    ----------
    output : StackOutput
    target : Target
    weights : EqualisedLossWeights
    features : module, optional
        Image -> list of feature maps; needed for the perceptual and style terms.

    Returns
    -------
    dict of str to Tensor
        Every active term, unweighted, and "total", the weighted sum.

    Raises
    ------
    ValueError
        A term needs features and there are none.
    """
    layers = list(_layers(output, target))
    terms: dict[str, Tensor] = {}
    for name in weights.active():
        if name in _PIXEL_TERMS:
            terms[name] = torch.stack([_PIXEL_TERMS[name](layer, target) for layer in layers]).sum()
    if weights.needs_features():
        if features is None:
            raise ValueError("perceptual and style losses need a feature extractor")
        terms.update(_feature_terms(layers, target, weights, features))
    total = torch.zeros((), device=target.truth.device)
    for name, value in terms.items():
        total = total + getattr(weights, TERMS[name]) * value
    return {**terms, "total": total}


def pixel_inner(layer: _Layer, target: Target) -> Tensor:
    """Mean absolute error over the part of the hole that is still missing after the layer."""
    return ((layer.prediction - target.truth).abs() * layer.inner).mean()


def pixel_diff(layer: _Layer, target: Target) -> Tensor:
    """Mean absolute error over the part of the hole that the layer fills."""
    return ((layer.prediction - target.truth).abs() * layer.diff).mean()


def total_variation(layer: _Layer, target: Target) -> Tensor:
    """W^(1,1) seminorm over the pairs of neighbours at the seam of the layer's hole; the truth's own is not subtracted.

    A pair counts when both pixels lie within one pixel of the seam and at least one of them in the hole.
    """
    image = torch.where(layer.hole > 0, layer.prediction, layer.before)
    outside = (1 - layer.hole) * target.known
    band = _dilated(layer.hole) * _dilated(outside) * target.known
    total = image.new_zeros(())
    for axis in (2, 3):
        length = image.shape[axis] - 1
        first, second = (image.narrow(axis, start, length) for start in (0, 1))
        both = band.narrow(axis, 0, length) * band.narrow(axis, 1, length)
        some = torch.maximum(layer.hole.narrow(axis, 0, length), layer.hole.narrow(axis, 1, length))
        total = total + ((first - second).abs() * both * some).sum()
    return total / image.numel()


def radial_profile(layer: _Layer, target: Target) -> Tensor:
    """Error of the mean brightness in rings about the sun centre, inside the layer's hole.

    Rings are `RING` px wide; each weighs by its share of the batch's pixels.
    """
    count, _, height, width = layer.prediction.shape
    rows = torch.arange(height, device=layer.prediction.device)[None, :, None] - target.centre[:, 1, None, None]
    columns = torch.arange(width, device=layer.prediction.device)[None, None, :] - target.centre[:, 0, None, None]
    ring = (torch.hypot(rows.float(), columns.float()) / RING).long()
    ring = (ring - ring.amin(dim=(1, 2), keepdim=True)).reshape(count, -1)
    error = ((layer.prediction - target.truth) * layer.hole).reshape(count, -1)
    rings = int((height + width) / RING) + 2
    sums = error.new_zeros(count, rings).scatter_add(1, ring, error)
    return sums.abs().sum() / layer.prediction.numel()


_PIXEL_TERMS = {
    "pixel_inner": pixel_inner,
    "pixel_diff": pixel_diff,
    "total_variation": total_variation,
    "radial_profile": radial_profile,
}


def _layers(output: StackOutput, target: Target) -> Iterator[_Layer]:
    before = target.truth
    count = len(output.predictions)
    for index, prediction in enumerate(output.predictions):
        known, grown = output.masks[index], output.masks[index + 1]
        last = index + 1 == count
        hole = (1 - known) * target.known
        inner = torch.zeros_like(hole) if last else (1 - grown) * target.known
        yield _Layer(prediction.float(), before, hole, inner, hole - inner, last)
        before = output.filled[index].float()


def _feature_terms(
    layers: list[_Layer], target: Target, weights: EqualisedLossWeights, features: nn.Module
) -> dict[str, Tensor]:
    truth = features(target.truth)
    grams = [gram(tap) for tap in truth]
    terms = {name: target.truth.new_zeros(()) for name in weights.active() if name not in _PIXEL_TERMS}
    for layer in layers:
        for region, style in ((layer.inner, "style_inner"), (layer.diff, "style_diff")):
            if (region is layer.inner and layer.last) or not ({"perceptual", style} & terms.keys()):
                continue
            taps = features(torch.where(region > 0, layer.prediction, target.truth))
            if "perceptual" in terms:
                terms["perceptual"] = terms["perceptual"] + distance(taps, truth)
            if style in terms:
                terms[style] = terms[style] + distance([gram(tap) for tap in taps], grams)
    return terms


def _dilated(mask: Tensor) -> Tensor:
    return functional.max_pool2d(mask, 3, stride=1, padding=1)
