"""Distances between two images by their features: the perceptual and the style loss.

References
----------
J. Johnson, A. Alahi, L. Fei-Fei: Perceptual Losses for Real-Time Style Transfer and Super-Resolution,
arXiv:1603.08155, sections 3.2 and 3.3; with L1 in place of L2 as in Liu et al. 2018, arXiv:1804.07723, section 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def distance(taps: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
    """Mean absolute difference of features, summed over the layers that they are of.

    Parameters
    ----------
    taps, others : sequence of Tensor
        Of two batches of images, such as `corinpaint.train.features.vgg.VggFeatures` gives them, or their Gram
        matrices.

    Returns
    -------
    Tensor ()
    """
    return torch.stack([(tap - other).abs().mean() for tap, other in zip(taps, others, strict=True)]).sum()


def gram(tap: Tensor) -> Tensor:
    """Gram matrix of features: which of them appear together, wherever in the image.

    Parameters
    ----------
    tap : Tensor (N, C, H, W)

    Returns
    -------
    Tensor (N, C, C), float32
        Divided by C H W.
    """
    count, channels, height, width = tap.shape
    flat = tap.float().reshape(count, channels, height * width)
    return flat @ flat.transpose(1, 2) / (channels * height * width)
