"""Losses of the network for straightened windows: how far its cells are off, and whether it knows how far.

Cells are compared with the mean of the pixels that were lost in them, whose noise is small beside that of a pixel. The
interval is judged by the pinball loss of quantile regression (R. Koenker, G. Bassett 1978, Econometrica 46, 33) on
single pixels, since those are what an uncertainty is given for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, log
from torch.nn import functional

from corinpaint.model.log_polar import CellOutput

DELTA = 0.4
"""Where the Huber loss turns from square to linear, units of the noise."""

LEVEL = 0.9
"""Share of the pixels that the interval shall hold."""

QUANTILE = 1.645
"""Half width of that interval of a normal distribution, standard deviations."""

SMALLEST = 1e-3
"""Added to errors before their logarithm is taken, units of the noise."""

FEWEST = 1e-6
"""Least weight that a cell is divided by."""

Mean = Callable[[Tensor], Tensor]
"""Mean of a number over the processes that share a batch."""


@dataclass(frozen=True)
class StraightWeights:
    """Weights of the terms.

    Attributes
    ----------
    fill : float
        Huber loss of the cells of each layer, over its delta, so that it is about the absolute error.
    interval : float
        Pinball loss of the logarithm of the error of a pixel of every cell.
    """

    fill: float = 1.0
    interval: float = 0.1


def straight_losses(
    cells: CellOutput,
    truth: Tensor,
    weight: Tensor,
    weights: StraightWeights,
    pixel: tuple[int, int] = (0, 0),
    mean: Mean = lambda number: number,
) -> dict[str, Tensor]:
    """Compute the terms.

    Parameters
    ----------
    cells : CellOutput
    truth, weight : Tensor (N, 1, H, W)
        As in `corinpaint.train.log_polar.dataset.WindowSample`.
    weights : StraightWeights
    pixel : (int, int)
        Row and column in its cell of the pixel that the interval is judged by.
    mean : callable
        Where several processes share a batch, all of it weighs alike.

    Returns
    -------
    dict of str to Tensor
        "fill" and "interval", unweighted, and "total", the weighted sum.
    """
    side = truth.shape[-1] // cells.prior.shape[-1]
    shared = functional.avg_pool2d(weight, side)
    means = functional.avg_pool2d(truth * weight, side) / shared.clamp(min=FEWEST)
    total = mean(shared.sum().detach()).clamp(min=FEWEST)
    fill = truth.new_zeros(())
    for prediction in cells.predictions:
        error = (prediction.float() + cells.offset - means) * (shared > 0)
        huber = functional.huber_loss(error, error.new_zeros(()).expand_as(error), reduction="none", delta=DELTA)
        fill = fill + (huber / DELTA * shared).sum() / total
    chosen, weighed = (plane[:, :, pixel[0] :: side, pixel[1] :: side] for plane in (truth, weight))
    error = (cells.predictions[-1].float() + cells.offset - chosen).abs().detach()
    beyond = log(error + SMALLEST) - math.log(QUANTILE) - cells.log_scale.float()
    pinball = beyond.clamp(min=0) * LEVEL + (-beyond).clamp(min=0) * (1 - LEVEL)
    interval = (pinball * weighed).sum() / mean(weighed.sum().detach()).clamp(min=FEWEST)
    return {"fill": fill, "interval": interval, "total": weights.fill * fill + weights.interval * interval}
