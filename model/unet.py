"""A UNet of partial convolutions whose skip connections carry their masks.

The layout follows Liu et al. 2018 (arXiv:1804.07723): the first convolution already halves the resolution, so the
full resolution is touched by the first and the last convolution only. There is no normalisation: statistics over a
batch or an image with holes depend on the holes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from corinpaint.model.partial import PartialConv2d, reach_of

SLOPE = 0.2


@dataclass(frozen=True)
class UNetConfig:
    """Sizes of one UNet.

    Attributes
    ----------
    base : int
        Channels at half resolution; they double with every further halving.
    depth : int
        Number of halvings.
    max_width : int
        Upper limit of the channels.
    bottom : int
        Convolutions at the lowest resolution; each carries the fill 2^depth px further into a hole.
    first_kernel : int
        Side of the first window, px.
    """

    base: int = 24
    depth: int = 5
    max_width: int = 64
    bottom: int = 3
    first_kernel: int = 5

    def widths(self) -> tuple[int, ...]:
        """Channels at 1/2, 1/4 ... 1/2^depth of the resolution."""
        return tuple(min(self.base * 2**level, self.max_width) for level in range(self.depth))


class UNet(nn.Module):
    """Encoder of strided partial convolutions, decoder of nearest upsampling and concatenation.

    The last convolution starts at zero, so that a fresh network predicts 0 everywhere.

    Parameters
    ----------
    config : UNetConfig
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths()
        self.down = nn.ModuleList()
        channels = 1
        for level, width in enumerate(widths):
            kernel = config.first_kernel if level == 0 else 3
            self.down.append(PartialConv2d((channels,), width, kernel=kernel, stride=2))
            channels = width
        self.bottom = nn.ModuleList(PartialConv2d((channels,), channels) for _ in range(config.bottom))
        self.up = nn.ModuleList()
        for width in reversed(widths[:-1]):
            self.up.append(PartialConv2d((channels, width), width))
            channels = width
        self.last = PartialConv2d((channels, 1), 1)
        nn.init.zeros_(self.last.weight)

    @property
    def reach(self) -> int:
        """Distance in px from every side over which a hole is sure to be filled."""
        depth = self.config.depth
        parts = [(convolution, level) for level, convolution in enumerate(self.down)]
        parts += [(convolution, depth) for convolution in self.bottom]
        parts += [(convolution, depth - 1 - step) for step, convolution in enumerate(self.up)]
        parts.append((self.last, 0))
        return sum(reach_of(cast(PartialConv2d, convolution), level) for convolution, level in parts)

    def forward(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Predict an image from the valid pixels of another.

        Parameters
        ----------
        image : Tensor (N, 1, H, W), float
            H and W multiples of 2^depth; finite everywhere.
        mask : Tensor (N, 1, H, W), float
            1 = valid.

        Returns
        -------
        values : Tensor (N, 1, H, W)
            Predicted everywhere within reach, holes or not; 0 out of reach.
        mask : Tensor (N, 1, H, W)
            1 where the network had something to predict from.
        """
        skips = [(image, mask)]
        features = image
        for convolution in self.down:
            features, mask = convolution(features, mask)
            features = functional.leaky_relu(features, SLOPE)
            skips.append((features, mask))
        for convolution in self.bottom:
            change, mask = convolution(features, mask)
            features = features + functional.leaky_relu(change, SLOPE)
        skips.pop()
        for convolution in self.up:
            features, mask = convolution(*_joined(features, mask, skips.pop()))
            features = functional.leaky_relu(features, SLOPE)
        values, mask = self.last(*_joined(features, mask, skips.pop()))
        return values, mask


def _joined(features: Tensor, mask: Tensor, skip: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    upper = functional.interpolate(features, scale_factor=2.0, mode="nearest")
    upper_mask = functional.interpolate(mask, scale_factor=2.0, mode="nearest")
    return torch.cat((upper, skip[0]), dim=1), torch.cat((upper_mask, skip[1]), dim=1)
