"""The training loop, the same for every design (`corinpaint.train.recipe`).

A run folder holds `config.json`, `metrics.jsonl`, TensorBoard events, `pictures/`, `last.ckpt` (everything needed to
resume), `best.safetensors` (lowest validation error so far) and, at the end, `corinpaint.safetensors`.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch.utils.data import DataLoader

from corinpaint.lasco.errors import TrainingError
from corinpaint.model.checkpoint import load_checkpoint, save_checkpoint
from corinpaint.train.average import MovingAverage
from corinpaint.train.config import LAST, TrainConfig, check_config, write_config
from corinpaint.train.equalised.recipe import EqualisedRecipe
from corinpaint.train.journal import Journal
from corinpaint.train.log_polar.recipe import LogPolarRecipe
from corinpaint.train.presets import LOG_POLAR, PUBLISHED
from corinpaint.train.processes import Processes, open_fabric
from corinpaint.train.recipe import Recipe, Step, collate
from corinpaint.train.record import revision, training_record
from corinpaint.train.reports.progress import Limits, RunProgress
from corinpaint.train.state import StopRequest, load_state, random_states, save_state, set_random_states, stop_on_signal

BEST = "best.safetensors"
FINAL = "corinpaint.safetensors"
DESIGNS: dict[str, Callable[[TrainConfig], Recipe]] = {PUBLISHED: EqualisedRecipe, LOG_POLAR: LogPolarRecipe}

logger = logging.getLogger(__name__)


@dataclass
class Progress:
    """Progress of a run: steps, seconds, and the latest figures."""

    step: int = 0
    seconds: float = 0.0
    best: float = math.inf
    losses: dict[str, float] = field(default_factory=dict)
    validation: dict[str, float] = field(default_factory=dict)


Tell = Callable[[str], None]


def train(config: TrainConfig, tell: Tell = lambda _: None) -> Path:
    """Train a network.

    Parameters
    ----------
    config : TrainConfig
    tell : callable
        Takes a line with progress and losses every minute where standard error is no terminal; there it is a bar.

    Returns
    -------
    Path
        `corinpaint.safetensors` in the run folder when the run ended, `last.ckpt` when it was requested to stop
        (SIGTERM) and can be resumed.

    Raises
    ------
    TrainingError
        The run cannot start: no data, a run folder in use, settings that differ from the run to resume, no VGG
        weights, a crop that does not fit the network, a batch that cannot be shared out to the processes.
    CheckpointError
        `init` cannot be loaded.
    OutputError
        The run folder cannot be written to.
    """
    check_config(config)
    try:
        return _train(config, None, tell)
    except OSError as error:
        raise TrainingError(
            f"{error.filename or config.run_dir}: cannot be read or written ({error.strerror or error})",
            "check the folder, its rights and space, and resume",
        ) from error


def train_on(config: TrainConfig, scenes: Sequence[Any]) -> Path:
    """Train as `train` does, on scenes that are given, of the design of the preset."""
    return _train(config, scenes, lambda _: None)


def _train(config: TrainConfig, scenes: Sequence[Any] | None, tell: Tell) -> Path:
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    run = _Run(config, scenes)
    with stop_on_signal() as stop:
        try:
            if run.processes.main:
                write_config(config, {"revision": revision()})
            return run.go(stop, tell if run.processes.main else lambda _: None)
        finally:
            run.close()


class _Run:
    """A run and its state; settings that cannot work are refused before any scene is read or simulated."""

    def __init__(self, config: TrainConfig, scenes: Sequence[Any] | None) -> None:
        self.config = config
        self.settings = config.settings()
        self.fabric = _fabric(config)
        self.processes = Processes(self.fabric)
        self.processes.share(self.settings.batch)
        torch.manual_seed(config.seed)
        self.recipe = DESIGNS[self.settings.design](config)
        self.model = self.recipe.model
        if scenes is None:
            scenes = self.processes.main_first(self.recipe.read_scenes)
        self.data = self.recipe.prepare(scenes)
        self.validation = self.data.validation() if self.processes.main else None
        self.progress = Progress()
        self.recipe.to(self.fabric.device)
        self.optimizer = self.recipe.optimizer()
        self.average = None if self.recipe.average is None else MovingAverage(self.model, self.recipe.average)
        if config.resume:
            self._restore(load_state(config.run_dir / LAST))
        if config.compile:
            for layer in self.model.layers:
                layer.compile()
        self.journal = Journal(config.run_dir, self.progress.step) if self.processes.main else None

    def close(self) -> None:
        if self.journal is not None:
            self.journal.close()

    def go(self, stop: StopRequest, tell: Tell) -> Path:
        started = time.monotonic() - self.progress.seconds
        saved = time.monotonic()
        if self.validation is not None and self.validation.reference:
            logger.info("smooth prior alone: %s", self.validation.reference)
        limits = Limits(self.config.steps, self.config.max_minutes)
        terminal = None if self.processes.main else False
        shown = RunProgress(limits, self.progress.step, self.progress.seconds, tell, terminal=terminal)
        stopped = False
        for batch in self._batches():
            self._step(batch)
            self.progress.seconds, stopped = self.processes.agree(time.monotonic() - started, stop.requested)
            minute = shown.update(self.progress.step, self.progress.seconds, self.progress.losses)
            due = self.progress.step % self.config.validate_every == 0
            if due:
                self._validate()
            elif minute and self.journal is not None:
                self.journal.log_minute(self._line())
            if due or stopped or time.monotonic() - saved >= 60 * self.config.save_minutes:
                self._save()
                saved = time.monotonic()
            if stopped or self._out_of_time():
                break
        shown.close()
        if stopped:
            return Path(self.config.run_dir / LAST)
        return self._finish()

    def _batches(self) -> Iterator[Any]:
        steps = range(self.progress.step, self.config.steps)
        loader: DataLoader[Any] = DataLoader(
            self.data.samples,
            batch_sampler=self.processes.numbers(steps, self.settings.batch),
            num_workers=self.config.workers,
            collate_fn=collate,
        )
        for batch in loader:
            yield type(batch)(*(tensor.to(self.fabric.device) for tensor in batch))

    def _step(self, batch: Any) -> None:
        rate = self._learning_rate()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.model.train()
        # The forward pass alone is in mixed precision: losses stay in full precision.
        with self.fabric.autocast():
            output = self.recipe.forward(batch)
        terms = self.recipe.losses(output, batch, Step(self.progress.step, self.processes.mean))
        self.optimizer.zero_grad()
        terms["total"].backward()  # type: ignore[no-untyped-call]
        self.processes.average_gradients(self.model.parameters())
        self._clip()
        self.optimizer.step()
        self.progress.step += 1
        if self.average is not None:
            self.average.update(self.model, self.progress.step)
        values = self.processes.mean(torch.stack([value.detach().float() for value in terms.values()]))
        self.progress.losses = dict(zip(terms, values.tolist(), strict=True))
        if self.journal is not None:
            self.journal.log_step(self.progress.step, self.progress.losses, rate)

    def _clip(self) -> None:
        try:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip, error_if_nonfinite=True)
        except RuntimeError as error:
            raise TrainingError(
                f"step {self.progress.step + 1}: the gradient is not finite",
                "resume from the last checkpoint with a lower learning rate",
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

    def _network(self) -> Any:
        """The network that is validated and saved."""
        return self.model if self.average is None else self.average.model

    def _validate(self) -> None:
        if self.validation is None or self.journal is None:
            return
        figures = self.validation.model_figures(self._network(), self.fabric.device)
        self.progress.validation = figures
        line = {**self._line(), "validation": figures, "prior": self.validation.reference}
        sheet = self.validation.pictures(self._network(), self.fabric.device)
        self.journal.log_validation(line, sheet, self.validation.labels)
        score = figures.get("score", figures["over_prior"])
        if score < self.progress.best:
            self.progress.best = score
            save_checkpoint(self.config.run_dir / BEST, self._network(), self._record(self.validation.reference))

    def _line(self) -> dict[str, Any]:
        """What every line of the metrics has."""
        return {
            "step": self.progress.step,
            "seconds": round(self.progress.seconds, 1),
            "learning_rate": self._learning_rate(),
            "losses": self.progress.losses,
        }

    def _record(self, reference: dict[str, float]) -> dict[str, Any]:
        progress = {
            "steps": self.progress.step,
            "samples": self.progress.step * self.settings.batch,
            "seconds": round(self.progress.seconds, 1),
            "losses": self.progress.losses,
            "validation": self.progress.validation,
            "validation_of_prior": reference,
        }
        return {"training": training_record(self.config, progress, self.fabric.device), "data": self.data.record}

    def _save(self) -> None:
        if not self.processes.main:
            return
        state = {
            "model": self.model.state_dict(),
            "architecture": self.model.config.as_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": vars(self.progress).copy(),
            "random": random_states(),
        }
        if self.average is not None:
            state["average"] = self.average.state_dict()
        save_state(self.config.run_dir / LAST, state)

    def _restore(self, state: dict[str, Any]) -> None:
        if state["architecture"] != self.model.config.as_dict():
            raise TrainingError(
                f"{self.config.run_dir / LAST}: has another architecture", "resume with the same settings"
            )
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.progress = Progress(**state["progress"])
        set_random_states(state["random"])

    def _out_of_time(self) -> bool:
        return self.config.max_minutes is not None and self.progress.seconds >= 60 * self.config.max_minutes

    def _finish(self) -> Path:
        final = Path(self.config.run_dir / FINAL)
        if not self.processes.main:
            return final
        if self.progress.step % self.config.validate_every:
            self._validate()
        self._save()
        model, info = load_checkpoint(self.config.run_dir / BEST)
        corrections = {} if self.validation is None else self.validation.correct(model, torch.device("cpu"))
        save_checkpoint(final, model, {"training": {**info.training, **corrections}, "data": info.data})
        return final


def _fabric(config: TrainConfig) -> Fabric:
    return open_fabric(config.accelerator, config.precision)
