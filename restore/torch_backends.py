"""The engines that need torch: the checkpoint itself, its TorchScript trace, and its program of torch.export."""

from __future__ import annotations

import json
import re
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from corinpaint.lasco.errors import CheckpointError
from corinpaint.model.metadata import KEY
from corinpaint.restore import fingerprint
from corinpaint.restore.backends import Filled, Image, ModelInfo, check_shapes, parse_info

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
        fingerprint.check_members(path)
        extra = {KEY: ""}
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=".*torch.jit.*", category=DeprecationWarning)
                self._model = torch.jit.load(str(path), map_location="cpu", _extra_files=extra)
        except (RuntimeError, ValueError) as error:
            first = (str(error).splitlines() or [""])[0][:200]
            raise CheckpointError(f"{path}: not a readable TorchScript file ({first}); export it again") from error
        self.info = parse_info(path, "torchscript", _text(extra[KEY]))
        _check(self, _text(extra[KEY]))

    def fill(self, image: Image, mask: Image, place: Image | None = None) -> Filled:
        """See `corinpaint.restore.backends.Inpainter.fill`."""
        check_shapes(self.info, image, mask, place)
        return _run(self._model, image, mask, place)


class Pt2Inpainter:
    """The network as a program of torch.export.

    Reading such a file can run code that is written in it: tensors that are pickled, and sizes that are given as
    expressions, which torch evaluates. Pickled ones are refused here; still, only open what you trust.

    Parameters
    ----------
    path : Path
        A ``.pt2`` file of ``corinpaint export pt2``.
    threads : int
        Threads of torch in this process; 0 leaves them as they are.

    Raises
    ------
    CheckpointError
        When torch is not installed, or the file is missing, damaged, no export of CorInpaint, or holds pickles.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        torch = _torch(threads)
        if not path.is_file():
            raise CheckpointError(f"{path}: no such model; make one with `corinpaint export pt2`")
        fingerprint.check_members(path)
        text = _described(path)
        info = parse_info(path, "torch.export", text)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", category=FutureWarning, module="torch")
                self._model = torch.export.load(str(path)).module(check_guards=False)
        except Exception as error:  # torch raises many kinds here, of its own and of its parsers'
            first = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise CheckpointError(f"{path}: not a readable program ({first}); export it again") from error
        self.info = info
        _check(self, text)

    def fill(self, image: Image, mask: Image, place: Image | None = None) -> Filled:
        """See `corinpaint.restore.backends.Inpainter.fill`."""
        check_shapes(self.info, image, mask, place)
        return _run(self._model, image, mask, place)


def _check(engine: TorchScriptInpainter | Pt2Inpainter, text: str) -> None:
    info = engine.info
    answer = engine.fill(*fingerprint.given(info.domain, info.multiple))
    fingerprint.check(info.path, info.engine, text, answer)


_MEMBERS = re.compile(
    r"data/(weights|constants)/((weight|tensor)_\d+|model_(weights|constants)_config\.json)"
    rf"|models/model\.json|data/sample_inputs/model\.pt|extra/{KEY}"
    r"|archive_format|archive_version|byteorder|version|\.data/(version|serialization_id)"
)
"""What a ``.pt2`` file may hold: no library, nothing pickled but sample inputs, which torch reads as tensors alone."""


def _described(path: Path) -> str:
    """Description inside a ``.pt2`` file in which nothing would be unpickled without limits, and no library loaded."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.split("/", 1)[-1]: name for name in archive.namelist()}
            configs = [json.loads(archive.read(names[name])) for name in names if name.endswith("_config.json")]
            plain = all(
                not entry["use_pickle"] and _MEMBERS.fullmatch(f"data/weights/{entry['path_name']}")
                for config in configs
                for entry in config["config"].values()
            )
            if not plain or not all(map(_MEMBERS.fullmatch, names)):
                raise CheckpointError(
                    f"{path}: holds pickled objects or libraries, which can run code; export it again"
                )
            return archive.read(names[f"extra/{KEY}"]).decode()
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path}: not an export of CorInpaint (no description inside); make one with `corinpaint export pt2`"
        ) from error


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
