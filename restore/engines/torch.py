"""The engines that need torch: the checkpoint itself, its TorchScript trace, and its program of torch.export."""

from __future__ import annotations

import io
import json
import re
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from corinpaint.lasco.errors import CheckpointError
from corinpaint.model.metadata import KEY
from corinpaint.restore.engines import fingerprints
from corinpaint.restore.engines.base import Filled, Image, ModelInfo, check_shapes, parse_info

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


def _torch(threads: int) -> Any:
    try:
        import torch
    except ImportError as error:
        raise CheckpointError("torch is not installed", "install corinpaint[train], or use an .onnx model") from error
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
        self._model = stack.inference_module().eval()
        self.info = ModelInfo(
            path, "torch", info.corinpaint_version, info.sha256, info.multiple, info.reach, info.domain
        )

    def fill(self, image: Image, mask: Image, place: Image | None = None) -> Filled:
        """See `corinpaint.restore.engines.base.Inpainter.fill`."""
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
            raise CheckpointError(f"{path}: no such model", "make one with `corinpaint export torchscript`")
        fingerprints.check_members(path)
        extra = {KEY: ""}
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=".*torch.jit.*", category=DeprecationWarning)
                self._model = torch.jit.load(str(path), map_location="cpu", _extra_files=extra)
        except (RuntimeError, ValueError) as error:
            first = (str(error).splitlines() or [""])[0][:200]
            raise CheckpointError(f"{path}: not a readable TorchScript file ({first})", "export it again") from error
        self.info = parse_info(path, "torchscript", _text(extra[KEY]))
        _check(self, _text(extra[KEY]))

    def fill(self, image: Image, mask: Image, place: Image | None = None) -> Filled:
        """See `corinpaint.restore.engines.base.Inpainter.fill`."""
        check_shapes(self.info, image, mask, place)
        return _run(self._model, image, mask, place)


class Pt2Inpainter:
    """The network as a program of torch.export.

    Reading such a file can run code that is written in it: tensors that are pickled, and sizes that are given as
    expressions, which torch evaluates. Pickled ones are refused here, and torch is given a copy that holds nothing but
    the members that were looked at; sizes are not looked at, so only open what you trust.

    Parameters
    ----------
    path : Path
        A ``.pt2`` file of ``corinpaint export pt2``.
    threads : int
        Threads of torch in this process; 0 leaves them as they are.

    Raises
    ------
    CheckpointError
        When torch is not installed, or the file is missing, damaged, no export of CorInpaint, holds pickles, a member
        twice or members that it does not refer to.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        torch = _torch(threads)
        if not path.is_file():
            raise CheckpointError(f"{path}: no such model", "make one with `corinpaint export pt2`")
        fingerprints.check_members(path)
        text, content = _plain(path)
        info = parse_info(path, "torch.export", text)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", category=FutureWarning, module="torch")
                self._model = torch.export.load(content).module(check_guards=False)
        except Exception as error:  # torch raises many kinds here, of its own and of its parsers'
            first = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise CheckpointError(f"{path}: not a readable program ({first})", "export it again") from error
        self.info = info
        _check(self, text)

    def fill(self, image: Image, mask: Image, place: Image | None = None) -> Filled:
        """See `corinpaint.restore.engines.base.Inpainter.fill`."""
        check_shapes(self.info, image, mask, place)
        return _run(self._model, image, mask, place)


def _check(engine: TorchScriptInpainter | Pt2Inpainter, text: str) -> None:
    info = engine.info
    answer = engine.fill(*fingerprints.given(info.domain, info.multiple))
    fingerprints.check(info.path, info.engine, text, answer)


_MEMBERS = re.compile(
    r"data/(weights|constants)/((weight|tensor)_\d+|model_(weights|constants)_config\.json)"
    rf"|models/model\.json|data/sample_inputs/model\.pt|extra/{KEY}"
    r"|archive_format|archive_version|byteorder|version|\.data/(version|serialization_id)"
)
"""What a ``.pt2`` file may hold: no library, nothing pickled but sample inputs, which torch reads as tensors alone."""

_TENSOR = re.compile(r"data/(weights|constants)/(weight|tensor)_\d+")


def _plain(path: Path) -> tuple[str, io.BytesIO]:
    """Description inside a ``.pt2`` file, and a copy of it in which nothing is unpickled but tensors alone.

    The copy holds each member as it was read here, so that torch's reader cannot find others in the file than this one.
    Names are unique, `fingerprint.check_members` has seen to it. Every tensor is one that a config names, and that no
    config gives as pickled.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {name.split("/", 1)[-1]: archive.read(name) for name in archive.namelist()}
        named = set()
        pickled = False
        for name in members:
            if name.endswith("_config.json"):
                for entry in json.loads(members[name])["config"].values():
                    named.add(f"{name.rsplit('/', 1)[0]}/{entry['path_name']}")
                    pickled = pickled or entry["use_pickle"] is not False
        if pickled or not all(map(_TENSOR.fullmatch, named)) or not all(map(_MEMBERS.fullmatch, members)):
            raise CheckpointError(f"{path}: holds pickled objects or libraries, which can run code", "export it again")
        if {name for name in members if _TENSOR.fullmatch(name)} - named:
            raise CheckpointError(f"{path}: holds tensors that nothing in it refers to", "export it again")
        text = members[f"extra/{KEY}"].decode()
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path}: not an export of CorInpaint (no description inside)", "make one with `corinpaint export pt2`"
        ) from error
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as target:
        for name, member in members.items():
            target.writestr(f"model/{name}", member)
    content.seek(0)
    return text, content


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
