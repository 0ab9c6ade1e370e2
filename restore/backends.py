"""The engines that run the network, behind one small interface.

`OnnxInpainter` needs onnxruntime only and is the default; the torch ones live in `torch_backends`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import CheckpointError, OptionError, WrongShapeError
from corinpaint.model.metadata import KEY, weights_dir

TOLERANCE = 1e-4
"""Largest difference between two engines on the same input, in equalised brightness (0 to 1): float32 rounding."""

Image = NDArray[np.float32]


@dataclass(frozen=True)
class ModelInfo:
    """What a model file says about itself.

    Attributes
    ----------
    path : Path
    engine : str
        'onnxruntime', 'torch' or 'torchscript'.
    version : str
        CorInpaint version that trained it.
    sha256 : str
        Of the weights (the checkpoint's tensors), the same for every export of one checkpoint.
    multiple : int
        Height and width must be multiples of it, px.
    reach : int
        Distance in px over which a hole is sure to be filled.
    """

    path: Path
    engine: str
    version: str
    sha256: str
    multiple: int
    reach: int


class Inpainter(Protocol):
    """Fills holes of equalised images."""

    @property
    def info(self) -> ModelInfo:
        """What the model says about itself."""

    def fill(self, image: Image, mask: Image) -> tuple[Image, Image]:
        """Fill the holes of a batch.

        Parameters
        ----------
        image : ndarray of float32, shape (N, 1, H, W)
            Equalised brightness, 0 to 1; H and W multiples of `ModelInfo.multiple`.
        mask : ndarray of float32, shape (N, 1, H, W)
            1 = valid, 0 = hole.

        Returns
        -------
        restored : ndarray of float32, shape (N, 1, H, W)
            Valid pixels unchanged, holes filled within reach.
        mask_out : ndarray of float32, shape (N, 1, H, W)
            1 where `restored` is valid or filled.
        """


def parse_info(path: Path, engine: str, text: str | None) -> ModelInfo:
    """Read the description that an export carries.

    Raises
    ------
    CheckpointError
        When there is none, or it is incomplete.
    """
    try:
        values: dict[str, Any] = json.loads(text or "")
        return ModelInfo(
            path,
            engine,
            str(values["corinpaint_version"]),
            str(values["sha256"]),
            int(values["multiple"]),
            int(values["reach"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path}: not an export of CorInpaint (no description inside); make one with `corinpaint export`"
        ) from error


class OnnxInpainter:
    """The network on onnxruntime.

    Parameters
    ----------
    path : Path
        An export of ``corinpaint export onnx``.
    threads : int
        Threads per run; 0 leaves the choice to onnxruntime.

    Raises
    ------
    CheckpointError
        When the file is missing, damaged, or no export of CorInpaint, or onnxruntime is not installed.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise CheckpointError(
                "onnxruntime is not installed; install corinpaint[cpu], or corinpaint[gpu] for an NVIDIA GPU"
            ) from error
        if not path.is_file():
            raise CheckpointError(f"{path}: no such model; make one with `corinpaint export onnx`")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # patterns double the memory and make the second run of a process slow
        available = onnxruntime.get_available_providers()
        providers = [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in available]
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        except Exception as error:  # onnxruntime raises its own unexported types
            raise CheckpointError(f"{path}: not a readable ONNX model ({_short(error)}); export it again") from error
        self.info = parse_info(path, "onnxruntime", self._session.get_modelmeta().custom_metadata_map.get(KEY))

    def fill(self, image: Image, mask: Image) -> tuple[Image, Image]:
        """See `Inpainter.fill`."""
        height, width = image.shape[-2:]
        if image.shape != mask.shape or height % self.info.multiple or width % self.info.multiple:
            raise WrongShapeError(
                f"image {image.shape} and mask {mask.shape} must be equal, height and width multiples of "
                f"{self.info.multiple} px"
            )
        restored, mask_out = self._session.run(["restored", "mask_out"], {"image": image, "mask": mask})
        return np.asarray(restored), np.asarray(mask_out)


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def default_onnx() -> Path:
    """Path of the ONNX export that is shipped with the package."""
    return weights_dir() / "corinpaint.onnx"


@lru_cache(maxsize=4)
def load(path: Path | None = None, threads: int = 0) -> Inpainter:
    """Open a model with the engine that its file name asks for; cached per process.

    Parameters
    ----------
    path : Path or None
        ``.onnx``, ``.pt`` (TorchScript) or ``.safetensors`` (checkpoint); None for the shipped ONNX export.
    threads : int
        Threads per run; 0 leaves the choice to the engine.

    Returns
    -------
    Inpainter

    Raises
    ------
    CheckpointError
        When the model cannot be opened.
    OptionError
        When the ending is none of the three.
    """
    path = path or default_onnx()
    if path.suffix == ".onnx":
        return OnnxInpainter(path, threads)
    if path.suffix == ".pt":
        from corinpaint.restore.torch_backends import TorchScriptInpainter

        return TorchScriptInpainter(path, threads)
    if path.suffix == ".safetensors":
        from corinpaint.restore.torch_backends import TorchInpainter

        return TorchInpainter(path, threads)
    raise OptionError(f"{path}: unknown kind of model; give a .onnx, .pt or .safetensors file")
