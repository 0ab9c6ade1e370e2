"""Full precision inside automatic mixed precision: counts of valid pixels and least-squares fits need it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def full_precision(tensor: Tensor) -> AbstractContextManager[object]:
    """Context manager that disables autocast for its block.

    Parameters
    ----------
    tensor : Tensor
        Any tensor on the device whose autocast is meant.

    Returns
    -------
    context manager
        Does nothing where autocast is off already.
    """
    device = tensor.device.type
    if torch.is_autocast_enabled(device):
        return torch.autocast(device, enabled=False)
    return nullcontext()
