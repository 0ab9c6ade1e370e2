"""The description inside a checkpoint, read without torch.

A checkpoint is a safetensors file: eight bytes with the length of a JSON header (little-endian), the header, the
tensors. The header's `__metadata__` holds one key, `corinpaint`, whose value is JSON too.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corinpaint.lasco.errors import CheckpointError
from corinpaint.lasco.files import as_path, package_data

FORMAT_VERSION = 1
"""Version of the description that this program writes and reads."""

KEY = "corinpaint"
"""Key of the description in the metadata of checkpoints and exports."""

MAX_HEADER_BYTES = 100_000_000
"""Maximum length of the header that safetensors itself accepts, bytes."""


NOISE_LEVELS = "noise"
"""Brightness in units of the noise."""

HISTOGRAM_LEVELS = "histogram"
"""Ranks of brightness in the histogram of a frame, as published."""


@dataclass(frozen=True)
class Domain:
    """Kind of the images that a network is trained on and runs on.

    Attributes
    ----------
    name : str
        As checkpoints and exports store it.
    channels : int
        Number of channels of image and mask: the frame, and its context where the network takes any.
    places : int
        Number of values by which the network takes the place of each window, in space and time, see
        `corinpaint.model.log_polar` and `corinpaint.model.sequence`; 0 for none.
    levels : str
        What brightness is mapped to: `NOISE_LEVELS` or `HISTOGRAM_LEVELS`.
    """

    name: str
    channels: int
    places: int
    levels: str = NOISE_LEVELS

    @property
    def takes_context(self) -> bool:
        """Whether the network sees other frames besides the one that it fills."""
        return self.channels > 1

    @property
    def takes_sequence(self) -> bool:
        """Whether it sees several other frames, each in a channel of its own with its time, not their mean."""
        return self.channels > 2

    @property
    def divides_response(self) -> bool:
        """Whether the frames that it sees are divided by the response of the pixels."""
        return self.takes_sequence


EQUALISED = Domain("equalised", 1, places=0, levels=HISTOGRAM_LEVELS)
"""Frames of histogram-equalised brightness, 0 to 1, on the detector grid."""

NOISE = Domain("noise", 2, places=2)
"""Log-polar windows about the Sun's centre, in units of the noise."""

EACH_SIDE = 2
"""Number of context frames before a frame, and of those after it, that a network for sequences takes."""

SEQUENCE = Domain("sequence", 1 + 2 * EACH_SIDE, places=2 + 2 * EACH_SIDE)
"""The same, with two frames before and two after as context, each in a plane of its own."""

SEQUENCE_LEVELS = Domain("sequence-levels", SEQUENCE.channels, SEQUENCE.places, HISTOGRAM_LEVELS)
"""The same in levels of the histogram, a constant of the frame apart, see `corinpaint.restore.network.equalisation`."""

DOMAINS = {domain.name: domain for domain in (EQUALISED, NOISE, SEQUENCE, SEQUENCE_LEVELS)}


@dataclass(frozen=True)
class CheckpointInfo:
    """Description of a checkpoint.

    Attributes
    ----------
    path : Path
        The file that was read.
    format_version : int
        `FORMAT_VERSION` of the program that wrote the file.
    corinpaint_version : str
        Version of corinpaint that wrote the file.
    domain : str
        Kind of the network's input, one of `DOMAINS`.
    multiple : int
        Height and width of an image must be multiples of this, px.
    reach : int
        Distance in px from every side up to which a hole is certain to be filled.
    sha256 : str
        Hash of the tensors, see `tensors_sha256`.
    architecture : dict
        Configuration of the network.
    training : dict
        Record of the training: recipe, steps, time, program.
    data : dict
        Record of the training data.
    """

    path: Path
    format_version: int
    corinpaint_version: str
    domain: str
    multiple: int
    reach: int
    sha256: str
    architecture: dict[str, Any]
    training: dict[str, Any]
    data: dict[str, Any]


def weights_dir() -> Path:
    """Folder of the weights that are shipped with the package."""
    return package_data("corinpaint.model", "weights")


def default_checkpoint() -> Path:
    """Path of the checkpoint that is shipped with the package."""
    return weights_dir() / "corinpaint.safetensors"


def tensors_sha256(tensors: Iterable[tuple[str, str, tuple[int, ...], bytes]]) -> str:
    """Hash of tensors, independent of the order in which a file holds them.

    Parameters
    ----------
    tensors : iterable of (name, dtype, shape, data)
        Data types as safetensors spells them ("F32"); data are little-endian bytes in C order.

    Returns
    -------
    str
        Hexadecimal SHA-256 over name, dtype, shape and data of the tensors, sorted by name.
    """
    digest = hashlib.sha256()
    for name, dtype, shape, data in sorted(tensors, key=lambda tensor: tensor[0]):
        digest.update(json.dumps([name, dtype, list(shape)]).encode())
        digest.update(data)
    return digest.hexdigest()


def read_info(path: str | os.PathLike[str]) -> CheckpointInfo:
    """Read the description of a checkpoint without its tensors.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    CheckpointInfo

    Raises
    ------
    CheckpointError
        The file is missing, damaged, or no checkpoint of this program.
    """
    path = as_path(path, "path")
    return _parse_description(path, _read_header(path))


def read_verified(path: str | os.PathLike[str]) -> tuple[CheckpointInfo, bytes]:
    """Read a whole checkpoint and verify its tensors by the hash in its description.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    info : CheckpointInfo
    content : bytes
        The whole file.

    Raises
    ------
    CheckpointError
        As for `read_info`, or the tensors are not those that were saved.
    """
    path = as_path(path, "path")
    header = _read_header(path)
    info = _parse_description(path, header)
    content = path.read_bytes()
    start = 8 + struct.unpack("<Q", content[:8])[0]
    try:
        tensors = [
            (name, entry["dtype"], tuple(entry["shape"]), content[start + first : start + last])
            for name, entry in header.items()
            if name != "__metadata__"
            for first, last in [entry["data_offsets"]]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, "its list of tensors cannot be read") from error
    if tensors_sha256(tensors) != info.sha256:
        raise _damaged(path, "its tensors do not match the hash in its description")
    return info, content


def _read_header(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else MAX_HEADER_BYTES + 1
            if length > MAX_HEADER_BYTES:
                raise _foreign(path)
            raw = file.read(length)
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path}: there is no such checkpoint", "give the path of a .safetensors file that `corinpaint train` wrote"
        ) from error
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error})", "check the path and its permissions") from error
    if len(raw) < length:
        raise _damaged(path, "it ends inside its header")
    try:
        header = json.loads(raw)
    except ValueError as error:
        raise _foreign(path) from error
    if not isinstance(header, dict):
        raise _foreign(path)
    return header


def _parse_description(path: Path, header: dict[str, Any]) -> CheckpointInfo:
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict) or KEY not in metadata:
        raise _foreign(path)
    try:
        values = json.loads(metadata[KEY])
        version = values["format_version"]
    except (ValueError, TypeError, KeyError) as error:
        raise _damaged(path, "its description cannot be read") from error
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"{path}: has checkpoint format {version}, this version reads {FORMAT_VERSION}",
            f"use corinpaint {values.get('corinpaint_version', 'of another version')}, which wrote it, or train again",
        )
    if values.get("domain") not in DOMAINS:
        raise CheckpointError(
            f"{path}: was trained on {values.get('domain')!r} images, this version restores {' or '.join(DOMAINS)} "
            "ones",
            "use a newer version or train again",
        )
    try:
        return CheckpointInfo(path=path, **values)
    except TypeError as error:
        raise _damaged(path, f"its description is incomplete ({error})") from error


def _damaged(path: Path, what: str) -> CheckpointError:
    return CheckpointError(f"{path}: damaged checkpoint, {what}", "fetch or train it again")


def _foreign(path: Path) -> CheckpointError:
    return CheckpointError(
        f"{path}: not a corinpaint checkpoint", "give a .safetensors file that `corinpaint train` wrote"
    )
