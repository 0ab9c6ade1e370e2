"""What networks were trained on: a warning where the frames of a benchmark were among it, and words for tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.model.metadata import CheckpointInfo, default_checkpoint, read_info

CHECKPOINT = ".safetensors"
"""Ending of checkpoints, which say what they were trained on; exports do not."""

LOSSES = {
    "perceptual": ("alpha_3", "perceptual"),
    "style": ("alpha_4", "alpha_5", "style"),
    "pixel": ("alpha_1", "alpha_2"),
    "total variation": ("lambda_1",),
    "radial profile": ("lambda_2",),
}
"""Weights of the published losses by their names, as checkpoints of both designs record them."""

VGG = {"random": "random VGG19 features", "download": "VGG19 features"}
"""Names of the features of perceptual and style losses, by the setting of the training."""


@dataclass(frozen=True)
class Overlap:
    """Frames of a benchmark that a network was trained or validated on.

    Attributes
    ----------
    frames : tuple of str
        Names of the files that were among its training data.
    validated : tuple of str
        Names of those that were among its validation data, whose days are held out of the training.
    days : tuple of str
        Days (ISO) of the other frames that are days of its training data.
    """

    frames: tuple[str, ...] = ()
    validated: tuple[str, ...] = ()
    days: tuple[str, ...] = ()

    def warnings(self, network: str, count: int) -> tuple[str, ...]:
        """What has to be known before the figures of a network are read; empty where nothing overlaps."""
        return tuple(filter(None, (self._trained(network, count), self._validated(network, count))))

    def _trained(self, network: str, count: int) -> str:
        parts = []
        if self.frames:
            parts.append(f"{len(self.frames)} of {count} frames, such as {self.frames[0]}")
        if self.days:
            parts.append(f"frames of the same days ({', '.join(self.days[:4])}{' ...' if self.days[4:] else ''})")
        if not parts:
            return ""
        return (
            f"{network}: was trained on {' and on '.join(parts)}; its figures are better than on frames of other days"
        )

    def _validated(self, network: str, count: int) -> str:
        if not self.validated:
            return ""
        return (
            f"{network}: was validated on {len(self.validated)} of {count} frames, such as {self.validated[0]}: it was "
            "not trained on frames of their days, but its checkpoint was chosen and its scale corrected by them"
        )


def checkpoint_of(model: Path | None, sha256: str) -> CheckpointInfo | None:
    """The description of the checkpoint that a model was made from.

    Parameters
    ----------
    model : Path or None
        A checkpoint or an export; None for the shipped one.
    sha256 : str
        Of its weights.

    Returns
    -------
    CheckpointInfo or None
        Of the model itself, of the checkpoint beside an export, or of the shipped one, where the weights are the same;
        None where neither is.
    """
    paths = [default_checkpoint()] if model is None else [model.with_suffix(CHECKPOINT), default_checkpoint()]
    for path in paths:
        with suppress(CorInpaintError):
            info = read_info(path)
            if info.sha256 == sha256:
                return info
    return None


def overlap(files: Sequence[Path], data: Mapping[str, Any]) -> Overlap:
    """Frames and days that are among the data of a training.

    Parameters
    ----------
    files : sequence of Path
        Frames of the benchmark.
    data : mapping
        `CheckpointInfo.data`: "training" and "validation" list files with "name", "sha256" and, from version 0.2 on,
        "day".

    Returns
    -------
    Overlap
        A frame counts as the same where the hash of the file or the file number is; a day where the record of the
        training names it, or where a frame of it was trained on.
    """
    trained, validated = (_Names.of(data.get(part, ())) for part in ("training", "validation"))
    days = {str(record["day"]) for record in data.get("training", ()) if record.get("day")}
    found: tuple[list[str], list[str]] = ([], [])
    others = set()
    for path in files:
        try:
            day = read_frame(path).date.strftime("%Y-%m-%d")
        except CorInpaintError:
            continue
        if path in trained:
            found[0].append(path.name)
            days.add(day)
        elif path in validated:
            found[1].append(path.name)
        else:
            others.add(day)
    return Overlap(tuple(found[0]), tuple(found[1]), tuple(sorted(others & days)))


@dataclass(frozen=True)
class _Names:
    """Hashes and file numbers of the frames of a record."""

    hashes: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    def of(cls, records: Iterable[Mapping[str, Any]]) -> _Names:
        records = list(records)
        hashes = frozenset(str(record.get("sha256")) for record in records)
        return cls(hashes, frozenset(_number(str(record.get("name", ""))) for record in records))

    def __contains__(self, path: Path) -> bool:
        return _number(path.name) in self.numbers or hashlib.sha256(path.read_bytes()).hexdigest() in self.hashes


@dataclass(frozen=True)
class Trained:
    """What is known of the networks of a benchmark.

    Attributes
    ----------
    notes : tuple of str
        How each was trained, and the warnings.
    warnings : tuple of str
    """

    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def describe(files: Sequence[Path], networks: Mapping[str, tuple[Path | None, str]]) -> Trained:
    """Describe networks, and compare what they were trained on with the frames of a benchmark.

    Parameters
    ----------
    files : sequence of Path
        Level 0.5 frames.
    networks : mapping
        As `corinpaint.evaluate.methods.networks` gives them.

    Returns
    -------
    Trained
    """
    notes: list[str] = []
    warnings: list[str] = []
    for name, (path, sha256) in networks.items():
        info = checkpoint_of(path, sha256)
        if info is None or not info.data:
            warnings.append(f"{name}: does not say what it was trained on, which may be these frames")
            continue
        words = in_words(info)
        notes += [f"{name}: {words}"] if words else []
        warnings += overlap(files, info.data).warnings(name, len(files))
    return Trained((*notes, *(f"Warning: {text}" for text in warnings)), tuple(warnings))


def in_words(info: CheckpointInfo) -> str:
    """How a network was trained: preset and published losses, such as perceptual ones on random VGG19 features.

    Parameters
    ----------
    info : CheckpointInfo

    Returns
    -------
    str
        Empty where the checkpoint does not say.
    """
    settings, weights = info.training.get("settings", {}), info.training.get("loss_weights", {})
    names = [name for name, keys in LOSSES.items() if any(weights.get(key) for key in keys)]
    preset = f"preset {settings['preset']}" if settings.get("preset") else ""
    losses = f"{', '.join(names)} losses" if names else ""
    if {"perceptual", "style"} & set(names):
        vgg = str(settings.get("vgg", ""))
        losses += f" on {VGG.get(vgg, 'VGG19 features of a file')}"
    return ", ".join(filter(None, [preset, losses]))


def _number(name: str) -> str:
    return name.split(".")[0]
