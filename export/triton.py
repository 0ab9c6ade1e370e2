"""A model repository for NVIDIA's Triton Inference Server: the ONNX model and the configuration it is served by."""

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
"""Of the model, and of its folder."""

INSTANCE_KINDS = {"cpu": "KIND_CPU", "gpu": "KIND_GPU"}
"""What an instance of the model runs on, in Triton's words."""

MAX_BATCH_SIZE = 8
"""Windows that Triton gives the network at once at the most."""

MAX_QUEUE_DELAY = 2000
"""Microseconds that a window waits for others to come."""

WARMUP_SIDE = 384
"""Side of the windows that `corinpaint.restore` takes, px: what the model is warmed up with."""

HEADER_COMMENT = "# Made by `corinpaint export triton`; it replaces this folder when it is run again."

_TYPES = {1: "TYPE_FP32", 10: "TYPE_FP16"}
"""By ONNX's number of the data type (onnx.TensorProto.DataType)."""


def export(checkpoint: Path | None, output: Path, kind: str = "cpu") -> Path:
    """Write a model repository.

    The ONNX model beside the checkpoint is taken when it was made from the same weights, else one is made; either way
    it is verified.

    Parameters
    ----------
    checkpoint : Path or None
        A ``.safetensors`` checkpoint; None for the shipped one.
    output : Path
        Folder of the repository; the model gets a folder `NAME` in it. One that this function made is replaced, and
        nothing else.
    kind : str
        What it runs on: 'cpu' or 'gpu'.

    Returns
    -------
    Path
        Folder of the model.

    Raises
    ------
    CheckpointError
        When the checkpoint cannot be read.
    ExportError
        When an export differs from the checkpoint, or onnx is not installed; nothing is left behind.
    OptionError
        When the kind is unknown.
    OutputError
        When the folder cannot be written to, or holds a model `NAME` of somebody else.
    """
    try:
        from onnx import load
    except ImportError as error:
        raise ExportError("onnx is not installed", "install corinpaint[export]") from error
    if kind not in INSTANCE_KINDS:
        raise OptionError(f"{kind!r}: a model runs on {' or '.join(INSTANCE_KINDS)}")
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
    """The configuration of a model, in the text format of Triton's ``ModelConfig``.

    Parameters
    ----------
    graph : onnx.GraphProto
        Its inputs and outputs are what the configuration names; the first axis of each is the batch.
    kind : str
        'cpu' or 'gpu'.
    sha256 : str
        Of the weights.

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
        *(line for end in graph.input for line in _warmup_input(end)),
        "} ]",
    ]
    return "\n".join(lines) + "\n"


def _tensor_list(field: str, ends: Iterable[Any]) -> list[str]:
    parts = [f'  {{ name: "{end.name}" data_type: {_type(end)} dims: {_dims(end)} }}' for end in ends]
    return [f"{field} [", ",\n".join(parts), "]"]


def _warmup_input(end: Any) -> list[str]:
    """Random windows: zeros would divide by a radius of zero."""
    dims = [WARMUP_SIDE if size < 0 else size for size in _dims(end)]
    return [f'  inputs {{ key: "{end.name}" value {{ data_type: {_type(end)} dims: {dims} random_data: true }} }}']


def _type(end: Any) -> str:
    return _TYPES[end.type.tensor_type.elem_type]


def _dims(end: Any) -> list[int]:
    """Sizes without the batch; -1 where they are free."""
    return [-1 if axis.dim_param else int(axis.dim_value) for axis in end.type.tensor_type.shape.dim[1:]]


def _refuse_foreign_folder(target: Path) -> None:
    if not target.exists():
        return
    config = target / "config.pbtxt"
    if not config.is_file() or not config.read_text(errors="replace").startswith(HEADER_COMMENT):
        raise OutputError(f"{target}: is there and was not made by this command", "remove it, or choose another folder")
