"""The error that a network predicts for its own fill of a zone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.photometry.detector import ObservedFrame, noise_variance
from corinpaint.model.metadata import EQUALISED
from corinpaint.restore.engines.base import ModelInfo


def predicts(info: ModelInfo) -> bool:
    """Whether a network gives the standard deviation of an observation about its fill."""
    return info.domain != EQUALISED.name


def predicted_error(observed: ObservedFrame, filled: ObservedFrame, hole: NDArray[np.bool_]) -> float:
    """Median over a hole of the network's standard deviation, in units of the noise of a pixel at that brightness.

    Parameters
    ----------
    observed, filled : ObservedFrame
        The frame before and after the fill; the variance of the filled one is the network's.
    hole : ndarray of bool, shape (H, W)
        Pixels that were filled.

    Returns
    -------
    float
        1 where the network has no doubt but the noise, as the errors of `corinpaint.restore.measured_errors`; infinite
        where no light passes in the whole hole.
    """
    noise = noise_variance(observed, filled.brightness[hole], hole)
    known = noise > 0
    if not known.any():
        return float("inf")
    return float(np.median(np.sqrt(filled.variance[hole][known] / noise[known])))
