"""Losses of the log-polar design: the error of the cells, and the error of the uncertainty given for them.

Cells are compared with the mean of the missing pixels in them, whose noise is small beside that of a pixel. The
interval is measured by the pinball loss of quantile regression (R. Koenker, G. Bassett 1978, Econometrica 46, 33) on
single pixels, since those are what an uncertainty is given for.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor, log
from torch.nn import functional

from corinpaint.model.log_polar import CellOutput
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
    shared = functional.avg_pool2d(weight, side)
    means = functional.avg_pool2d(truth * weight, side) / shared.clamp(min=MIN_WEIGHT)
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
