"""A network whose convolutions are in half precision; everything around them stays in float32.

Half precision is for the convolutions of the UNets alone, where the weights and the arithmetic are. The smooth prior
solves normal equations, the membranes average over many sweeps, and the mean of a window sums up a hundred thousand
pixels: those die in 11 bits. And a partial convolution is rescaled by up to the number of its window's elements, a
thousand and more, which half precision has no room for.
"""

from __future__ import annotations

import copy

from torch import Tensor, nn

from corinpaint.model.checkpoint import Network
from corinpaint.model.partial import PartialConv2d

MAX_SUM = 60_000.0
"""Of the sums of a convolution: half precision ends at 65504."""


class HalfConv2d(PartialConv2d):
    """A partial convolution that convolves in half precision; takes and gives float32.

    Parameters
    ----------
    full : PartialConv2d
        The same in float32; it is not changed.
    """

    def __init__(self, full: PartialConv2d) -> None:
        super().__init__(full.groups_in, full.weight.shape[0], full.kernel, full.stride)
        self.weight = nn.Parameter(full.weight.detach().half())
        self.bias = nn.Parameter(full.bias.detach().clone())
        gain = float(full.weight.detach().abs().sum(dim=(1, 2, 3)).max())
        self.limit = MAX_SUM / max(gain, 1.0)

    def _masked_features(self, features: Tensor, mask: Tensor) -> Tensor:
        """What is convolved, limited so that no sum overflows; multiplied by their float32 scale, sums are float32."""
        return super()._masked_features(features, mask).clamp(-self.limit, self.limit).half()


def to_half_precision(model: Network) -> Network:
    """A copy of a network with its convolutions in half precision.

    Parameters
    ----------
    model : LayerStack or StraightStack

    Returns
    -------
    LayerStack or StraightStack
        Takes and gives float32; to be exported, or run where half precision is fast.
    """
    copied = copy.deepcopy(model)
    for parent in list(copied.layers.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, PartialConv2d):
                setattr(parent, name, HalfConv2d(child))
    return copied.eval()
