"""The network as an ONNX model, one file; its inputs and outputs are those of the network's `inference_module`."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from corinpaint.export.examples import dynamic_example_inputs
from corinpaint.export.half import to_half_precision
from corinpaint.export.publish import describe
from corinpaint.export.verify import verify
from corinpaint.lasco.errors import CheckpointError, ExportError, OptionError
from corinpaint.lasco.files import aside
from corinpaint.model.checkpoint import Network, load_checkpoint
from corinpaint.model.metadata import KEY, read_info
from corinpaint.restore.engines import fingerprints
from corinpaint.restore.engines.onnx import OnnxInpainter

OPSET = 20
"""Operator set of the model; read by onnxruntime 1.17 and newer."""


def export(checkpoint: Path, output: Path, precision: str = "float32") -> Path:
    """Export a checkpoint to ONNX and prove that the model gives the same.

    Batch, height and width are dynamic, height and width in multiples of what the checkpoint states.

    Parameters
    ----------
    checkpoint : Path
        A ``.safetensors`` checkpoint.
    output : Path
        A ``.onnx`` file; replaced when it is there.
    precision : str
        'float32', or 'mixed' for convolutions in half precision: half the size, for GPUs; takes and gives float32.

    Returns
    -------
    Path
        `output`.

    Raises
    ------
    CheckpointError
        When the checkpoint cannot be read.
    ExportError
        When the model differs from the checkpoint, or the exporter's packages are missing; nothing is left behind.
    OutputError
        When the folder cannot be written to.
    OptionError
        When the precision is neither.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401  (torch.onnx needs it and says so less clearly)
    except ImportError as error:
        raise ExportError(f"{error.name} is not installed", "install corinpaint[export]") from error
    if precision not in fingerprints.TOLERANCE:
        raise OptionError(f"precision {precision!r}: choose {' or '.join(fingerprints.TOLERANCE)}")
    stack, info = load_checkpoint(checkpoint)
    with aside(output) as path:
        model = _strip_debug_info(_convert(to_half_precision(stack) if precision == "mixed" else stack))
        more = {"opset": OPSET, "file_sha256": fingerprints.BLANK}
        model.metadata_props.add(key=KEY, value=describe(info, stack, precision, **more))
        onnx.checker.check_model(model)
        path.write_bytes(fingerprints.sealed(model.SerializeToString(deterministic=True)))
        verify(OnnxInpainter(path), checkpoint)
    return output


def copy_or_export(checkpoint: Path, output: Path) -> None:
    """Copy the ONNX model beside a checkpoint when it was made from the same weights, else export one.

    So what is packed gives what the command line gives: equal to 1e-5 of the noise whatever the number of threads, bit
    for bit with the same number. Either way it is verified.

    Parameters
    ----------
    checkpoint : Path
        The model has the same name, ending ``.onnx``.
    output : Path
        A ``.onnx`` file.

    Raises
    ------
    CheckpointError, ExportError, OutputError
        As for `export`.
    """
    ready = _same_weights(checkpoint.with_suffix(".onnx"), checkpoint)
    if ready is None:
        export(checkpoint, output)
    else:
        verify(ready, checkpoint)
        shutil.copyfile(ready.info.path, output)


def _same_weights(model: Path, checkpoint: Path) -> OnnxInpainter | None:
    """An ONNX model, when it can be opened and was made from a checkpoint's weights in full precision."""
    try:
        inpainter = OnnxInpainter(model)
        same = inpainter.info.sha256 == read_info(checkpoint).sha256 and inpainter.info.precision == "float32"
        return inpainter if same else None
    except CheckpointError:
        if not checkpoint.is_file():
            raise
        return None


def _convert(stack: Network) -> Any:
    given, axes = dynamic_example_inputs(stack)
    with warnings.catch_warnings():
        # Of torch's own making: a deprecated call inside torch.export, and axis names that two inputs share.
        warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)
        warnings.filterwarnings("ignore", message="# The axis name", category=UserWarning)
        program = torch.onnx.export(
            stack.inference_module().eval(),
            given,
            dynamo=True,
            verbose=False,
            input_names=list(stack.inputs),
            output_names=list(stack.outputs),
            dynamic_shapes=axes,
            opset_version=OPSET,
            custom_translation_table={torch.ops.aten.asinh.default: _portable_asinh()},
        )
    if program is None:
        raise ExportError("torch.onnx gave no model", "check that torch and onnxscript fit together")
    return program.model_proto


def _portable_asinh() -> Callable[..., Any]:
    """The inverse hyperbolic sine of operators that onnxruntime has for CUDA too: its Asinh is for the CPU alone."""
    from onnxscript import opset18 as op

    def asinh(self: Any) -> Any:
        size = op.Abs(self)
        return op.Sign(self) * op.Log(size + op.Sqrt(size * size + op.Constant(value_float=1.0)))

    return asinh


def _strip_debug_info(model: Any) -> Any:
    """Remove the exporter's notes: stack traces with the paths of the machine that it ran on."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return model
