"""The engines that run the network, behind one small interface.

`OnnxInpainter` needs onnxruntime only and is the default; the torch ones live in `torch_backends`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import CheckpointError, OptionError, WrongShapeError
from corinpaint.model.metadata import DOMAINS, KEY, weights_dir
from corinpaint.restore import fingerprint, providers

TOLERANCE = 1e-4
"""Largest difference between two engines on the same input, for values up to 1: float32 rounding."""

LARGEST = {"multiple": 1024, "reach": 65536}
"""What a description may say at most, px: a frame's side, and more than any network reaches. The first input is made
by it, before anything else could tell that it is wrong."""

_OPENING = Lock()

Image = NDArray[np.float32]


@dataclass(frozen=True)
class ModelInfo:
    """What a model file says about itself.

    Attributes
    ----------
    path : Path
    engine : str
        'onnxruntime', 'torch', 'torchscript' or 'torch.export'.
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
    provider : str
        Where it runs: 'cpu', 'cuda' or 'tensorrt'.
    precision : str
        'float32', or 'mixed' where the convolutions are in half precision.
    """

    path: Path
    engine: str
    version: str
    sha256: str
    multiple: int
    reach: int
    domain: str = DOMAINS[0]
    provider: str = "cpu"
    precision: str = "float32"


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
        When there is none, it is incomplete, or says what cannot be.
    """
    try:
        values: dict[str, Any] = json.loads(text or "")
        return ModelInfo(
            path,
            engine,
            str(values["corinpaint_version"]),
            str(values["sha256"]),
            _size(path, values, "multiple"),
            _size(path, values, "reach"),
            _domain(path, values),
            precision=str(values.get("precision", "float32")),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path}: not an export of CorInpaint (no description inside); make one with `corinpaint export`"
        ) from error


def _size(path: Path, values: dict[str, Any], key: str) -> int:
    value = values[key]
    if type(value) is not int or not 0 < value <= LARGEST[key]:
        raise CheckpointError(
            f"{path}: its description says {key} {str(value)[:20]}, not a whole number from 1 to {LARGEST[key]}; "
            "export it again"
        )
    return value


def _domain(path: Path, values: dict[str, Any]) -> str:
    value = str(values["domain"])
    if value not in DOMAINS:
        raise CheckpointError(
            f"{path}: its description says domain {value[:20]!r}, not {' or '.join(DOMAINS)}; export it again"
        )
    return value


class OnnxInpainter:
    """The network on onnxruntime.

    Parameters
    ----------
    path : Path
        An export of ``corinpaint export onnx``.
    threads : int
        Threads per run on the CPU; 0 leaves the choice to onnxruntime.
    provider : str
        Where it runs: 'cpu', 'cuda' (NVIDIA), or 'tensorrt', which leaves to CUDA what it cannot do. None of them is
        taken in place of another.
    spin : bool
        Whether threads that wait for work keep their core busy; False where it shares the cores with others.

    Raises
    ------
    CheckpointError
        When the file is missing, damaged, or no export of CorInpaint, when it does not give what its checkpoint gives,
        or onnxruntime is not installed.
    OptionError
        When the provider is unknown or not to be had.
    """

    def __init__(self, path: Path, threads: int = 0, provider: str = "cpu", spin: bool = True) -> None:
        if not path.is_file():
            raise CheckpointError(f"{path}: no such model; make one with `corinpaint export onnx`")
        content = path.read_bytes()
        fingerprint.check_seal(path, content)
        self._session = providers.open_session(path, content, threads, provider, spin)
        self._device = None if provider == "cpu" else "cuda"
        text = self._session.get_modelmeta().custom_metadata_map.get(KEY)
        self.info = replace(parse_info(path, "onnxruntime", text), provider=provider)
        least = fingerprint.TOLERANCE["mixed"] if provider in providers.COARSE else 0.0
        answer = self.fill(*fingerprint.given(self.info.domain, self.info.multiple))
        fingerprint.check(path, f"onnxruntime ({provider})", text, answer, least)

    def fill(self, image: Image, mask: Image, place: Image | None = None) -> Filled:
        """See `Inpainter.fill`; safe to call from several threads at once.

        Raises
        ------
        WrongShapeError
            When the shapes do not fit together, or not this network.
        CorInpaintError
            When onnxruntime fails, as for want of memory.
        """
        check_shapes(self.info, image, mask, place)
        given = {"image": image, "mask": mask} | ({} if place is None else {"place": place})
        return Filled(*providers.run(self._session, self.info.path, given, self._device))


def check_shapes(info: ModelInfo, image: Image, mask: Image, place: Image | None) -> None:
    """Refuse what a network cannot take.

    Raises
    ------
    WrongShapeError
    """
    planes = 2 if info.domain == DOMAINS[1] else 1
    if image.ndim != 4 or image.shape != mask.shape or image.shape[1] != planes:
        raise WrongShapeError(
            f"{info.path.name}: image {image.shape} and mask {mask.shape} must both be (N, {planes}, height, width)"
        )
    height, width = image.shape[-2:]
    if height % info.multiple or width % info.multiple or 0 in image.shape:
        raise WrongShapeError(
            f"{info.path.name}: image {image.shape} does not fit, height and width must be multiples of "
            f"{info.multiple} px"
        )
    wanted = (len(image), 2) if info.domain == DOMAINS[1] else None
    if (None if place is None else place.shape) != wanted:
        raise WrongShapeError(
            f"{info.path.name}: place must be {'left out' if wanted is None else wanted}, not "
            f"{'left out' if place is None else place.shape}"
        )


def default_onnx() -> Path:
    """Path of the ONNX export that is shipped with the package."""
    return weights_dir() / "corinpaint.onnx"


def load(path: Path | None = None, threads: int = 0, provider: str = "cpu", spin: bool = True) -> Inpainter:
    """Open a model with the engine that its file name asks for; once per process, however many threads ask for it.

    Parameters
    ----------
    path : Path or None
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
        When the ending is none of the four, or the provider is not to be had.
    """
    with _OPENING:  # the cache alone would let threads that come before the first is done open one each
        return _load(path or default_onnx(), threads, provider, spin)


@lru_cache(maxsize=4)
def _load(path: Path, threads: int, provider: str, spin: bool) -> Inpainter:
    if path.suffix == ".onnx":
        return OnnxInpainter(path, threads, provider, spin)
    if path.suffix not in (".pt", ".pt2", ".safetensors"):
        raise OptionError(f"{path}: unknown kind of model; give a .onnx, .pt, .pt2 or .safetensors file")
    if provider != "cpu":
        raise OptionError(f"{path}: provider {provider!r} is one of onnxruntime's; give an .onnx file, or leave it out")
    from corinpaint.restore import torch_backends

    if path.suffix == ".pt":
        return torch_backends.TorchScriptInpainter(path, threads)
    if path.suffix == ".pt2":
        return torch_backends.Pt2Inpainter(path, threads)
    return torch_backends.TorchInpainter(path, threads)
