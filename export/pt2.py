"""The network as a program of torch.export, the successor of TorchScript."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from corinpaint.export.examples import dynamic_example_inputs
from corinpaint.export.publish import describe
from corinpaint.export.verify import verify
from corinpaint.lasco.files import aside
from corinpaint.model.checkpoint import Network, load_checkpoint
from corinpaint.model.metadata import KEY
from corinpaint.restore.engines.torch import Pt2Inpainter

_DEBUG_KEYS = ("stack_trace", "nn_module_stack", "source_fn_stack", "torch_fn", "from_node")
"""What torch notes beside every operation: where in the source it stands, with the paths of this machine."""


def export(checkpoint: Path, output: Path) -> Path:
    """Export a checkpoint with torch.export and prove that the program gives the same.

    Batch, height and width are dynamic, height and width in multiples of what the checkpoint states.

    Parameters
    ----------
    checkpoint : Path
        A ``.safetensors`` checkpoint.
    output : Path
        A ``.pt2`` file; replaced when it is there.

    Returns
    -------
    Path
        `output`.

    Raises
    ------
    CheckpointError
        When the checkpoint cannot be read.
    ExportError
        When the program differs from the checkpoint; nothing is left behind then.
    OutputError
        When the folder cannot be written to.
    """
    stack, info = load_checkpoint(checkpoint)
    with aside(output) as path:
        program = _export_program(stack)
        torch.export.save(program, str(path), extra_files={KEY: describe(info, stack)})
        verify(Pt2Inpainter(path), checkpoint)
    return output


def _export_program(stack: Network) -> torch.export.ExportedProgram:
    given, axes = dynamic_example_inputs(stack)
    with warnings.catch_warnings():
        # Of torch's own making: a deprecated call inside torch.export.
        warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)
        program = torch.export.export(stack.inference_module().eval(), given, dynamic_shapes=axes)
    for part in program.graph_module.modules():  # a block without gradients is a graph of its own
        for node in part.graph.nodes if isinstance(part, torch.fx.GraphModule) else ():
            for note in _DEBUG_KEYS:
                node.meta.pop(note, None)
    return program
