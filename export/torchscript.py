"""The network as a frozen TorchScript trace, for hosts that run libtorch."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import torch

from corinpaint.export.examples import example_inputs
from corinpaint.export.publish import describe
from corinpaint.export.verify import verify
from corinpaint.lasco.files import aside
from corinpaint.model.checkpoint import load_checkpoint
from corinpaint.model.metadata import KEY
from corinpaint.restore.engines.torch import TorchScriptInpainter

_SERIALIZATION_ID = b"0" * 40
"""In place of torch's serialization id, a hash over what is left out here too. What still differs is the number that
torch puts behind the names of classes in `code` when more than one trace was made in the process."""


def export(checkpoint: Path, output: Path) -> Path:
    """Trace a checkpoint and prove that the trace gives the same.

    Parameters
    ----------
    checkpoint : Path
        A ``.safetensors`` checkpoint.
    output : Path
        A ``.pt`` file; replaced when it is there.

    Returns
    -------
    Path
        `output`.

    Raises
    ------
    CheckpointError
        When the checkpoint cannot be read.
    ExportError
        When the trace differs from the checkpoint; nothing is left behind then.
    OutputError
        When the folder cannot be written to.
    """
    stack, info = load_checkpoint(checkpoint)
    given = example_inputs(stack, batch=1, rows=2 * info.multiple, columns=2 * info.multiple)
    with aside(output) as path:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*torch.jit.*", category=DeprecationWarning)
            trace = torch.jit.freeze(_trace(stack.inference_module().eval(), given))
            traced = path.with_name(f"traced-{path.name}")
            torch.jit.save(trace, str(traced), _extra_files={KEY: describe(info, stack)})
        _strip_debug_files(traced, path)
        verify(TorchScriptInpainter(path), checkpoint)
    return output


def _trace(model: torch.nn.Module, given: tuple[torch.Tensor, ...]) -> torch.jit.ScriptModule:
    traced: torch.jit.ScriptModule = torch.jit.trace(model, given, check_trace=False)  # type: ignore[no-untyped-call]
    return traced


def _strip_debug_files(traced: Path, output: Path) -> None:
    """Copy a trace without torch's notes beside the code: where in the source it stands, with this machine's paths."""
    with zipfile.ZipFile(traced) as source, zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as target:
        for member in source.infolist():
            if not member.filename.endswith(".debug_pkl"):
                name = f"{output.stem}/{member.filename.split('/', 1)[1]}"
                known = name.endswith("/.data/serialization_id")
                target.writestr(zipfile.ZipInfo(name), _SERIALIZATION_ID if known else source.read(member))
