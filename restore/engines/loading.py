"""Opening a model with the engine that its file name asks for."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from threading import Lock

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.files import as_path
from corinpaint.restore.engines.base import Inpainter
from corinpaint.restore.engines.onnx import OnnxInpainter, default_onnx

_OPENING = Lock()


def load(
    path: str | os.PathLike[str] | None = None, threads: int = 1, provider: str = "cpu", spin: bool = True
) -> Inpainter:
    """Open a model with the engine that its file name asks for; once per process, however many threads ask for it.

    Parameters
    ----------
    path : str, os.PathLike or None
        ``.onnx``, ``.pt`` (TorchScript), ``.pt2`` (torch.export) or ``.safetensors`` (checkpoint); None for the shipped
        ONNX export.
    threads : int
        Threads per run; 0 leaves the choice to the engine.
    provider : str
        Of onnxruntime: 'cpu', 'cuda' or 'tensorrt'.
    spin : bool
        Of onnxruntime: see `OnnxInpainter`.

    Returns
    -------
    Inpainter

    Raises
    ------
    CheckpointError
        When the model cannot be opened.
    OptionError
        When the ending is none of the four, or the provider is unavailable.
    """
    with _OPENING:  # the cache alone would let threads that ask at the same time open one each
        return _load(default_onnx() if path is None else as_path(path, "path"), threads, provider, spin)


@lru_cache(maxsize=4)
def _load(path: Path, threads: int, provider: str, spin: bool) -> Inpainter:
    if path.suffix == ".onnx":
        return OnnxInpainter(path, threads, provider, spin)
    if path.suffix not in (".pt", ".pt2", ".safetensors"):
        raise OptionError(f"{path}: unknown kind of model", "give a .onnx, .pt, .pt2 or .safetensors file")
    if provider != "cpu":
        raise OptionError(
            f"{path}: provider {provider!r} is one of onnxruntime's", "give an .onnx file, or leave it out"
        )
    from corinpaint.restore.engines import torch

    if path.suffix == ".pt":
        return torch.TorchScriptInpainter(path, threads)
    if path.suffix == ".pt2":
        return torch.Pt2Inpainter(path, threads)
    return torch.TorchInpainter(path, threads)
