"""The training loop.

A run folder holds `config.json`, `metrics.jsonl`, TensorBoard events, `last.ckpt` (everything needed to go on),
`best.safetensors` (lowest validation error so far) and, at the end, `corinpaint.safetensors`.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch.optim import Adam
from torch.utils.data import DataLoader
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from corinpaint.lasco.errors import TrainingError
from corinpaint.model.checkpoint import load_checkpoint, save_checkpoint
from corinpaint.model.prior import PyramidPrior
from corinpaint.model.stack import LayerStack, StackConfig
from corinpaint.train.config import LAST, TrainConfig, check_config, write_config
from corinpaint.train.data import Crops, Sample, collate, validation_crops
from corinpaint.train.losses import losses
from corinpaint.train.presets import Preset
from corinpaint.train.record import data_record, training_record
from corinpaint.train.scenes import Scene, load_scenes, split_by_date
from corinpaint.train.state import (
    MetricsFile,
    StopRequest,
    load_state,
    random_states,
    save_state,
    set_random_states,
    stop_on_signal,
)
from corinpaint.train.validation import Validation
from corinpaint.train.vgg import VggFeatures, load_vgg

BEST = "best.safetensors"
FINAL = "corinpaint.safetensors"

logger = logging.getLogger(__name__)


@dataclass
class Progress:
    """How far a run has come."""

    step: int = 0
    seconds: float = 0.0
    best: float = math.inf
    losses: dict[str, float] = field(default_factory=dict)
    validation: dict[str, float] = field(default_factory=dict)


def train(config: TrainConfig) -> Path:
    """Train a stack.

    Parameters
    ----------
    config : TrainConfig

    Returns
    -------
    Path
        `corinpaint.safetensors` in the run folder when the run came to its end, `last.ckpt` when it was asked to stop
        (SIGTERM) and waits to be resumed.

    Raises
    ------
    TrainingError
        The run cannot start: no data, a run folder in use, settings that differ from the run to resume, no VGG
        weights, a crop that does not fit the network.
    CheckpointError
        `init` cannot be loaded.
    """
    check_config(config)
    try:
        return _train(config, lambda: _scenes(config))
    except OSError as error:
        raise TrainingError(
            f"{error.filename or config.run_dir}: cannot be read or written ({error.strerror or error}); check the "
            "folder, its rights and space, and resume"
        ) from error


def train_on(config: TrainConfig, scenes: Sequence[Scene]) -> Path:
    """Train on scenes that are at hand; else as `train`."""
    return _train(config, lambda: scenes)


def _scenes(config: TrainConfig) -> Sequence[Scene]:
    return load_scenes(config.data_dir, config.simulated, config.simulated_seed, config.calibration_dir, config.cache())


def _train(config: TrainConfig, scenes: Callable[[], Sequence[Scene]]) -> Path:
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    run = _Run(config, scenes)
    with stop_on_signal() as stop:
        try:
            write_config(config)
            return run.go(stop)
        finally:
            run.writer.close()


class _Run:
    """A run and its state; what cannot work is refused before any scene is read or simulated."""

    def __init__(self, config: TrainConfig, scenes: Callable[[], Sequence[Scene]]) -> None:
        self.config = config
        self.settings = config.settings()
        self.fabric = _fabric(config.accelerator)
        torch.manual_seed(config.seed)
        self.stack = _stack(config, self.settings)
        _check_crop(config, self.stack)
        self.features = _features(config, self.settings)
        training, held = split_by_date(scenes(), config.validation_fraction)
        self.data = data_record(training, held, config)
        self.crops = Crops(training, config.crop, config.seed)
        checks = validation_crops(held, config.crop, config.validation_crops)
        if not checks:
            raise TrainingError(
                f"no validation crop of {config.crop} px has a hole with known truth; hold out more days"
            )
        self.validation = Validation(checks, PyramidPrior(self.stack.config.pyramid))
        self.progress = Progress()
        optimizer = Adam(self.stack.parameters(), lr=self.settings.learning_rate)
        self.model, self.optimizer = self.fabric.setup(self.stack, optimizer)
        if self.features is not None:
            self.features = cast(VggFeatures, self.fabric.to_device(self.features))
        if config.resume:
            self._restore(load_state(config.run_dir / LAST))
        config.run_dir.mkdir(parents=True, exist_ok=True)
        self.metrics = MetricsFile(config.run_dir / "metrics.jsonl", self.progress.step)
        self.writer = SummaryWriter(str(config.run_dir), purge_step=self.progress.step + 1)

    def go(self, stop: StopRequest) -> Path:
        started = time.monotonic() - self.progress.seconds
        saved = time.monotonic()
        logger.info("smooth prior alone: %s", self.validation.reference)
        bar = tqdm(total=self.config.steps, initial=self.progress.step, disable=None, unit="step")
        for batch in self._batches():
            self._step(batch)
            self.progress.seconds = time.monotonic() - started
            bar.update()
            bar.set_postfix(loss=f"{self.progress.losses['total']:.4f}", refresh=False)
            if self.progress.step % self.config.validate_every == 0:
                self._validate()
            elif time.monotonic() - saved < 60 * self.config.save_minutes and not stop.asked:
                if self._out_of_time():
                    break
                continue
            self._save()
            saved = time.monotonic()
            if stop.asked or self._out_of_time():
                break
        bar.close()
        if stop.asked:
            return Path(self.config.run_dir / LAST)
        return self._finish()

    def _batches(self) -> Iterator[Sample]:
        size = self.settings.batch
        numbers = range(self.progress.step * size, self.config.steps * size)
        loader: DataLoader[Sample] = DataLoader(
            self.crops, size, sampler=numbers, num_workers=self.config.workers, collate_fn=collate
        )
        for batch in loader:
            yield Sample(*self.fabric.to_device(tuple(batch)))

    def _step(self, batch: Sample) -> None:
        rate = self._learning_rate()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.model.train()
        # Not through the wrapper, which would round the image to half precision before the stack copies it. The losses
        # stay in full precision: Gram matrices of features lose a fifth of a small error in half.
        with self.fabric.autocast():
            output = self.stack(batch.image, batch.mask)
        terms = losses(output, batch.target(), self.settings.weights, self.features)
        self.optimizer.zero_grad()
        self.fabric.backward(terms["total"])
        self._clip()
        self.optimizer.step()
        self.progress.step += 1
        self.progress.losses = {name: float(value.detach()) for name, value in terms.items()}
        for name, value in self.progress.losses.items():
            self.writer.add_scalar(f"loss/{name}", value, self.progress.step)
        self.writer.add_scalar("learning_rate", rate, self.progress.step)

    def _clip(self) -> None:
        try:
            self.fabric.clip_gradients(self.model, self.optimizer, max_norm=self.settings.clip, error_if_nonfinite=True)
        except RuntimeError as error:
            raise TrainingError(
                f"step {self.progress.step + 1}: the gradient is not finite; resume from the last checkpoint with a "
                "lower learning rate"
            ) from error

    def _learning_rate(self) -> float:
        step: int = self.progress.step
        settings = self.settings
        rate = float(settings.learning_rate) * min(1.0, (step + 1) / (settings.warmup + 1))
        if not settings.cosine:
            return float(rate)
        done = float(step / self.config.steps)
        if self.config.schedule == "minutes" and self.config.max_minutes is not None:
            done = max(done, self.progress.seconds / (60 * self.config.max_minutes))
        return float(rate * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))

    def _validate(self) -> None:
        figures = self.validation.model_figures(self.stack, self.fabric.device)
        self.progress.validation = figures
        for name, value in figures.items():
            self.writer.add_scalar(f"validation/{name}", value, self.progress.step)
            self.writer.add_scalar(f"prior/{name}", self.validation.reference[name], self.progress.step)
        pictures = self.validation.pictures(self.stack, self.fabric.device)
        self.writer.add_image("fills", pictures, self.progress.step)
        self.writer.flush()
        self.metrics.add(
            {
                "step": self.progress.step,
                "seconds": round(self.progress.seconds, 1),
                "learning_rate": self._learning_rate(),
                "losses": self.progress.losses,
                "validation": figures,
                "prior": self.validation.reference,
            }
        )
        if figures["over_prior"] < self.progress.best:
            self.progress.best = figures["over_prior"]
            save_checkpoint(self.config.run_dir / BEST, self.stack, self._record())

    def _record(self) -> dict[str, Any]:
        progress = {
            "steps": self.progress.step,
            "samples": self.progress.step * self.settings.batch,
            "seconds": round(self.progress.seconds, 1),
            "losses": self.progress.losses,
            "validation": self.progress.validation,
            "validation_of_prior": self.validation.reference,
        }
        return {"training": training_record(self.config, progress, self.fabric.device), "data": self.data}

    def _save(self) -> None:
        state = {
            "model": self.stack.state_dict(),
            "architecture": self.stack.config.as_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": vars(self.progress).copy(),
            "random": random_states(),
        }
        save_state(self.config.run_dir / LAST, state)

    def _restore(self, state: dict[str, Any]) -> None:
        if state["architecture"] != self.stack.config.as_dict():
            raise TrainingError(
                f"{self.config.run_dir / LAST}: has another architecture; resume with the same settings"
            )
        self.stack.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = Progress(**state["progress"])
        set_random_states(state["random"])

    def _out_of_time(self) -> bool:
        return self.config.max_minutes is not None and self.progress.seconds >= 60 * self.config.max_minutes

    def _finish(self) -> Path:
        if self.progress.step % self.config.validate_every:
            self._validate()
        self._save()
        final = Path(self.config.run_dir / FINAL)
        stack, info = load_checkpoint(self.config.run_dir / BEST)
        save_checkpoint(final, stack, {"training": info.training, "data": info.data})
        return final


def _features(config: TrainConfig, settings: Preset) -> VggFeatures | None:
    if not settings.weights.needs_features():
        return None
    features = load_vgg(config.vgg)
    if features is None:
        raise TrainingError("perceptual and style losses need VGG features: choose download, random or a file")
    return features


def _fabric(accelerator: str) -> Fabric:
    cuda = accelerator == "cuda" or (accelerator == "auto" and torch.cuda.is_available())
    return Fabric(accelerator="cuda" if cuda else "cpu", devices=1, precision="bf16-mixed" if cuda else "32-true")


def _stack(config: TrainConfig, settings: Preset) -> LayerStack:
    if config.init is None:
        return LayerStack(StackConfig(layers=settings.layers))
    stack, _ = load_checkpoint(config.init)
    if config.layers is not None and stack.config.layers != config.layers:
        raise TrainingError(f"{config.init}: has {stack.config.layers} layers, not {config.layers}")
    return stack


def _check_crop(config: TrainConfig, stack: LayerStack) -> None:
    if config.crop % stack.multiple or config.crop > 1024:
        raise TrainingError(f"crop = {config.crop} must be a multiple of {stack.multiple} px, 1024 at most")
