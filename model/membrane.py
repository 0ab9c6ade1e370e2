"""A membrane over the holes of an image: Laplace's equation, solved on a pyramid with a fixed number of sweeps.

Every level starts from the enlarged coarser one and is relaxed by Jacobi's method (W. Briggs, V. Henson, S. McCormick:
A Multigrid Tutorial, SIAM 2000, chapters 2 and 3). A fixed number of sweeps is what can be exported.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

PYRAMID_LEVELS = 4
"""Halvings of the pyramid."""

JACOBI_KERNEL = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])[None, None] / 4
"""Mean of the four neighbours, as a kernel: one node in an exported graph."""


def interpolate_membrane(image: Tensor, known: Tensor, sweeps: int) -> Tensor:
    """Span a membrane over what is not known.

    Parameters
    ----------
    image : Tensor (N, 1, H, W), float
        H and W multiples of 2^`PYRAMID_LEVELS`; finite everywhere.
    known : Tensor (N, 1, H, W), float
        1 where the image is known, 0 elsewhere.
    sweeps : int
        At every level.

    Returns
    -------
    Tensor (N, 1, H, W)
        The image where it is known; 0 where nothing is known at all.
    """
    levels = [(image * known, known)]
    for _ in range(PYRAMID_LEVELS):
        levels.append((functional.avg_pool2d(levels[-1][0], 2), functional.avg_pool2d(levels[-1][1], 2)))
    surface = torch.zeros_like(levels[-1][0])
    for step, (sums, weights) in enumerate(reversed(levels)):
        if step:
            surface = functional.interpolate(surface, scale_factor=2.0, mode="bilinear", align_corners=False)
        held, values = weights > 0, sums / torch.where(weights > 0, weights, 1.0)
        surface = torch.where(held, values, surface)
        for _ in range(sweeps):
            surface = torch.where(held, values, _jacobi_sweep(surface))
    return surface


def _jacobi_sweep(surface: Tensor) -> Tensor:
    return functional.conv2d(functional.pad(surface, (1, 1, 1, 1), mode="replicate"), JACOBI_KERNEL.to(surface))
