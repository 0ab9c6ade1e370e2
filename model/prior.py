"""The smooth prior: pull-push interpolation over a pyramid, with a local polynomial fitted at every level.

References
----------
S. J. Gortler, R. Grzeszczuk, R. Szeliski, M. F. Cohen: The Lumigraph, SIGGRAPH 1996, section 3.4 (pull-push).
H. Knutsson, C.-F. Westin: Normalized and differential convolution, CVPR 1993 (local fits to masked images).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn, where
from torch.nn import functional


@dataclass(frozen=True)
class PriorConfig:
    """Hyperparameters of the smooth prior.

    Attributes
    ----------
    finest : int
        Cells of the finest level have 2^finest px; finer structure is left to the network.
    reference : int
        The network sees the image minus the level of 2^reference px cells, so that it sees the structure around a hole
        that the finest level follows too.
    coarsest : int
        Cells of the coarsest level, with which the push begins, have 2^coarsest px.
    degree : int
        Degree of the polynomials.
    sigma : float
        Standard deviation of the Gaussian weights of a fit, cells.
    radius : int
        Distance at which the Gaussian weights are truncated, cells.
    ridge : float
        Ridge penalty of the fit, which shrinks it towards the coarser level; a share of the sum of the weights.
    across : float or None
        Standard deviation along W where it differs from `sigma`, which then applies along H only.
    """

    finest: int = 3
    reference: int = 6
    coarsest: int = 7
    degree: int = 2
    sigma: float = 2.0
    radius: int = 5
    ridge: float = 1e-4
    across: float | None = None


class PyramidPrior(nn.Module):
    """Smooth image that follows the valid pixels and continues across the holes.

    Pull: the valid pixels are averaged in cells of 2^finest ... 2^coarsest px. Push: beginning with the mean of all
    valid pixels, every level upsamples the coarser level bilinearly, fits a polynomial with Gaussian weights to the
    differences of the valid cells from it, and adds the polynomial's value at the centre of each cell. A small ridge
    penalty keeps that value near 0 where few cells are valid, so that the coarser level remains. A constant image is
    reproduced; an image without any valid pixel gives 0. The module has no parameters to learn.

    Parameters
    ----------
    config : PriorConfig
    """

    def __init__(self, config: PriorConfig) -> None:
        super().__init__()
        self.config = config
        # The constant comes last: elimination then ends with the value at the centre, the only one that is used.
        self.powers = [(row, total - row) for total in range(config.degree, -1, -1) for row in range(total, -1, -1)]
        size = len(self.powers)
        products = [(a + c, b + d) for a, b in self.powers for c, d in self.powers]
        self.register_buffer("moments", self._weighted_monomials(products), persistent=False)
        self.register_buffer("basis", self._weighted_monomials(self.powers), persistent=False)
        self.register_buffer("ridge", config.ridge * torch.eye(size)[None, :, :, None, None], persistent=False)
        self.moments: Tensor
        self.basis: Tensor
        self.ridge: Tensor

    def _weighted_monomials(self, powers: list[tuple[int, int]]) -> Tensor:
        """Gaussian weights times powers of the offset in standard deviations; shape (len(powers), 1, side, side)."""
        config = self.config
        down = [self._weighted_powers(config.sigma, power) for power in range(2 * config.degree + 1)]
        along = [self._weighted_powers(config.across or config.sigma, power) for power in range(2 * config.degree + 1)]
        return torch.stack([torch.outer(down[row], along[column]) for row, column in powers])[:, None]

    def _weighted_powers(self, sigma: float, power: int) -> Tensor:
        offsets = torch.arange(-self.config.radius, self.config.radius + 1) / sigma
        line = torch.exp(-(offsets**2) / 2)
        return line / line.sum() * offsets**power

    def forward(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the prior.

        Parameters
        ----------
        image : Tensor (N, 1, H, W), float
            0 where the mask is 0; H and W multiples of 2^coarsest.
        mask : Tensor (N, 1, H, W), float
            1 = valid, 0 = hole; values in between are weights.

        Returns
        -------
        prior : Tensor (N, 1, H, W), float
            The finest level, upsampled bilinearly to px.
        reference : Tensor (N, 1, H, W), float
            The reference level, upsampled likewise.
        """
        sums = functional.avg_pool2d(image * mask, 2**self.config.finest)
        weights = functional.avg_pool2d(mask, 2**self.config.finest)
        levels = [(sums, weights)]
        for _ in range(self.config.coarsest - self.config.finest):
            sums = functional.avg_pool2d(sums, 2)
            weights = functional.avg_pool2d(weights, 2)
            levels.append((sums, weights))
        total = weights.mean(dim=(2, 3), keepdim=True)
        surface = _divide_where_positive(sums.mean(dim=(2, 3), keepdim=True), total).expand_as(sums)
        reference = surface
        for step, (sums, weights) in enumerate(reversed(levels)):
            surface = _upsample(surface) if step else surface
            surface = surface + self._fit_at_centres(sums - weights * surface, weights)
            if self.config.coarsest - step == self.config.reference:
                reference = surface
        return _upsample(surface, self.config.finest), _upsample(reference, self.config.reference)

    def _fit_at_centres(self, sums: Tensor, weights: Tensor) -> Tensor:
        """Value at each cell's centre of the polynomial fitted to weighted differences; all tensors (N, 1, h, w).

        The normal equations of all cells are solved at once by Gaussian elimination along the channels.
        """
        radius, size = self.config.radius, len(self.powers)
        moments = functional.conv2d(weights, self.moments, padding=radius)
        left = torch.unflatten(moments, 1, (size, size)) + self.ridge
        right = functional.conv2d(sums, self.basis, padding=radius).unsqueeze(2)
        equations = torch.cat((left, right), dim=2)
        for _ in range(size - 1):
            pivot, others = equations[:, :1], equations[:, 1:]
            factors = others[:, :, :1] / pivot[:, :, :1]
            equations = others[:, :, 1:] - factors * pivot[:, :, 1:]
        return equations[:, :, 1] / equations[:, :, 0]


def _divide_where_positive(sums: Tensor, weights: Tensor) -> Tensor:
    valid = weights > 0
    return where(valid, sums, 0.0) / where(valid, weights, 1.0)


def _upsample(surface: Tensor, times: int = 1) -> Tensor:
    for _ in range(times):
        surface = functional.interpolate(surface, scale_factor=2.0, mode="bilinear", align_corners=False)
    return surface
