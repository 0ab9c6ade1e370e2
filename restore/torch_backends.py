"""The engines that need torch: the checkpoint itself and its TorchScript trace."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from corinpaint.lasco.errors import CheckpointError
from corinpaint.model.metadata import KEY
from corinpaint.restore.backends import Filled, Image, ModelInfo, parse_info

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


def _torch(threads: int) -> Any:
    try:
        import torch
    except ImportError as error:
        raise CheckpointError("torch is not installed; install corinpaint[train], or use an .onnx model") from error
    if threads:
        torch.set_num_threads(threads)
    return torch


def _run(model: Callable[..., tuple[Tensor, ...]], *given: Image | None) -> Filled:
    import torch

    with torch.inference_mode():
        outputs = model(*(torch.from_numpy(array.copy()) for array in given if array is not None))
    return Filled(*(np.asarray(output.numpy()) for output in outputs))


class TorchInpainter:
    """The network in eager torch, from a checkpoint.

    Parameters
    ----------
    path : Path
        A ``.safetensors`` checkpoint.
    threads : int
        Threads of torch in this process; 0 leaves them as they are.

    Raises
    ------
    CheckpointError
        When torch is not installed or the checkpoint cannot be read.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        _torch(threads)
        from corinpaint.model.checkpoint import load_checkpoint

        stack, info = load_checkpoint(path)
        self._model = stack.restorer().eval()
        self.info = ModelInfo(
            path, "torch", info.corinpaint_version, info.sha256, info.multiple, info.reach, info.domain
        )

    def fill(self, image: Image, mask: Image, place: Image | None = None) -> Filled:
        """See `corinpaint.restore.backends.Inpainter.fill`."""
        return _run(self._model, image, mask, place)


class TorchScriptInpainter:
    """The network as a TorchScript trace.

    Parameters
    ----------
    path : Path
        A ``.pt`` file of ``corinpaint export torchscript``.
    threads : int
        Threads of torch in this process; 0 leaves them as they are.

    Raises
    ------
    CheckpointError
        When torch is not installed, or the file is missing, damaged or no export of CorInpaint.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        torch = _torch(threads)
        if not path.is_file():
            raise CheckpointError(f"{path}: no such model; make one with `corinpaint export torchscript`")
        extra = {KEY: ""}
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=".*torch.jit.*", category=DeprecationWarning)
                self._model = torch.jit.load(str(path), map_location="cpu", _extra_files=extra)
        except (RuntimeError, ValueError) as error:
            first = (str(error).splitlines() or [""])[0][:200]
            raise CheckpointError(f"{path}: not a readable TorchScript file ({first}); export it again") from error
        self.info = parse_info(path, "torchscript", _text(extra[KEY]))

    def fill(self, image: Image, mask: Image, place: Image | None = None) -> Filled:
        """See `corinpaint.restore.backends.Inpainter.fill`."""
        return _run(self._model, image, mask, place)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
