"""The network as a frozen TorchScript trace, for programs that use libtorch."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import torch

from corinpaint.export.examples import example_inputs
from corinpaint.export.publish import describe_export, export_verified
from corinpaint.model.checkpoint import Network
from corinpaint.model.metadata import KEY, CheckpointInfo
from corinpaint.restore.engines.torch import TorchScriptInpainter

_SERIALIZATION_ID = b"0" * 40
"""Replaces the serialization id of torch, which is a hash over the debug files too that are left out here.

One difference between two exports of the same checkpoint remains: when a process makes more than one trace, torch adds
a number to the names of classes in `code`."""


def export(checkpoint: Path, output: Path) -> Path:
    """Trace a checkpoint and verify the trace.

    Parameters
    ----------
    checkpoint : Path
        A ``.safetensors`` checkpoint.
    output : Path
        A ``.pt`` file; an existing one is replaced.

    Returns
    -------
    Path
        `output`.

    Raises
    ------
    CheckpointError, ExportError, OutputError
        As `corinpaint.export.publish.export_verified`.
    """
    return export_verified(checkpoint, output, _write, TorchScriptInpainter)


def _write(model: Network, info: CheckpointInfo, path: Path) -> None:
    inputs = example_inputs(model, batch=1, rows=2 * info.multiple, columns=2 * info.multiple)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=DeprecationWarning)
        trace = torch.jit.freeze(_trace(model.inference_module().eval(), inputs))
        with_debug_files = path.with_name(f"traced-{path.name}")
        torch.jit.save(trace, str(with_debug_files), _extra_files={KEY: describe_export(info, model)})
    _strip_debug_files(with_debug_files, path)


def _trace(model: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> torch.jit.ScriptModule:
    traced: torch.jit.ScriptModule = torch.jit.trace(model, inputs, check_trace=False)  # type: ignore[no-untyped-call]
    return traced


def _strip_debug_files(source: Path, output: Path) -> None:
    """Copy a trace without its debug files, which record the source of the code with paths of this machine."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as target:
        for member in archive.infolist():
            if not member.filename.endswith(".debug_pkl"):
                name = f"{output.stem}/{member.filename.split('/', 1)[1]}"
                is_id = name.endswith("/.data/serialization_id")
                target.writestr(zipfile.ZipInfo(name), _SERIALIZATION_ID if is_id else archive.read(member))
