"""Losses of the log-polar design: the error of the cells, and the error of the uncertainty given for them.

Cells are compared with the mean of the missing pixels in them, whose noise is small beside that of a pixel. The
interval is measured by the pinball loss of quantile regression (R. Koenker, G. Bassett 1978, Econometrica 46, 33) on
single pixels, since those are what an uncertainty is given for.

The perceptual and the style loss of the published method are there to be compared with these. They see the cells as an
image, a hole with the prediction in it beside the same hole with the truth in it, in features of VGG19.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, log, nn
from torch.nn import functional

from corinpaint.model.log_polar import CellOutput
from corinpaint.train.features.distances import distance, gram
from corinpaint.train.loss_weights import LogPolarLossWeights

DELTA = 0.4
"""Error at which the Huber loss goes over from square to linear, units of the noise."""

LEVEL = 0.9
"""Share of the pixels whose truth the interval shall hold."""

QUANTILE = 1.645
"""Half width of that interval of a normal distribution, standard deviations."""

LOG_OFFSET = 1e-3
"""Added to errors before their logarithm is taken, units of the noise."""

MIN_WEIGHT = 1e-6
"""Minimum weight that a cell is divided by."""

SQUASH = 32.0
"""Difference to the level of a window up to which an image of cells is about linear, units of the noise: nearly half of
the cells lie within it. Beyond, the logarithm still tells edges of streamers apart, where a sigmoid would be flat."""

HALF_RANGE = 3.0
"""`asinh` of the largest difference over `SQUASH` in the range of the image, 0 to 1: that of 320 units of the noise."""

Mean = Callable[[Tensor], Tensor]
"""Mean of a number over the processes that share a batch."""


def losses(
    cells: CellOutput,
    truth: Tensor,
    weight: Tensor,
    weights: LogPolarLossWeights,
    pixel: tuple[int, int] = (0, 0),
    mean: Mean = lambda number: number,
) -> dict[str, Tensor]:
    """Compute the terms.

    Parameters
    ----------
    cells : CellOutput
    truth, weight : Tensor (N, 1, H, W), float32
        As in `corinpaint.train.log_polar.dataset.Sample`.
    weights : LogPolarLossWeights
    pixel : (int, int)
        Row and column in its cell of the pixel that the interval is compared with.
    mean : callable
        Mean over the processes that share a batch, so that all parts of it have the same weight.

    Returns
    -------
    dict of str to Tensor
        "fill" and "interval", unweighted, and "total", the weighted sum.
    """
    side = truth.shape[-1] // cells.prior.shape[-1]
    means, shared = _cell_means(truth, weight, side)
    total = mean(shared.sum().detach()).clamp(min=MIN_WEIGHT)
    fill = truth.new_zeros(())
    for prediction in cells.predictions:
        error = (prediction.float() + cells.offset - means) * (shared > 0)
        huber = functional.huber_loss(error, error.new_zeros(()).expand_as(error), reduction="none", delta=DELTA)
        fill = fill + (huber / DELTA * shared).sum() / total
    chosen, weighed = (plane[:, :, pixel[0] :: side, pixel[1] :: side] for plane in (truth, weight))
    error = (cells.predictions[-1].float() + cells.offset - chosen).abs().detach()
    beyond = log(error + LOG_OFFSET) - math.log(QUANTILE) - cells.log_scale.float()
    pinball = beyond.clamp(min=0) * LEVEL + (-beyond).clamp(min=0) * (1 - LEVEL)
    interval = (pinball * weighed).sum() / mean(weighed.sum().detach()).clamp(min=MIN_WEIGHT)
    return {"fill": fill, "interval": interval, "total": weights.fill * fill + weights.interval * interval}


def feature_losses(
    cells: CellOutput, truth: Tensor, weight: Tensor, valid: Tensor, weights: LogPolarLossWeights, features: nn.Module
) -> dict[str, Tensor]:
    """Compute the terms of VGG features, each summed over the layers.

    Parameters
    ----------
    cells : CellOutput
    truth, weight : Tensor (N, 1, H, W), float32
        As in `corinpaint.train.log_polar.dataset.Sample`.
    valid : Tensor (N, 1, H, W), float32
        Mask of the frame that the network was given.
    weights : LogPolarLossWeights
    features : module
        Image (N, 1, h, w) -> list of feature maps.

    Returns
    -------
    dict of str to Tensor
        "perceptual" and "style", unweighted; a term of weight 0 is left out.
    """
    side = truth.shape[-1] // cells.prior.shape[-1]
    (missing, hole), (observed, seen) = (_cell_means(truth, plane, side) for plane in (weight, valid))
    # Where nothing is known of a cell, both images show the prior, so that it counts nothing.
    beside = torch.where(seen > 0, observed, cells.prior.float() + cells.offset)
    target = features(as_image(torch.where(hole > 0, missing, beside)))
    grams = [gram(tap) for tap in target] if weights.style else []
    found: dict[str, list[Tensor]] = {"perceptual": [], "style": []}
    for prediction in cells.predictions:
        taps = features(as_image(torch.where(hole > 0, prediction.float() + cells.offset, beside)))
        if weights.perceptual:
            found["perceptual"].append(distance(taps, target))
        if weights.style:
            found["style"].append(distance([gram(tap) for tap in taps], grams))
    return {name: torch.stack(terms).sum() for name, terms in found.items() if terms}


def _cell_means(values: Tensor, weight: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Weighted mean of the pixels of each cell, and their mean weight; each (N, 1, H / side, W / side)."""
    shared = functional.avg_pool2d(weight, side)
    return functional.avg_pool2d(values * weight, side) / shared.clamp(min=MIN_WEIGHT), shared


def as_image(cells: Tensor) -> Tensor:
    """Cells, in units of the noise about the level of their window, as an image of about 0 to 1, 0.5 at the level."""
    return 0.5 + torch.asinh(cells / SQUASH) / (2 * HALF_RANGE)
