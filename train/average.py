"""The moving average of a network's weights over training steps, which has a lower error than the last of them.

B. Polyak, A. Juditsky 1992, SIAM J. Control Optim. 30, 838.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import nn


class MovingAverage:
    """Exponential moving average of the parameters.

    The decay rises to its limit, so that the first steps soon have no weight.

    Parameters
    ----------
    model : Module
    limit : float
        Decay per step in the long run.

    Attributes
    ----------
    model : Module
        A copy with the averaged parameters, in evaluation mode.
    """

    def __init__(self, model: nn.Module, limit: float) -> None:
        self.limit = limit
        self.model = deepcopy(model).eval().requires_grad_(False)

    def update(self, model: nn.Module, step: int) -> None:
        """Add the parameters as they are after step number `step`, counted from 1."""
        decay = min(self.limit, (step + 1) / (step + 10))
        with torch.no_grad():
            for average, new in zip(self.model.parameters(), model.parameters(), strict=True):
                average.lerp_(new, 1 - decay)

    def state_dict(self) -> dict[str, Any]:
        """The averaged parameters."""
        return dict(self.model.state_dict())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Inverse of `state_dict`."""
        self.model.load_state_dict(state)
