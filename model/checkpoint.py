"""Checkpoints that describe themselves: safetensors with architecture, training record and hash in the header."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from corinpaint.lasco.errors import CheckpointError
from corinpaint.lasco.version import __version__
from corinpaint.model.log_polar import StraightConfig, StraightStack
from corinpaint.model.metadata import (
    FORMAT_VERSION,
    KEY,
    CheckpointInfo,
    default_checkpoint,
    read_info,
    read_verified,
    tensors_sha256,
    weights_dir,
)
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

Network = LayerStack | StraightStack
"""The two designs: as published, and for straightened windows."""


def save_checkpoint(path: str | Path, model: Network, record: Mapping[str, Any] | None = None) -> CheckpointInfo:
    """Write a model; the file appears complete or not at all.

    Parameters
    ----------
    path : str or Path
    model : LayerStack or StraightStack
    record : mapping, optional
        `{"training": {...}, "data": {...}}`, plain values for JSON.

    Returns
    -------
    CheckpointInfo

    Raises
    ------
    CheckpointError
        The folder cannot be written to.
    """
    path = Path(path)
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
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(content)
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise CheckpointError(f"{path}: cannot be written ({error}); choose a folder that can be written to") from error
    return read_info(path)


def load_checkpoint(path: str | Path) -> tuple[Network, CheckpointInfo]:
    """Build the model that a checkpoint describes and load its weights.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    model : LayerStack or StraightStack
        On the CPU, in evaluation mode.
    info : CheckpointInfo

    Raises
    ------
    CheckpointError
        The file is missing, damaged, foreign, or does not match its own description.
    """
    info, content = read_verified(path)
    try:
        model = _built(info)
        model.load_state_dict(load(content))
    except (CheckpointError, SafetensorError, RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"{info.path}: its weights do not fit the architecture it describes ({error}); fetch or train it again"
        ) from error
    return model.eval(), info


def _built(info: CheckpointInfo) -> Network:
    if info.domain == StraightStack.domain:
        return StraightStack(StraightConfig.from_dict(info.architecture))
    return LayerStack(StackConfig.from_dict(info.architecture))
