"""What all exports have in common: each describes itself, is verified, and appears complete or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from corinpaint.export.verify import single_thread, verify
from corinpaint.lasco.files import aside
from corinpaint.lasco.version import __version__
from corinpaint.model.checkpoint import Network, load_checkpoint
from corinpaint.model.metadata import CheckpointInfo
from corinpaint.restore.engines import fingerprints
from corinpaint.restore.engines.base import Inpainter


def export_verified(
    checkpoint: Path,
    output: Path,
    write: Callable[[Network, CheckpointInfo, Path], None],
    engine: Callable[[Path], Inpainter],
) -> Path:
    """Export a checkpoint to one file, and verify that the file gives the same results.

    Parameters
    ----------
    checkpoint : Path
        A ``.safetensors`` checkpoint.
    output : Path
        The exported file; an existing one is replaced.
    write : callable
        Takes the network (on the CPU, in evaluation mode), the description of the checkpoint, and the path to write to.
    engine : callable
        Opens the written file for inference.

    Returns
    -------
    Path
        `output`.

    Raises
    ------
    CheckpointError
        The checkpoint cannot be read.
    ExportError
        The results of the export differ from those of the checkpoint; no file is left then.
    OutputError
        The folder cannot be written to.
    """
    model, info = load_checkpoint(checkpoint)
    with aside(output) as path:
        write(model, info, path)
        verify(engine(path), checkpoint)
    return output


def describe_export(info: CheckpointInfo, model: Network, precision: str = "float32", **more: Any) -> str:
    """The description that an export carries, as `corinpaint.restore.engines.base.parse_info` reads it.

    Parameters
    ----------
    info : CheckpointInfo
    model : LayerStack or LogPolarStack
        In float32: the fingerprint is computed with it.
    precision : str
        Precision of the export: 'float32', or 'mixed' where the convolutions are in half precision.
    **more
        Further entries, values that JSON can represent.

    Returns
    -------
    str
        JSON; docs/how_to/export.md lists the keys.
    """
    inputs = fingerprints.given(info.domain, info.multiple)
    with single_thread(), torch.inference_mode():  # the same digits on every machine with the same torch
        outputs = model.inference_module().eval()(*map(torch.from_numpy, inputs))
    return json.dumps(
        {
            "corinpaint_version": info.corinpaint_version,
            "exported_by": __version__,
            "sha256": info.sha256,
            "multiple": info.multiple,
            "reach": info.reach,
            "domain": info.domain,
            "inputs": model.inputs,
            "outputs": model.outputs,
            "uncertainty": model.outputs[2] if len(model.outputs) > 2 else None,
            "precision": precision,
            "fingerprint": fingerprints.take([output.numpy() for output in outputs], precision),
            **more,
        },
        sort_keys=True,
    )
