"""Records of a run: `metrics.jsonl`, TensorBoard events, and a sheet of pictures per validation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from corinpaint.train.reports.sheet import Labels, labelled
from corinpaint.train.state import MetricsFile

PICTURES = "pictures"
"""Folder of the sheets in the run folder; each is named by the number of its step."""


class Journal:
    """Records of a run, which nothing reads again.

    Parameters
    ----------
    run_dir : Path
        Made when it is missing.
    step : int
        Step from which the run continues; records of later steps, of an interrupted run, are dropped.
    """

    def __init__(self, run_dir: Path, step: int) -> None:
        self.folder = run_dir / PICTURES
        self.folder.mkdir(parents=True, exist_ok=True)
        self.metrics = MetricsFile(run_dir / "metrics.jsonl", step)
        self.writer = SummaryWriter(str(run_dir), purge_step=step + 1)

    def log_step(self, step: int, losses: Mapping[str, float], rate: float) -> None:
        """Record the losses and the learning rate of a step."""
        for name, value in losses.items():
            self.writer.add_scalar(f"loss/{name}", value, step)
        self.writer.add_scalar("learning_rate", rate, step)

    def log_minute(self, line: Mapping[str, Any]) -> None:
        """Record the losses between two validations: a line for `metrics.jsonl`, with "step"."""
        self.writer.flush()
        self.metrics.add(dict(line))

    def log_validation(self, line: Mapping[str, Any], sheet: Tensor, labels: Labels | None = None) -> None:
        """Record a validation.

        Parameters
        ----------
        line : mapping
            For `metrics.jsonl`; with "step", and figures in "validation" and "prior".
        sheet : Tensor (1, H, W), float32
            0 to 1.
        labels : Labels, optional
            What its pictures show.
        """
        step = int(line["step"])
        for group in ("validation", "prior"):
            for name, value in line[group].items():
                self.writer.add_scalar(f"{group}/{name}", value, step)
        pixels = np.rint(255 * sheet[0].clamp(0, 1).numpy()).astype(np.uint8)
        pixels = pixels if labels is None else labelled(pixels, labels)
        self.writer.add_image("fills", pixels[None], step)
        self.writer.flush()
        Image.fromarray(pixels).save(self.folder / f"{step:07d}.png")
        self.metrics.add(dict(line))

    def close(self) -> None:
        """Write what is buffered and close the files."""
        self.writer.close()
