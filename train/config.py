"""Configuration of a training run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from corinpaint.lasco.errors import TrainingError
from corinpaint.lasco.files import write_bytes
from corinpaint.train.presets import LOG_POLAR, Preset, checked_name, current_name, preset

LAST = "last.ckpt"
"""File in the run folder from which a run is resumed."""
FIXED = (
    *("preset", "seed", "crop", "batch", "data_dir", "simulated", "simulated_seed", "calibration_dir"),
    *("learning_rate", "clip", "layers", "weights", "vgg", "schedule", "validation_fraction", "precision"),
)
"""Settings that a resumed run must share with the run that it continues."""


@dataclass(frozen=True)
class TrainConfig:
    """Settings of a run; plain values.

    Attributes
    ----------
    run_dir : Path
        Folder of the run: configuration, metrics, checkpoints, the exported weights.
    data_dir : Path or None
        Folder of Level 0.5 frames.
    simulated : int
        Number of simulated frames.
    simulated_seed : int
        Seed of the first of them.
    preset : str
        "log-polar", that of the shipped network, or another of `corinpaint.train.presets`;
        "straight", the name of the first in earlier versions, is deprecated.
    steps : int
        Number of optimiser steps.
    max_minutes : float or None
        Time after which the run ends early, all its parts together when resumed.
    schedule : {"steps", "minutes"}
        Whether the learning rate follows the steps or the share of `max_minutes`; the latter ends a run of unknown
        speed at a low rate, but two such runs are not bit-identical.
    seed : int
        Seed of weights, crops and holes.
    crop : int, optional
        Side of the crops or windows, px, a multiple of the model's `multiple`; in place of the preset's.
    batch, learning_rate, clip, layers : optional
        In place of the preset's. The batch is that of all processes together.
    weights : dict
        Loss weights in place of the preset's, such as {"lambda_1": 0.1}.
    threads : int or None
        CPU threads of torch; None leaves torch's choice.
    workers : int
        Processes that cut crops; 0 cuts them in the training process.
    init : Path or None
        Checkpoint to start from; its architecture is kept.
    resume : bool
        Resume from the run folder's last checkpoint.
    vgg : str
        "download", "random", "none" or a path, see `corinpaint.train.features.vgg.load_vgg`. Only read when a loss
        needs it.
    accelerator : str
        "auto", "cpu" or "cuda".
    precision : {"auto", "full", "bf16"}
        Precision of the convolutions; "auto" is bfloat16 on a GPU and full precision on a CPU.
    compile : bool
        Compile the layers with `torch.compile`.
    validation_fraction : float
        Share of the days that is held out.
    validation_crops : int, optional
        In place of the preset's.
    validate_every : int
        Steps between validations.
    save_minutes : float
        Minutes between checkpoints; one is also written at every validation.
    calibration_dir : Path or None
        Folder of the official calibration files; None for the nominal ones.
    cache_dir : Path or None
        Folder of the simulated scenes; None puts them into the run folder.
    """

    run_dir: Path
    data_dir: Path | None = None
    simulated: int = 0
    simulated_seed: int = 0
    preset: str = LOG_POLAR
    steps: int = 10_000
    max_minutes: float | None = None
    schedule: Literal["steps", "minutes"] = "steps"
    seed: int = 0
    crop: int | None = None
    batch: int | None = None
    learning_rate: float | None = None
    clip: float | None = None
    layers: int | None = None
    weights: dict[str, float] = field(default_factory=dict)
    threads: int | None = None
    workers: int = 0
    init: Path | None = None
    resume: bool = False
    vgg: str = "download"
    accelerator: str = "auto"
    precision: Literal["auto", "full", "bf16"] = "auto"
    compile: bool = False
    validation_fraction: float = 0.2
    validation_crops: int | None = None
    validate_every: int = 250
    save_minutes: float = 2.0
    calibration_dir: Path | None = None
    cache_dir: Path | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "preset", checked_name(self.preset, stacklevel=4))

    def settings(self) -> Preset:
        """The preset with this configuration's own values in place.

        Raises
        ------
        OptionError
            There is no such preset.
        TrainingError
            There is no such loss weight, or a value is out of range.
        """
        chosen = preset(self.preset)
        own: dict[str, Any] = {
            "batch": self.batch,
            "learning_rate": self.learning_rate,
            "clip": self.clip,
            "layers": self.layers,
            "crop": self.crop,
            "validation_crops": self.validation_crops,
        }
        chosen = replace(chosen, **{name: value for name, value in own.items() if value is not None})
        self._check(chosen)
        try:
            weights = type(chosen.weights)(**{**asdict(chosen.weights), **self.weights})
        except TypeError as error:
            raise TrainingError(
                f"weights = {self.weights}: the loss weights are {', '.join(asdict(chosen.weights))}"
            ) from error
        return replace(chosen, weights=weights)

    def cache(self) -> Path:
        """Folder of the simulated scenes."""
        return self.cache_dir or self.run_dir / "scenes"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, paths as text."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}

    def _check(self, chosen: Preset) -> None:
        if self.schedule == "minutes" and self.max_minutes is None:
            raise TrainingError("schedule = 'minutes' needs max_minutes")
        if self.simulated < 0:
            raise TrainingError(f"simulated = {self.simulated} must not be negative")
        for name, value in (
            ("steps", self.steps),
            ("validate_every", self.validate_every),
            ("crop", chosen.crop),
            ("validation_crops", chosen.validation_crops),
            ("batch", chosen.batch),
            ("layers", chosen.layers),
            ("learning_rate", chosen.learning_rate),
            ("clip", chosen.clip),
        ):
            if value <= 0:
                raise TrainingError(f"{name} = {value} must be greater than 0")


def check_config(config: TrainConfig) -> None:
    """Check that a run can start or be resumed in its folder; nothing is written.

    Raises
    ------
    TrainingError
        The run folder already holds a run and `resume` is not set, there is no run to resume, or it had other
        settings.
    """
    path = config.run_dir / "config.json"
    started = (config.run_dir / LAST).exists()
    if started and not config.resume:
        raise TrainingError(f"{config.run_dir}: already holds a run", "resume it or choose another folder")
    if config.resume and not started:
        raise TrainingError(f"{config.run_dir}: there is no run to resume", "start it without resume")
    if config.resume and path.exists():
        try:
            old = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise TrainingError(f"{path}: cannot be read ({error})", "remove it to resume all the same") from error
        values = config.as_dict()
        if "preset" in old:
            old["preset"] = current_name(old["preset"])
        changed = [name for name in FIXED if name in old and old[name] != values[name]]
        if changed:
            raise TrainingError(f"{path}: the run to resume had another {', '.join(changed)}", "use the same values")


def write_config(config: TrainConfig, more: Mapping[str, Any] | None = None) -> None:
    """Write `config.json` into the run folder, after `check_config`; with `more` plain values.

    Raises
    ------
    TrainingError
        See `check_config`.
    OutputError
        The file cannot be written.
    """
    check_config(config)
    text = json.dumps(config.as_dict() | dict(more or {}), indent=2) + "\n"
    write_bytes(config.run_dir / "config.json", text.encode(), overwrite=True)
