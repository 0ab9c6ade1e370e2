"""A network whose convolutions are in half precision; everything around them stays in float32.

Half precision is for the UNets alone. The smooth prior solves normal equations, the membranes average over hundreds of
sweeps, and the mean of a window sums up a hundred thousand pixels: those die in 11 bits. So do the counts of valid
pixels, whose quotients scale every partial convolution.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from corinpaint.model.checkpoint import Network


class HalfUNet(nn.Module):
    """A UNet in half precision between casts.

    Parameters
    ----------
    unet : UNet
        Turned to half precision in place.
    """

    def __init__(self, unet: nn.Module) -> None:
        super().__init__()
        self.reach = unet.reach
        self.unet = unet.half()

    def forward(self, image: Tensor, mask: Tensor, extras: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """See `corinpaint.model.unet.UNet.forward`; takes and gives float32."""
        given = [part.half() for part in (image, mask, extras) if part is not None]
        values, reached = self.unet(*given)
        return values.to(torch.float32), reached.to(torch.float32)


def halved(model: Network) -> Network:
    """A copy of a network with its UNets in half precision.

    Parameters
    ----------
    model : LayerStack or StraightStack

    Returns
    -------
    LayerStack or StraightStack
        Takes and gives float32; to be exported, or run where half precision is fast.
    """
    copied = copy.deepcopy(model)
    copied.layers = nn.ModuleList(HalfUNet(layer) for layer in copied.layers)
    return copied.eval()
