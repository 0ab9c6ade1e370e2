"""The interface that every engine has, and what a model file says about itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import CheckpointError, WrongShapeError
from corinpaint.model.metadata import DOMAINS, EQUALISED

TOLERANCE = 1e-4
"""Largest difference between two engines on the same input, for values up to 1: float32 rounding."""

LARGEST = {"multiple": 1024, "reach": 65536}
"""Maximum values in a description, px: the side of a frame, and more than any network reaches. The first input is made
by them, before anything else could show that they are wrong."""

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
        Distance in px over which a hole is reliably filled.
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
    domain: str = EQUALISED.name
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
            Domain 'equalised': P = 1, whole frames, 0 to 1. Domain 'noise': P = 2, log-polar windows of the frame
            and of its context, units of noise. H and W multiples of `ModelInfo.multiple`.
        mask : ndarray of float32, shape (N, P, H, W)
            1 = valid, 0 = hole.
        place : ndarray of float32, shape (N, 2) or (N, 6)
            Of log-polar windows: see `corinpaint.model.log_polar.LogPolarStack.forward` and
            `corinpaint.model.sequence.SequenceStack`.

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
            f"{path}: not an export of CorInpaint (no description inside)", "make one with `corinpaint export`"
        ) from error


def _size(path: Path, values: dict[str, Any], key: str) -> int:
    value = values[key]
    if type(value) is not int or not 0 < value <= LARGEST[key]:
        raise CheckpointError(
            f"{path}: its description says {key} {str(value)[:20]}, not a whole number from 1 to {LARGEST[key]}",
            "export it again",
        )
    return value


def _domain(path: Path, values: dict[str, Any]) -> str:
    value = str(values["domain"])
    if value not in DOMAINS:
        raise CheckpointError(
            f"{path}: its description says domain {value[:20]!r}, not {' or '.join(DOMAINS)}", "export it again"
        )
    return value


def check_shapes(info: ModelInfo, image: Image, mask: Image, place: Image | None) -> None:
    """Refuse what a network cannot take.

    Raises
    ------
    WrongShapeError
    """
    domain = DOMAINS[info.domain]
    planes = domain.channels
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
    wanted = (len(image), domain.places) if domain.places else None
    if (None if place is None else place.shape) != wanted:
        raise WrongShapeError(
            f"{info.path.name}: place must be {'left out' if wanted is None else wanted}, not "
            f"{'left out' if place is None else place.shape}"
        )
