"""The engines that run the network, behind one small interface.

`OnnxInpainter` needs onnxruntime only and is the default; the torch ones live in `torch_backends`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import CheckpointError, OptionError, WrongShapeError
from corinpaint.model.metadata import DOMAINS, KEY, weights_dir

TOLERANCE = 1e-4
"""Largest difference between two engines on the same input, for values up to 1: float32 rounding."""

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
    domain : str
        What it sees, one of `corinpaint.model.metadata.DOMAINS`.
    """

    path: Path
    engine: str
    version: str
    sha256: str
    multiple: int
    reach: int
    domain: str = DOMAINS[0]


class Filled(NamedTuple):
    """What a network returns, each of shape (N, 1, H, W).

    Attributes
    ----------
    image : ndarray of float32
        Domain 'equalised': valid pixels unchanged, holes filled within reach. Domain 'noise': the prediction, in holes
        and beside them.
    reached : ndarray of float32
        1 where the image is valid or filled.
    scale : ndarray of float32 or None
        Standard deviation of a pixel about the fill, noise included; None where the network gives none.
    """

    image: Image
    reached: Image
    scale: Image | None = None


class Inpainter(Protocol):
    """Fills holes of images in the domain of the network."""

    @property
    def info(self) -> ModelInfo:
        """What the model says about itself."""

    def fill(self, image: Image, mask: Image, place: Image | None = None) -> Filled:
        """Fill the holes of a batch.

        Parameters
        ----------
        image : ndarray of float32, shape (N, P, H, W)
            Domain 'equalised': P = 1, whole frames, 0 to 1. Domain 'noise': P = 2, straightened windows of the frame
            and of its context, units of noise. H and W multiples of `ModelInfo.multiple`.
        mask : ndarray of float32, shape (N, P, H, W)
            1 = valid, 0 = hole.
        place : ndarray of float32, shape (N, 2)
            Domain 'noise' only: see `corinpaint.model.straight.StraightStack.forward`.

        Returns
        -------
        Filled
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
            str(values["domain"]),
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

    def fill(self, image: Image, mask: Image, place: Image | None = None) -> Filled:
        """See `Inpainter.fill`."""
        height, width = image.shape[-2:]
        if image.shape != mask.shape or height % self.info.multiple or width % self.info.multiple:
            raise WrongShapeError(
                f"image {image.shape} and mask {mask.shape} must be equal, height and width multiples of "
                f"{self.info.multiple} px"
            )
        given = {"image": image, "mask": mask} | ({} if place is None else {"place": place})
        return Filled(*map(np.asarray, self._session.run(None, given)))


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
