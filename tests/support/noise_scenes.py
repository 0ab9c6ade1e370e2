"""Small scenes in units of the noise, and a small network for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from corinpaint.model.checkpoint import save_checkpoint
from corinpaint.model.log_polar_config import EXTRAS, INPUTS
from corinpaint.model.sequence import BESIDE, SequenceConfig, SequenceStack
from corinpaint.model.unet import UNetConfig
from corinpaint.train.config import TrainConfig
from corinpaint.train.log_polar.scene import Neighbour, Scene

SIZE, SIDE = 512, 128
CENTRE = (250.5, 260.25)


def make_noise_scene(day: int, *, context: bool = False, kind: str = "summed") -> Scene:
    """A radial slope with rays on it and noise of 1; unknown behind an occulter."""
    rng = np.random.default_rng(day)
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float64)
    radius = np.hypot(rows - CENTRE[1], columns - CENTRE[0])
    angle = np.arctan2(rows - CENTRE[1], columns - CENTRE[0])
    clean = 200 - 40 * np.log(np.maximum(radius, 8)) + 4 * np.sin(11 * angle + day)
    known = radius > 40

    def frame(offset: float) -> np.ndarray:
        return np.where(known, clean + offset + rng.normal(size=clean.shape), 0).astype(np.float32)

    name = f"day {day}"
    orders = (-2, -1, 1) if context else ()
    beside = tuple(Neighbour(order, frame(0.1 * order), known, name, -0.2 * order) for order in orders)
    return Scene(frame(0), known, CENTRE, f"{day}.fts", name, kind, "C2", f"{day:064x}", beside)


def small_log_polar(path: Path) -> Path:
    """A small log-polar network, as a checkpoint to start from."""
    torch.manual_seed(0)
    unet = UNetConfig(
        base=4, depth=2, max_width=8, bottom=1, residual=1, inputs=INPUTS, extras=EXTRAS, outputs=2, beside=BESIDE
    )
    save_checkpoint(path, SequenceStack(SequenceConfig(layers=1, unet=unet)))
    return path


def log_polar_config(run_dir: Path, init: Path, **more: object) -> TrainConfig:
    """A short run on one thread."""
    values: dict[str, object] = {
        "preset": "log-polar",
        "steps": 4,
        "crop": SIDE,
        "batch": 4,
        "validate_every": 2,
        "validation_crops": 8,
        "init": init,
        "accelerator": "cpu",
        "threads": 1,
    }
    return TrainConfig(run_dir, **(values | more))  # type: ignore[arg-type]
