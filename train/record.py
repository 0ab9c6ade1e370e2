"""Records of the data and of the run, which a checkpoint holds."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from corinpaint.lasco.files import package_data
from corinpaint.train.config import TrainConfig
from corinpaint.train.frames import AnyScene

SETTINGS = (
    "preset",
    "steps",
    "max_minutes",
    "schedule",
    "seed",
    "crop",
    "batch",
    "learning_rate",
    "clip",
    "weights",
    "vgg",
    "precision",
    "validation_fraction",
)
"""Settings that are recorded; folders are left out, since they name the machine."""


def data_record(training: Sequence[AnyScene], validation: Sequence[AnyScene], config: TrainConfig) -> dict[str, Any]:
    """Describe the data: names, hashes and days of the files of real frames, count and seed of simulated ones."""
    return {
        "training": _files(training),
        "validation": _files(validation),
        "simulated": config.simulated,
        "simulated_seed": config.simulated_seed,
    }


def training_record(config: TrainConfig, progress: Mapping[str, Any], device: torch.device) -> dict[str, Any]:
    """Describe the run.

    Parameters
    ----------
    config : TrainConfig
    progress : mapping
        Steps, samples, seconds, losses, validation figures.
    device : torch.device

    Returns
    -------
    dict
        Plain values for JSON.
    """
    settings = config.settings()
    chosen = {name: getattr(settings, name) for name in ("crop", "batch", "learning_rate", "clip")}
    values = config.as_dict() | chosen
    return {
        "settings": {name: values[name] for name in SETTINGS},
        "loss_weights": {name: float(value) for name, value in vars(settings.weights).items()},
        **progress,
        "hardware": _hardware(device),
        "torch": torch.__version__,
        "revision": revision(),
    }


def revision() -> str | None:
    """Commit of the code that runs, where it is a checkout."""
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=package_data("corinpaint.train"),
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def _files(scenes: Sequence[AnyScene]) -> list[dict[str, str]]:
    return [
        {"name": Path(scene.name).name, "kind": scene.kind, "sha256": scene.sha256, "day": scene.day}
        for scene in scenes
    ]


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {os.cpu_count()} cores, {torch.get_num_threads()} threads"
