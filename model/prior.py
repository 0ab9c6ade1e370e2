"""A smooth guess under the holes: pull-push over a pyramid, with a local polynomial fitted at every level.

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
    """Sizes of the pyramid.

    Attributes
    ----------
    finest : int
        The guess ends with cells of 2^finest px; what is finer is left to the network.
    reference : int
        The networks see the image minus the field of 2^reference px cells, which leaves them the structure around a
        hole that the finest field follows too.
    coarsest : int
        The pyramid begins with cells of 2^coarsest px.
    degree : int
        Of the polynomials.
    sigma : float
        Width of the Gaussian window of a fit, cells.
    across : float or None
        Its width along the rows, where that differs from the width along the columns.
    radius : int
        Where the window is cut off, cells.
    ridge : float
        Pull of the fit towards the coarser level, as a share of the window's full weight.
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
    """Smooth field that follows the valid pixels and runs on under the holes.

    Pull: averages of the valid pixels in cells of 2^finest ... 2^coarsest px. Push: beginning with the mean of all
    valid pixels, every level adds to the bilinearly enlarged coarser field what a polynomial, fitted with a Gaussian
    window to the known cells' differences from that field, has at each cell's centre. A slight ridge keeps the
    difference at 0 where too few cells are known, so that the coarser level shows through. A constant field is
    reproduced; an image without any valid pixel gives 0.

    Parameters
    ----------
    config : PriorConfig
    """

    def __init__(self, config: PriorConfig) -> None:
        super().__init__()
        self.config = config
        # The constant comes last: elimination then ends with the value at the centre, all that is wanted of a fit.
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
        """Gaussian window times powers of the offset in units of its width, shape (len(powers), 1, side, side)."""
        config = self.config
        down = [self._weighted_powers(config.sigma, power) for power in range(2 * config.degree + 1)]
        along = [self._weighted_powers(config.across or config.sigma, power) for power in range(2 * config.degree + 1)]
        return torch.stack([torch.outer(down[row], along[column]) for row, column in powers])[:, None]

    def _weighted_powers(self, sigma: float, power: int) -> Tensor:
        offsets = torch.arange(-self.config.radius, self.config.radius + 1) / sigma
        line = torch.exp(-(offsets**2) / 2)
        return line / line.sum() * offsets**power

    def forward(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the field.

        Parameters
        ----------
        image : Tensor (N, 1, H, W), float
            0 where the mask is 0; H and W multiples of 2^coarsest.
        mask : Tensor (N, 1, H, W), float
            1 = valid; anything between 0 and 1 is a weight.

        Returns
        -------
        field : Tensor (N, 1, H, W)
            The guess.
        reference : Tensor (N, 1, H, W)
            The field of the reference level.
        """
        sums = functional.avg_pool2d(image * mask, 2**self.config.finest)
        weights = functional.avg_pool2d(mask, 2**self.config.finest)
        levels = [(sums, weights)]
        for _ in range(self.config.coarsest - self.config.finest):
            sums = functional.avg_pool2d(sums, 2)
            weights = functional.avg_pool2d(weights, 2)
            levels.append((sums, weights))
        total = weights.mean(dim=(2, 3), keepdim=True)
        field = _divide_where_positive(sums.mean(dim=(2, 3), keepdim=True), total).expand_as(sums)
        reference = field
        for step, (sums, weights) in enumerate(reversed(levels)):
            field = _upsample(field) if step else field
            field = field + self._fit_at_centres(sums - weights * field, weights)
            if self.config.coarsest - step == self.config.reference:
                reference = field
        return _upsample(field, self.config.finest), _upsample(reference, self.config.reference)

    def _fit_at_centres(self, sums: Tensor, weights: Tensor) -> Tensor:
        """Value at each cell's centre of the polynomial fitted to weighted differences; all tensors (N, 1, h, w)."""
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
    known = weights > 0
    return where(known, sums, 0.0) / where(known, weights, 1.0)


def _upsample(field: Tensor, times: int = 1) -> Tensor:
    for _ in range(times):
        field = functional.interpolate(field, scale_factor=2.0, mode="bilinear", align_corners=False)
    return field
