"""Membrane interpolation of the holes of an image: Laplace's equation, solved on a pyramid in a fixed number of sweeps.

Every level starts from the upsampled solution of the coarser level and is relaxed by Jacobi's method. The number of
sweeps is fixed, because an exported graph cannot iterate until it converges.

References
----------
W. L. Briggs, V. E. Henson, S. F. McCormick: A Multigrid Tutorial, 2nd edition, SIAM 2000, chapters 2 and 3.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

PYRAMID_LEVELS = 4
"""Number of times that the pyramid halves the resolution."""

JACOBI_KERNEL = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])[None, None] / 4
"""Convolution kernel (1, 1, 3, 3) that averages the four neighbours: a single node in an exported graph."""


def interpolate_membrane(image: Tensor, mask: Tensor, sweeps: int) -> Tensor:
    """Fill the holes of a batch with the membrane through their valid neighbours.

    Parameters
    ----------
    image : Tensor (N, 1, H, W), float
        H and W multiples of 2^`PYRAMID_LEVELS`; finite everywhere.
    mask : Tensor (N, 1, H, W), float
        1 = valid, 0 = hole.
    sweeps : int
        Jacobi sweeps at every level.

    Returns
    -------
    Tensor (N, 1, H, W), float
        The image where it is valid, the membrane in the holes; 0 everywhere where an image has no valid pixel.
    """
    levels = [(image * mask, mask)]
    for _ in range(PYRAMID_LEVELS):
        levels.append((functional.avg_pool2d(levels[-1][0], 2), functional.avg_pool2d(levels[-1][1], 2)))
    surface = torch.zeros_like(levels[-1][0])
    for step, (sums, weights) in enumerate(reversed(levels)):
        if step:
            surface = functional.interpolate(surface, scale_factor=2.0, mode="bilinear", align_corners=False)
        valid, values = weights > 0, sums / torch.where(weights > 0, weights, 1.0)
        surface = torch.where(valid, values, surface)
        for _ in range(sweeps):
            surface = torch.where(valid, values, _jacobi_sweep(surface))
    return surface


def _jacobi_sweep(surface: Tensor) -> Tensor:
    return functional.conv2d(functional.pad(surface, (1, 1, 1, 1), mode="replicate"), JACOBI_KERNEL.to(surface))
