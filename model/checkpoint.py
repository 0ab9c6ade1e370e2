"""Checkpoints that describe themselves: safetensors files with architecture, training record and hash in the header."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from corinpaint.lasco.errors import CheckpointError, OutputError
from corinpaint.lasco.files import as_path, write_bytes
from corinpaint.lasco.version import __version__
from corinpaint.model.log_polar import LogPolarConfig, LogPolarStack
from corinpaint.model.metadata import (
    DOMAINS,
    FORMAT_VERSION,
    KEY,
    CheckpointInfo,
    default_checkpoint,
    read_info,
    read_verified,
    tensors_sha256,
    weights_dir,
)
from corinpaint.model.sequence import SequenceConfig, SequenceStack
from corinpaint.model.stack import LayerStack, StackConfig

__all__ = [
    "CheckpointInfo",
    "Network",
    "default_checkpoint",
    "load_checkpoint",
    "read_info",
    "save_checkpoint",
    "weights_dir",
]

Network = LayerStack | LogPolarStack
"""The architectures: as published, for whole images; and for log-polar windows, of which `SequenceStack` is one."""


def save_checkpoint(
    path: str | os.PathLike[str], model: Network, record: Mapping[str, Any] | None = None
) -> CheckpointInfo:
    """Write a model to a checkpoint; the file appears complete or not at all.

    Parameters
    ----------
    path : str or os.PathLike
        A ``.safetensors`` file; an existing one is replaced.
    model : LayerStack or LogPolarStack
        Its parameters are stored as float32, in the order of its state dict.
    record : mapping, optional
        `{"training": {...}, "data": {...}}`, values that JSON can represent.

    Returns
    -------
    CheckpointInfo
        The description as it is read back from the file.

    Raises
    ------
    CheckpointError
        The file cannot be written.
    """
    path = as_path(path, "path")
    record = record or {}
    tensors = {
        name: tensor.detach().to("cpu", torch.float32).contiguous() for name, tensor in model.state_dict().items()
    }
    description = {
        "format_version": FORMAT_VERSION,
        "corinpaint_version": __version__,
        "domain": model.domain,
        "multiple": model.multiple,
        "reach": model.reach,
        "sha256": tensors_sha256(
            (name, "F32", tuple(tensor.shape), tensor.numpy().astype("<f4", copy=False).tobytes())
            for name, tensor in tensors.items()
        ),
        "architecture": model.config.as_dict(),
        "training": dict(record.get("training", {})),
        "data": dict(record.get("data", {})),
    }
    content = save(tensors, metadata={KEY: json.dumps(description)})
    try:
        write_bytes(path, content, overwrite=True)
    except OutputError as error:
        raise CheckpointError(error.what, error.remedy) from error
    return read_info(path)


def load_checkpoint(path: str | os.PathLike[str]) -> tuple[Network, CheckpointInfo]:
    """Build the model that a checkpoint describes and load its weights.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    model : LayerStack or LogPolarStack
        On the CPU, in evaluation mode.
    info : CheckpointInfo

    Raises
    ------
    CheckpointError
        The file is missing, damaged, no checkpoint of this program, or does not match its own description.
    """
    info, content = read_verified(path)
    try:
        model = _build_model(info)
        model.load_state_dict(load(content))
    except (CheckpointError, SafetensorError, RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"{info.path}: its weights do not fit the architecture it describes ({error})", "fetch or train it again"
        ) from error
    return model.eval(), info


def _build_model(info: CheckpointInfo) -> Network:
    if DOMAINS[info.domain].takes_sequence:
        return SequenceStack(SequenceConfig.from_dict(info.architecture))
    if info.domain == LogPolarStack.domain:
        return LogPolarStack(LogPolarConfig.from_dict(info.architecture))
    return LayerStack(StackConfig.from_dict(info.architecture))
