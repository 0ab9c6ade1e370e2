"""Partial convolution (Liu et al. 2018, equations 1 and 2) with one mask channel per group of feature channels.

References
----------
G. Liu, F. A. Reda, K. J. Shih, T.-C. Wang, A. Tao, B. Catanzaro: Image Inpainting for Irregular Holes Using Partial
Convolutions, ECCV 2018, arXiv:1804.07723.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from corinpaint.model.precision import full_precision


class PartialConv2d(nn.Module):
    """Convolution over the valid pixels only, divided by the share of valid elements under the kernel.

    ``O = W^T (X * M) * sum(1) / sum(M) + b`` where ``sum(M) > 0`` and 0 elsewhere; the new mask is 1 where
    ``sum(M) > 0``. ``sum(1)`` is the number of elements under the kernel, ``channels * kernel**2``; the zero padding
    counts as mask 0, so that the edge of the image is treated like a hole.

    Channels that share a mask form a group, and the mask has one channel per group. This equals one mask channel per
    feature channel exactly, since ``sum(M)`` is the sum over groups of channels times valid pixels.

    The module has no state but its parameters: nothing is kept from one call to the next.

    Parameters
    ----------
    groups_in : sequence of int
        Number of channels of every group of features, in the order in which the groups are concatenated.
    out_channels : int
        Number of channels of the output.
    kernel : int
        Side of the square kernel, elements, odd.
    stride : int
        Stride of the convolution, elements.
    """

    def __init__(self, groups_in: Sequence[int], out_channels: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.groups_in = tuple(groups_in)
        self.kernel = kernel
        self.stride = stride
        self.padding = kernel // 2
        channels = sum(self.groups_in)
        self.window_size = float(channels * kernel * kernel)
        self.weight = nn.Parameter(torch.empty(out_channels, channels, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(out_channels))
        window = torch.tensor(self.groups_in, dtype=torch.float32)[None, :, None, None]
        self.register_buffer("window", window.expand(1, -1, kernel, kernel).contiguous(), persistent=False)
        self.window: Tensor
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights by He et al. 2015 for a leaky ReLU of negative slope 0.2, and set the bias to 0."""
        nn.init.kaiming_normal_(self.weight, a=0.2, nonlinearity="leaky_relu")
        nn.init.zeros_(self.bias)

    def forward(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Convolve the valid features and update the mask.

        Parameters
        ----------
        features : Tensor (N, sum(groups_in), H, W), float
            Finite everywhere; values where the mask is 0 do not matter.
        mask : Tensor (N, len(groups_in), H, W), float
            1 = valid, 0 = hole.

        Returns
        -------
        features : Tensor (N, out_channels, ceil(H / stride), ceil(W / stride)), float
            0 where the new mask is 0.
        mask : Tensor (N, 1, ceil(H / stride), ceil(W / stride)), float
            1 where the kernel covers at least one valid element.
        """
        with full_precision(mask):
            valid = functional.conv2d(mask, self.window, stride=self.stride, padding=self.padding)
        seen = (valid > 0).to(mask.dtype)
        # clamp, not "+ eps": ONNX optimisers drop an added epsilon and then divide 0 by 0.
        ratio = seen * (self.window_size / valid.clamp(min=1.0))
        sums = functional.conv2d(
            self._masked_features(features, mask), self.weight, stride=self.stride, padding=self.padding
        )
        return sums * ratio + self.bias[None, :, None, None] * seen, seen

    def _masked_features(self, features: Tensor, mask: Tensor) -> Tensor:
        if len(self.groups_in) == 1:
            return features * mask
        groups = torch.split(features, list(self.groups_in), dim=1)
        masks = torch.split(mask, 1, dim=1)
        return torch.cat([group * valid for group, valid in zip(groups, masks, strict=True)], dim=1)

    def extra_repr(self) -> str:
        return f"{self.groups_in} -> {self.weight.shape[0]}, kernel={self.kernel}, stride={self.stride}"


def mask_growth(convolution: PartialConv2d, input_stride: int) -> int:
    """Number of px by which the mask update of a partial convolution shrinks a hole from every side, at least.

    It is the radius of the kernel, less what the stride takes away: measured from its output cell, a strided kernel
    extends `stride - 1` elements less to one side than to the other.

    Parameters
    ----------
    convolution : PartialConv2d
    input_stride : int
        Stride of the convolution's input with respect to the image, px: 2^level at a resolution of 1/2^level.

    Returns
    -------
    int
        Image px, 0 or more.
    """
    cells = convolution.padding - (convolution.stride - 1)
    return max(cells, 0) * input_stride
