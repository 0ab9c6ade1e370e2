"""The network as a program of torch.export, the successor of TorchScript."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from corinpaint.export.examples import dynamic_example_inputs
from corinpaint.export.publish import describe_export, export_verified
from corinpaint.model.checkpoint import Network
from corinpaint.model.metadata import KEY, CheckpointInfo
from corinpaint.restore.engines.torch import Pt2Inpainter

_DEBUG_KEYS = ("stack_trace", "nn_module_stack", "source_fn_stack", "torch_fn", "from_node")
"""Metadata with which torch records the source of every operation; it holds paths of this machine."""


def export(checkpoint: Path, output: Path) -> Path:
    """Export a checkpoint with torch.export and verify the program.

    Batch size, height and width are dynamic; height and width are multiples of `CheckpointInfo.multiple`.

    Parameters
    ----------
    checkpoint : Path
        A ``.safetensors`` checkpoint.
    output : Path
        A ``.pt2`` file; an existing one is replaced.

    Returns
    -------
    Path
        `output`.

    Raises
    ------
    CheckpointError, ExportError, OutputError
        As `corinpaint.export.publish.export_verified`.
    """
    return export_verified(checkpoint, output, _write, Pt2Inpainter)


def _write(model: Network, info: CheckpointInfo, path: Path) -> None:
    torch.export.save(_export_program(model), str(path), extra_files={KEY: describe_export(info, model)})


def _export_program(model: Network) -> torch.export.ExportedProgram:
    inputs, axes = dynamic_example_inputs(model)
    with warnings.catch_warnings():
        # Caused inside torch itself: torch.export calls a deprecated function.
        warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)
        program = torch.export.export(model.inference_module().eval(), inputs, dynamic_shapes=axes)
    for part in program.graph_module.modules():  # a block without gradients is a graph of its own
        for node in part.graph.nodes if isinstance(part, torch.fx.GraphModule) else ():
            for key in _DEBUG_KEYS:
                node.meta.pop(key, None)
    return program
