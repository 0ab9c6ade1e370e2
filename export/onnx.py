"""The network as an ONNX model in one file; its inputs and outputs are those of the network's `inference_module`."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from corinpaint.export.examples import dynamic_example_inputs
from corinpaint.export.half import to_half_precision
from corinpaint.export.publish import describe_export, export_verified
from corinpaint.export.verify import verify
from corinpaint.lasco.errors import CheckpointError, ExportError, OptionError
from corinpaint.model.checkpoint import Network
from corinpaint.model.metadata import KEY, CheckpointInfo, read_info
from corinpaint.restore.engines import fingerprints
from corinpaint.restore.engines.onnx import OnnxInpainter

OPSET = 20
"""Version of the ONNX operator set; onnxruntime 1.17 and newer read it."""

IR_VERSION = 9
"""Version of the ONNX file format. It has all that the network needs, and onnxruntime 1.17 reads no newer one; torch
writes 10."""


def export(checkpoint: Path, output: Path, precision: str = "float32") -> Path:
    """Export a checkpoint to ONNX and verify the model.

    Batch size, height and width are dynamic; height and width are multiples of `CheckpointInfo.multiple`.

    Parameters
    ----------
    checkpoint : Path
        A ``.safetensors`` checkpoint.
    output : Path
        A ``.onnx`` file; an existing one is replaced.
    precision : str
        'float32', or 'mixed': convolutions in half precision (half the size, for GPUs), float32 inputs and outputs.

    Returns
    -------
    Path
        `output`.

    Raises
    ------
    CheckpointError, ExportError, OutputError
        As `corinpaint.export.publish.export_verified`; ExportError also when packages of the exporter are missing.
    OptionError
        The precision is neither.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401  (torch.onnx needs it, and its own message is less clear)
    except ImportError as error:
        raise ExportError(f"{error.name} is not installed", "install corinpaint[export]") from error
    if precision not in fingerprints.TOLERANCE:
        raise OptionError(f"precision {precision!r}: choose {' or '.join(fingerprints.TOLERANCE)}")

    def write(network: Network, info: CheckpointInfo, path: Path) -> None:
        model = _strip_debug_info(_convert(to_half_precision(network) if precision == "mixed" else network))
        more = {"opset": OPSET, "file_sha256": fingerprints.BLANK}
        model.metadata_props.add(key=KEY, value=describe_export(info, network, precision, **more))
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model)
        path.write_bytes(fingerprints.sealed(model.SerializeToString(deterministic=True)))

    return export_verified(checkpoint, output, write, OnnxInpainter)


def copy_or_export(checkpoint: Path, output: Path) -> None:
    """Copy the ONNX model beside a checkpoint when it was made from the same weights; else export one.

    The copy gives the same results as the command line: equal to 1e-5 of the noise for any number of threads, and
    bit-identical for the same number. The model is verified in either case.

    Parameters
    ----------
    checkpoint : Path
        The model beside it has the same name with the suffix ``.onnx``.
    output : Path
        A ``.onnx`` file; an existing one is replaced.

    Raises
    ------
    CheckpointError, ExportError, OutputError
        As `export`.
    """
    ready = _same_weights(checkpoint.with_suffix(".onnx"), checkpoint)
    if ready is None:
        export(checkpoint, output)
    else:
        verify(ready, checkpoint)
        shutil.copyfile(ready.info.path, output)


def _same_weights(model: Path, checkpoint: Path) -> OnnxInpainter | None:
    """An opened ONNX model if it was made from the weights of a checkpoint in float32; else None."""
    try:
        inpainter = OnnxInpainter(model)
        same = inpainter.info.sha256 == read_info(checkpoint).sha256 and inpainter.info.precision == "float32"
        return inpainter if same else None
    except CheckpointError:
        if not checkpoint.is_file():
            raise
        return None


def _convert(network: Network) -> Any:
    inputs, axes = dynamic_example_inputs(network)
    with warnings.catch_warnings():
        # Caused inside torch itself: a deprecated function, and an axis name that two inputs share.
        warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)
        warnings.filterwarnings("ignore", message="# The axis name", category=UserWarning)
        program = torch.onnx.export(
            network.inference_module().eval(),
            inputs,
            dynamo=True,
            verbose=False,
            input_names=list(network.inputs),
            output_names=list(network.outputs),
            dynamic_shapes=axes,
            opset_version=OPSET,
            custom_translation_table={torch.ops.aten.asinh.default: _portable_asinh()},
        )
    if program is None:
        raise ExportError(
            "torch.onnx returned no model", "check that the versions of torch and onnxscript are compatible"
        )
    return program.model_proto


def _portable_asinh() -> Callable[..., Any]:
    """Inverse hyperbolic sine from operators that onnxruntime has for CUDA too; its Asinh runs on the CPU only."""
    from onnxscript import opset18 as op

    def asinh(self: Any) -> Any:
        size = op.Abs(self)
        return op.Sign(self) * op.Log(size + op.Sqrt(size * size + op.Constant(value_float=1.0)))

    return asinh


def _strip_debug_info(model: Any) -> Any:
    """Remove the stack traces of the exporter, which hold paths of this machine."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return model
