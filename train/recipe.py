"""What the training loop needs to know of a design: its network, its data, its losses, its validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.data import Dataset

from corinpaint.lasco.errors import TrainingError
from corinpaint.model.checkpoint import Network, load_checkpoint
from corinpaint.model.log_polar import LogPolarStack
from corinpaint.model.sequence import SequenceStack
from corinpaint.model.stack import LayerStack
from corinpaint.train.config import TrainConfig
from corinpaint.train.features.vgg import VggFeatures, load_vgg
from corinpaint.train.loss_weights import EqualisedLossWeights, LogPolarLossWeights
from corinpaint.train.presets import LOG_POLAR, PRESETS, PUBLISHED
from corinpaint.train.reports.sheet import Labels

MAX_CROP = 1024
"""Largest side of the samples, px: that of a frame."""

Adapt = Callable[[Network, int | None], Network]
NetworkT = TypeVar("NetworkT", LayerStack, SequenceStack)
SampleT = TypeVar("SampleT", bound=tuple[Tensor, ...])


class Step(NamedTuple):
    """A training step, as far as a loss may depend on it.

    Attributes
    ----------
    number : int
        From 0.
    mean : callable
        Mean of a tensor over the processes that share the batch.
    """

    number: int
    mean: Callable[[Tensor], Tensor]


class Validator(Protocol):
    """Figures and pictures of a network on fixed holes."""

    reference: dict[str, float]
    """Figures of the smooth prior alone; empty where they are not known yet."""

    @property
    def labels(self) -> Labels:
        """What the pictures of the sheet show."""

    def model_figures(self, model: Any, device: torch.device) -> dict[str, float]:
        """Figures by name, "over_prior" among them, by which the best checkpoint is chosen: the lower, the better."""

    def pictures(self, model: Any, device: torch.device) -> Tensor:
        """A sheet (1, H, W) of float32, 0 to 1."""

    def correct(self, model: Any, device: torch.device) -> dict[str, float]:
        """Correct the network in place when the run ends; what was changed, by name, and nothing where nothing was."""


@dataclass(frozen=True)
class TrainingData:
    """What scenes are turned into.

    Attributes
    ----------
    samples : Dataset
        Sample number k, a named tuple of tensors, is a pure function of the run's seed and k; there is no end to them.
    validation : callable
        Makes the validation, in the one process that needs it.
    record : dict
        Record of the data, see `corinpaint.train.record.data_record`.
    """

    samples: Dataset[Any]
    validation: Callable[[], Validator]
    record: dict[str, Any]


class Recipe(Protocol):
    """How one design is trained.

    Attributes
    ----------
    model : LayerStack or LogPolarStack
    average : float or None
        Limit of the decay of the weights' moving average, which is then what is validated and saved.
    """

    model: Any
    average: float | None

    def read_scenes(self) -> Sequence[Any]:
        """The scenes that the configuration names."""

    def prepare(self, scenes: Sequence[Any]) -> TrainingData:
        """Divide scenes into training and validation, and make samples of them."""

    def to(self, device: torch.device) -> None:
        """Move everything that computes to a device."""

    def optimizer(self) -> Optimizer:
        """For the model's parameters."""

    def forward(self, batch: Any) -> Any:
        """What the network gives for a batch; where precision is mixed, it is so here."""

    def losses(self, output: Any, batch: Any, step: Step) -> dict[str, Tensor]:
        """The terms, unweighted, and "total"."""


def collate(samples: Sequence[SampleT]) -> SampleT:
    """Stack samples, named tuples of tensors, into a batch: the same with a leading axis."""
    make: Any = type(samples[0])
    batch: SampleT = make(*(torch.stack(parts) for parts in zip(*samples, strict=True)))
    return batch


def initial_model(
    config: TrainConfig,
    design: type[NetworkT],
    fresh: Callable[[], NetworkT],
    adapt: Adapt = lambda model, _: model,
) -> NetworkT:
    """The network that a run starts with: that of the checkpoint `config.init`, else a new one.

    Parameters
    ----------
    config : TrainConfig
    design : type
        Class of the network.
    fresh : callable
        Makes a new one.
    adapt : callable
        Makes a network of the design of one of an earlier design, with so many layers; gives others back as they are.

    Raises
    ------
    CheckpointError
        The checkpoint cannot be loaded.
    TrainingError
        It holds a network of the other design, with other layers than those of the configuration, or one that does not
        fit the side of the samples.
    """
    model = fresh() if config.init is None else _from_checkpoint(config.init, design, config.layers, adapt)
    _check_crop(config.settings().crop, model)
    return model


def loss_features(config: TrainConfig, weights: EqualisedLossWeights | LogPolarLossWeights) -> VggFeatures | None:
    """The VGG19 features that loss weights ask for, of the weights that the configuration names; None for none.

    Raises
    ------
    TrainingError
        The weights of VGG19 cannot be had, or the configuration says "none".
    """
    if not weights.needs_features():
        return None
    features = load_vgg(config.vgg)
    if features is None:
        raise TrainingError("perceptual and style losses need VGG features", "choose download, random or a file")
    return features


def _from_checkpoint(path: Path, design: type[NetworkT], layers: int | None, adapt: Adapt) -> NetworkT:
    model, _ = load_checkpoint(path)
    model = adapt(model, layers)
    if not isinstance(model, design):
        other = LOG_POLAR if isinstance(model, LogPolarStack) else PUBLISHED
        fitting = ", ".join(name for name, preset in PRESETS.items() if preset.design == other)
        raise TrainingError(f"{path}: is of another design, the {other} design", f"use one of its presets: {fitting}")
    if layers is not None and model.config.layers != layers:
        raise TrainingError(
            f"{path}: has {model.config.layers} layers, not {layers}", "leave the number of layers out, or start anew"
        )
    return model


def _check_crop(crop: int, model: Network) -> None:
    if crop % model.multiple or crop > MAX_CROP:
        raise TrainingError(f"crop = {crop} must be a multiple of {model.multiple} px, {MAX_CROP} at most")
