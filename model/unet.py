"""A UNet of partial convolutions whose skip connections carry their masks.

The layout follows Liu et al. 2018 (arXiv:1804.07723): the first convolution has stride 2 already, so that only the
first and the last convolution work at full resolution. There is no normalisation layer, because statistics over a batch
or an image with holes depend on the holes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from corinpaint.model.partial import PartialConv2d, mask_growth

NEGATIVE_SLOPE = 0.2
"""Of the leaky ReLU after every convolution but the last."""


@dataclass(frozen=True)
class UNetConfig:
    """Architecture of one UNet.

    Attributes
    ----------
    base : int
        Number of channels at half resolution; it doubles with every further halving.
    depth : int
        Number of convolutions of stride 2 in the encoder.
    max_width : int
        Maximum number of channels.
    bottom : int
        Residual convolutions at the lowest resolution; each lets the mask grow 2^depth px further into a hole.
    first_kernel : int
        Kernel size of the first convolution, px.
    residual : int
        Residual convolutions at every resolution of the encoder and of the decoder.
    inputs : tuple of int
        Number of channels of each group of input channels that share a mask.
    extras : int
        Number of channels that are valid everywhere, in holes too, and are concatenated at every resolution.
    outputs : int
        Number of channels of the output.
    beside : tuple of int
        Number of channels of each group of a second input, which has convolutions of its own at full resolution. Those
        count its valid pixels apart, so that the network is the same without it as where all of it is masked.
    """

    base: int = 24
    depth: int = 5
    max_width: int = 64
    bottom: int = 3
    first_kernel: int = 5
    residual: int = 0
    inputs: tuple[int, ...] = (1,)
    extras: int = 0
    outputs: int = 1
    beside: tuple[int, ...] = ()

    def widths(self) -> tuple[int, ...]:
        """Number of channels at 1/2, 1/4 ... 1/2^depth of the resolution."""
        return tuple(min(self.base * 2**level, self.max_width) for level in range(self.depth))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> UNetConfig:
        """The configuration from values that were read from JSON.

        Raises
        ------
        TypeError
            The values do not describe a UNet.
        """
        config = cls(**values)
        return replace(config, inputs=tuple(config.inputs), beside=tuple(config.beside))


class UNet(nn.Module):
    """Encoder of partial convolutions of stride 2, decoder of nearest-neighbour upsampling and skip connections.

    The weights of the last convolution are initialised to 0, so that an untrained network predicts 0 everywhere; so are
    those of the second input, which an untrained network does not see.

    Parameters
    ----------
    config : UNetConfig
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        widths, extras = config.widths(), config.extras
        self.down, self.down_residual = nn.ModuleList(), nn.ModuleList()
        groups, kernel = tuple(config.inputs), config.first_kernel
        for width in widths:
            self.down.append(PartialConv2d(groups, width, kernel=kernel, stride=2))
            self.down_residual.append(_residual_convolutions(width, config.residual))
            groups, kernel = (width + extras,), 3
        channels = widths[-1]
        self.bottom = _residual_convolutions(channels, config.bottom)
        self.up, self.up_residual = nn.ModuleList(), nn.ModuleList()
        for width in reversed(widths[:-1]):
            self.up.append(PartialConv2d((channels + extras, width), width))
            self.up_residual.append(_residual_convolutions(width, config.residual))
            channels = width
        self.last = PartialConv2d((channels + extras, *config.inputs), config.outputs)
        nn.init.zeros_(self.last.weight)
        self.beside = nn.ModuleList()
        if config.beside:
            self.beside.append(PartialConv2d(config.beside, widths[0], kernel=config.first_kernel, stride=2))
            self.beside.append(PartialConv2d(config.beside, config.outputs))
            for convolution in self.beside:
                nn.init.zeros_(cast(PartialConv2d, convolution).weight)

    def scale_residual_weights(self, factor: float) -> None:
        """Multiply the weights of all residual convolutions; small ones keep an untrained network close to its prior.

        Parameters
        ----------
        factor : float
        """
        with torch.no_grad():
            for block in (*self.down_residual, self.bottom, *self.up_residual):
                for convolution in cast(Iterable[PartialConv2d], block):
                    convolution.weight.mul_(factor)

    @property
    def reach(self) -> int:
        """Distance in px from every side up to which a hole is certain to be filled: the sum of all mask growths."""
        depth = self.config.depth
        parts: list[tuple[nn.Module, int]] = list(zip(self.down, range(depth), strict=True))
        parts += [(one, level + 1) for level, blocks in enumerate(self.down_residual) for one in _as_list(blocks)]
        parts += [(convolution, depth) for convolution in self.bottom]
        for step, (convolution, blocks) in enumerate(zip(self.up, self.up_residual, strict=True)):
            parts += [(one, depth - 1 - step) for one in (convolution, *_as_list(blocks))]
        parts.append((self.last, 0))
        return sum(mask_growth(cast(PartialConv2d, convolution), 2**level) for convolution, level in parts)

    def forward(
        self,
        image: Tensor,
        mask: Tensor,
        extras: Tensor | None = None,
        beside: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Predict an image from the valid pixels of the input.

        Parameters
        ----------
        image : Tensor (N, sum(inputs), H, W), float
            H and W multiples of 2^depth; finite everywhere.
        mask : Tensor (N, len(inputs), H, W), float
            1 = valid, 0 = hole; one channel per group of `inputs`.
        extras : Tensor (N, extras, H, W), float, optional
            Required when `config.extras` is not 0.
        beside : tuple of Tensor (N, sum(beside), H, W) and Tensor (N, len(beside), H, W), float, optional
            The second input and its mask, as `image` and `mask`. Required when `config.beside` is not empty.

        Returns
        -------
        values : Tensor (N, outputs, H, W), float
            The prediction in holes and beside them; 0 where the mask is 0.
        mask : Tensor (N, 1, H, W), float
            1 where at least one valid pixel lies in the receptive field.
        """
        skips, resized = [(image, mask)], [extras]
        features = image
        for level, (convolution, blocks) in enumerate(zip(self.down, self.down_residual, strict=True)):
            features, mask = convolution(_append_extras(features, resized[-1]) if level else features, mask)
            if beside is not None and level == 0:
                features, mask = _joined((features, mask), self.beside[0](*beside))
            features, mask = _add_residuals(_as_list(blocks), functional.leaky_relu(features, NEGATIVE_SLOPE), mask)
            skips.append((features, mask))
            resized.append(None if extras is None else functional.avg_pool2d(cast(Tensor, resized[-1]), 2))
        features, mask = _add_residuals(self.bottom, features, mask)
        skips.pop()
        resized.pop()
        for convolution, blocks in zip(self.up, self.up_residual, strict=True):
            features, mask = convolution(*_upsample_and_concatenate(features, mask, skips.pop(), resized.pop()))
            features, mask = _add_residuals(_as_list(blocks), functional.leaky_relu(features, NEGATIVE_SLOPE), mask)
        values, mask = self.last(*_upsample_and_concatenate(features, mask, skips.pop(), resized.pop()))
        return (values, mask) if beside is None else _joined((values, mask), self.beside[1](*beside))


def _residual_convolutions(width: int, count: int) -> nn.ModuleList:
    return nn.ModuleList(PartialConv2d((width,), width) for _ in range(count))


def _as_list(blocks: nn.Module) -> list[nn.Module]:
    return list(cast(nn.ModuleList, blocks))


def _add_residuals(convolutions: Iterable[nn.Module], features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    for convolution in convolutions:
        change, mask = convolution(features, mask)
        features = features + functional.leaky_relu(change, NEGATIVE_SLOPE)
    return features, mask


def _joined(one: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Sum of two features, valid where either is."""
    return one[0] + other[0], torch.maximum(one[1], other[1])


def _append_extras(features: Tensor, extras: Tensor | None) -> Tensor:
    return features if extras is None else torch.cat((features, extras), dim=1)


def _upsample_and_concatenate(
    features: Tensor, mask: Tensor, skip: tuple[Tensor, Tensor], extras: Tensor | None
) -> tuple[Tensor, Tensor]:
    upper = functional.interpolate(features, scale_factor=2.0, mode="nearest")
    upper_mask = functional.interpolate(mask, scale_factor=2.0, mode="nearest")
    return torch.cat((_append_extras(upper, extras), skip[0]), dim=1), torch.cat((upper_mask, skip[1]), dim=1)
