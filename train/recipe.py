"""What the training loop needs to know of a design: its network, its data, its losses, its validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.data import Dataset

from corinpaint.lasco.errors import TrainingError
from corinpaint.model.checkpoint import Network


class Moment(NamedTuple):
    """When a loss is computed, and with whom.

    Attributes
    ----------
    step : int
        Number of the step, from 0.
    mean : callable
        Mean of a number over the processes that share the batch.
    """

    step: int
    mean: Callable[[Tensor], Tensor]


class Validator(Protocol):
    """Figures and pictures of a network on fixed holes."""

    reference: dict[str, float]
    """Figures of the smooth prior alone; empty where they are not known yet."""

    def model_figures(self, model: Any, device: torch.device) -> dict[str, float]:
        """Figures by name, "over_prior" among them, by which the best checkpoint is chosen: the lower, the better."""

    def pictures(self, model: Any, device: torch.device) -> Tensor:
        """A sheet (1, H, W), 0 to 1."""


@dataclass(frozen=True)
class Work:
    """What scenes are turned into.

    Attributes
    ----------
    samples : Dataset
        Sample number k is a pure function of the run's seed and k; there is no end to them.
    collate : callable
        Stacks samples to a batch, a named tuple of tensors.
    validation : callable
        Makes the validation, in the one process that needs it.
    data : dict
        Record of the data, see `corinpaint.train.record.data_record`.
    """

    samples: Dataset[Any]
    collate: Callable[[Sequence[Any]], Any]
    validation: Callable[[], Validator]
    data: dict[str, Any]


class Recipe(Protocol):
    """How one design is trained.

    Attributes
    ----------
    model : LayerStack or StraightStack
    average : float or None
        Limit of the decay of the weights' moving average, which is then what is validated and saved.
    """

    model: Any
    average: float | None

    def read(self) -> Sequence[Any]:
        """The scenes that the configuration names."""

    def work(self, scenes: Sequence[Any]) -> Work:
        """Split scenes into training and validation, and make samples of them."""

    def to(self, device: torch.device) -> None:
        """Move everything that computes to a device."""

    def optimizer(self) -> Optimizer:
        """For the model's parameters."""

    def forward(self, batch: Any) -> Any:
        """What the network gives for a batch; where precision is mixed, it is so here."""

    def losses(self, output: Any, batch: Any, moment: Moment) -> dict[str, Tensor]:
        """The terms, unweighted, and "total"."""


def check_crop(crop: int, model: Network) -> None:
    """Refuse a side of the samples that does not fit.

    Raises
    ------
    TrainingError
    """
    if crop % model.multiple or crop > 1024:
        raise TrainingError(f"crop = {crop} must be a multiple of {model.multiple} px, 1024 at most")


def check_start(path: Path, layers: int | None, model: Network) -> None:
    """Refuse a checkpoint to start from whose layers are not those that were asked for.

    Raises
    ------
    TrainingError
    """
    if layers is not None and model.config.layers != layers:
        raise TrainingError(f"{path}: has {model.config.layers} layers, not {layers}")
