"""Inputs to trace a network with."""

from __future__ import annotations

import torch

from corinpaint.model.checkpoint import Network

PLACE = (300.0, 1.0)
"""Radius and scale of a window in the middle of the field, px."""


def example(model: Network, batch: int, rows: int, columns: int) -> tuple[torch.Tensor, ...]:
    """Tensors in the order of the model's `inputs`; every pixel valid."""
    image = torch.rand(batch, model.planes, rows, columns)
    given = (image, torch.ones_like(image))
    return (*given, torch.tensor(PLACE).repeat(batch, 1)) if "place" in model.inputs else given
