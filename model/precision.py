"""Counts of valid pixels and fits need full precision, also where the convolutions around them run in half."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def full_precision(tensor: Tensor) -> AbstractContextManager[object]:
    """Context that switches automatic mixed precision off where it is on.

    Parameters
    ----------
    tensor : Tensor
        Tells the device.
    """
    device = tensor.device.type
    if torch.is_autocast_enabled(device):
        return torch.autocast(device, enabled=False)
    return nullcontext()
