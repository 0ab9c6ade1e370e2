"""A network whose convolutions are in half precision, and everything else in float32.

Half precision is used for the convolutions of the UNets only, which have the weights and nearly all of the arithmetic.
The smooth prior solves normal equations, the membranes iterate over many sweeps, and the mean of a window is a sum over
a hundred thousand pixels: an 11-bit significand is not enough for those. And a partial convolution multiplies its sum
by up to the number of elements under the kernel, a thousand and more, which can exceed the range of half precision.
"""

from __future__ import annotations

import copy

from torch import Tensor, nn

from corinpaint.model.checkpoint import Network
from corinpaint.model.partial import PartialConv2d

MAX_SUM = 60_000.0
"""Maximum of the sums of a convolution; the largest number of half precision is 65504."""


class HalfConv2d(PartialConv2d):
    """A partial convolution that convolves in half precision; its inputs and outputs are float32.

    Parameters
    ----------
    full : PartialConv2d
        The same convolution in float32; it is not changed.
    """

    def __init__(self, full: PartialConv2d) -> None:
        super().__init__(full.groups_in, full.weight.shape[0], full.kernel, full.stride)
        self.weight = nn.Parameter(full.weight.detach().half())
        self.bias = nn.Parameter(full.bias.detach().clone())
        gain = float(full.weight.detach().abs().sum(dim=(1, 2, 3)).max())
        self.limit = MAX_SUM / max(gain, 1.0)

    def _masked_features(self, features: Tensor, mask: Tensor) -> Tensor:
        """The masked features in half precision, clamped so that no sum overflows.

        The sums are float32 again once `forward` has multiplied them by their float32 ratio.
        """
        return super()._masked_features(features, mask).clamp(-self.limit, self.limit).half()


def to_half_precision(model: Network) -> Network:
    """A copy of a network with its convolutions in half precision.

    Parameters
    ----------
    model : LayerStack or LogPolarStack
        In float32; it is not changed.

    Returns
    -------
    LayerStack or LogPolarStack
        In evaluation mode; its inputs and outputs are float32.
    """
    copied = copy.deepcopy(model)
    for parent in list(copied.layers.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, PartialConv2d):
                setattr(parent, name, HalfConv2d(child))
    return copied.eval()
