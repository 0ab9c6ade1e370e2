"""Inputs to trace a network with."""

from __future__ import annotations

from typing import Any

import torch
from torch.export import Dim

from corinpaint.model.checkpoint import Network

EXAMPLE_PLACE = (300.0, 1.0)
"""Radius and scale of a window in the middle of the field, px."""


def example_inputs(model: Network, batch: int, rows: int, columns: int) -> tuple[torch.Tensor, ...]:
    """Tensors in the order of the model's `inputs`; every pixel valid."""
    image = torch.rand(batch, model.channels, rows, columns)
    given = (image, torch.ones_like(image))
    return (*given, torch.tensor(EXAMPLE_PLACE).repeat(batch, 1)) if "place" in model.inputs else given


def dynamic_example_inputs(model: Network) -> tuple[tuple[torch.Tensor, ...], dict[str, dict[int, Any]]]:
    """An example and which of its axes are free.

    Returns
    -------
    example : tuple of Tensor
        A batch of two: torch takes an axis of one for fixed.
    axes : dict
        For each input its free axes by number, as `torch.export.export` takes them: the batch, and height and width in
        multiples of what the network states.
    """
    batch, rows, columns = Dim("batch"), model.multiple * Dim("rows"), model.multiple * Dim("columns")
    axes = {name: {0: batch} if name == "place" else {0: batch, 2: rows, 3: columns} for name in model.inputs}
    return example_inputs(model, batch=2, rows=2 * model.multiple, columns=3 * model.multiple), axes
