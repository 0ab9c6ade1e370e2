"""A model repository for NVIDIA's Triton Inference Server: the ONNX model and its configuration."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from corinpaint.export import onnx
from corinpaint.lasco.errors import ExportError, OptionError, OutputError
from corinpaint.lasco.files import folder_beside
from corinpaint.model.metadata import default_checkpoint, read_info

NAME = "corinpaint"
"""Name of the model and of its folder."""

INSTANCE_KINDS = {"cpu": "KIND_CPU", "gpu": "KIND_GPU"}
"""Device of an instance of the model, as Triton names it."""

MAX_BATCH_SIZE = 8
"""Maximum number of windows of a batch."""

MAX_QUEUE_DELAY = 2000
"""Maximum time that a window waits for others to form a batch, microseconds."""

WARMUP_SIDE = 384
"""Side of the windows with which the model is warmed up, px: the size that `corinpaint.restore` uses."""

HEADER_COMMENT = "# Made by `corinpaint export triton`; it replaces this folder when it is run again."
"""First line of the configuration; a folder without it is not replaced."""

_TYPES = {1: "TYPE_FP32", 10: "TYPE_FP16"}
"""Triton's data types by their number in ONNX (onnx.TensorProto.DataType)."""


def export(checkpoint: Path | None, output: Path, kind: str = "cpu") -> Path:
    """Write a model repository.

    The ONNX model beside the checkpoint is copied when it was made from the same weights; else one is exported. It is
    verified in either case.

    Parameters
    ----------
    checkpoint : Path or None
        A ``.safetensors`` checkpoint; None for the shipped one.
    output : Path
        Folder of the repository. The model is in its subfolder `NAME`; one that this function made is replaced,
        any other is refused.
    kind : str
        Device of the model: 'cpu' or 'gpu'.

    Returns
    -------
    Path
        Folder of the model.

    Raises
    ------
    CheckpointError
        The checkpoint cannot be read.
    ExportError
        The ONNX model differs from the checkpoint, or onnx is not installed; no file is left then.
    OptionError
        The kind is unknown.
    OutputError
        The folder cannot be written to, or its subfolder `NAME` was not made by this function.
    """
    try:
        from onnx import load
    except ImportError as error:
        raise ExportError("onnx is not installed", "install corinpaint[export]") from error
    if kind not in INSTANCE_KINDS:
        raise OptionError(f"kind {kind!r}: a model runs on {' or '.join(INSTANCE_KINDS)}")
    checkpoint = checkpoint or default_checkpoint()
    sha256 = read_info(checkpoint).sha256
    target = output / NAME
    _refuse_foreign_folder(target)
    with folder_beside(target) as folder:
        model = folder / NAME / "1" / "model.onnx"
        model.parent.mkdir(parents=True)
        onnx.copy_or_export(checkpoint, model)
        graph = load(str(model), load_external_data=False).graph
        (folder / NAME / "config.pbtxt").write_text(configuration(graph, kind, sha256))
        if target.exists():
            os.replace(target, folder / "before")
        os.replace(folder / NAME, target)
    return target


def configuration(graph: Any, kind: str, sha256: str) -> str:
    """Configuration of a model in the text format of Triton's ``ModelConfig``.

    Parameters
    ----------
    graph : onnx.GraphProto
        Graph of the model; the first axis of every input and output is the batch.
    kind : str
        Device, 'cpu' or 'gpu'.
    sha256 : str
        Hash of the weights, for a comment.

    Returns
    -------
    str
    """
    lines = [
        HEADER_COMMENT,
        f"# Weights sha256 {sha256}. What goes in and comes out: docs/how_to/pipeline.md of CorInpaint.",
        f'name: "{NAME}"',
        'platform: "onnxruntime_onnx"',
        f"max_batch_size: {MAX_BATCH_SIZE}",
        *_tensor_list("input", graph.input),
        *_tensor_list("output", graph.output),
        f"dynamic_batching {{ max_queue_delay_microseconds: {MAX_QUEUE_DELAY} }}",
        f"instance_group [ {{ count: 1 kind: {INSTANCE_KINDS[kind]} }} ]",
        "# Patterns of memory double what is held, and make the second run slow.",
        'parameters { key: "enable_mem_pattern" value { string_value: "0" } }',
        "# One run before Triton says that it is ready.",
        "model_warmup [ {",
        '  name: "one window"',
        "  batch_size: 1",
        *(line for tensor in graph.input for line in _warmup_input(tensor)),
        "} ]",
    ]
    return "\n".join(lines) + "\n"


def _tensor_list(field: str, tensors: Iterable[Any]) -> list[str]:
    parts = [f'  {{ name: "{one.name}" data_type: {_type(one)} dims: {_dims(one)} }}' for one in tensors]
    return [f"{field} [", ",\n".join(parts), "]"]


def _warmup_input(tensor: Any) -> list[str]:
    """Random numbers as warm-up input: zeros would give windows at radius 0, and a division by it."""
    dims = [WARMUP_SIDE if size < 0 else size for size in _dims(tensor)]
    return [
        f'  inputs {{ key: "{tensor.name}" value {{ data_type: {_type(tensor)} dims: {dims} random_data: true }} }}'
    ]


def _type(tensor: Any) -> str:
    return _TYPES[tensor.type.tensor_type.elem_type]


def _dims(tensor: Any) -> list[int]:
    """Lengths of the axes without the batch; -1 where they are dynamic."""
    return [-1 if axis.dim_param else int(axis.dim_value) for axis in tensor.type.tensor_type.shape.dim[1:]]


def _refuse_foreign_folder(target: Path) -> None:
    if not target.exists():
        return
    config = target / "config.pbtxt"
    if not config.is_file() or not config.read_text(errors="replace").startswith(HEADER_COMMENT):
        raise OutputError(f"{target}: exists and was not made by this command", "remove it, or choose another folder")
