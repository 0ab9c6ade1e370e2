"""Example inputs with which a network is traced."""

from __future__ import annotations

from typing import Any

import torch
from torch.export import Dim

from corinpaint.model.checkpoint import Network
from corinpaint.model.log_polar import LogPolarStack

EXAMPLE_PLACE = (300.0, 1.0, 0.2, 0.4, -0.2, -0.4)
"""Radius (px) of the middle of an example window, px of the frame per px of the window there, and the times of context
frames, hours."""


def example_inputs(model: Network, batch: int, rows: int, columns: int) -> tuple[torch.Tensor, ...]:
    """Random inputs for a network.

    Parameters
    ----------
    model : LayerStack or LogPolarStack
    batch : int
        Number of images.
    rows, columns : int
        Height and width, px; multiples of `model.multiple`.

    Returns
    -------
    tuple of Tensor, float32
        In the order of `model.inputs`: image and mask (batch, channels, rows, columns), every pixel valid, and where
        the network takes it the place (batch, 2 or 6).
    """
    image = torch.rand(batch, model.channels, rows, columns)
    inputs = (image, torch.ones_like(image))
    return (
        (*inputs, torch.tensor(EXAMPLE_PLACE[: model.places]).repeat(batch, 1))
        if isinstance(model, LogPolarStack)
        else inputs
    )


def dynamic_example_inputs(model: Network) -> tuple[tuple[torch.Tensor, ...], dict[str, dict[int, Any]]]:
    """Random inputs for a network, and which of their axes are dynamic.

    Parameters
    ----------
    model : LayerStack or LogPolarStack

    Returns
    -------
    inputs : tuple of Tensor
        As `example_inputs` gives them, a batch of two: torch takes an axis of length one to be fixed.
    axes : dict
        The dynamic axes of each input by number, as `torch.export.export` takes them: the batch, and height and width
        as multiples of `model.multiple`.
    """
    batch, rows, columns = Dim("batch"), model.multiple * Dim("rows"), model.multiple * Dim("columns")
    axes = {name: {0: batch} if name == "place" else {0: batch, 2: rows, 3: columns} for name in model.inputs}
    return example_inputs(model, batch=2, rows=2 * model.multiple, columns=3 * model.multiple), axes
