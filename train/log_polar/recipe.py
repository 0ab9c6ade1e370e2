"""How the log-polar design is trained: windows in units like the noise, cells compared with their means."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.optim import AdamW, Optimizer

from corinpaint.lasco.errors import TrainingError
from corinpaint.model.checkpoint import Network
from corinpaint.model.log_polar import CellOutput, LogPolarStack
from corinpaint.model.sequence import SequenceConfig, SequenceStack, from_single
from corinpaint.train.config import TrainConfig
from corinpaint.train.log_polar.dataset import Sample, Windows
from corinpaint.train.log_polar.losses import feature_losses, losses
from corinpaint.train.log_polar.scene import Scene
from corinpaint.train.log_polar.scenes import load_scenes, split_scenes
from corinpaint.train.log_polar.validation import Validation, validation_holes
from corinpaint.train.loss_weights import LogPolarLossWeights
from corinpaint.train.recipe import Step, TrainingData, initial_model, loss_features
from corinpaint.train.record import data_record

BETAS = (0.9, 0.99)
"""Decay of AdamW's averages of the gradient and of its square."""

DECAY = 1e-4
"""Decay of the weights by AdamW."""

AVERAGE = 0.998
"""Limit of the decay of the weights' moving average, per step."""


class LogPolarRecipe:
    """Recipe of the log-polar design, see `corinpaint.train.recipe.Recipe`.

    Parameters
    ----------
    config : TrainConfig

    Raises
    ------
    TrainingError
        A window or a checkpoint that does not fit the network, no VGG weights where a loss needs them.
    CheckpointError
        `init` cannot be loaded.
    """

    average: float | None = AVERAGE

    def __init__(self, config: TrainConfig) -> None:
        self.config, self.settings = config, config.settings()
        self.weights = cast(LogPolarLossWeights, self.settings.weights)
        layers, levels = self.settings.layers, self.settings.levels
        self.model = initial_model(
            config,
            SequenceStack,
            lambda: SequenceStack(SequenceConfig(layers=layers, levels=levels)),
            partial(as_sequence, levels=levels),
        )
        if self.model.config.levels != levels:
            raise TrainingError(
                f"{config.init}: sees levels of {self.model.config.levels}, {config.preset!r} those of {levels}",
                "start from a network of the same levels, or from one that knows a single context frame",
            )
        self.features = loss_features(config, self.weights)

    def read_scenes(self) -> Sequence[Scene]:
        """See `Recipe.read_scenes`."""
        return load_scenes(self.config)

    def prepare(self, scenes: Sequence[Scene]) -> TrainingData:
        """See `Recipe.prepare`.

        Raises
        ------
        TrainingError
            Nothing to train or to validate on.
        """
        training, held_out = split_scenes(scenes, self.config.validation_fraction)
        side = self.settings.crop

        def validation() -> Validation:
            holes = validation_holes(held_out, side, self.settings.validation_crops)
            if not holes:
                raise TrainingError("no frame that is held out has a block whose truth is known", "hold out more days")
            return Validation(holes)

        frames = [[scene for scene in part if not scene.binned] for part in (training, held_out)]
        samples = Windows(training, side, self.config.seed)
        return TrainingData(samples, validation, data_record(frames[0], frames[1], self.config))

    def to(self, device: torch.device) -> None:
        """See `Recipe.to`."""
        self.model.to(device)
        if self.features is not None:
            self.features.to(device)

    def optimizer(self) -> Optimizer:
        """AdamW."""
        return AdamW(self.model.parameters(), lr=self.settings.learning_rate, betas=BETAS, weight_decay=DECAY)

    def forward(self, batch: Sample) -> CellOutput:
        """See `Recipe.forward`; the prior is computed in full precision in any case."""
        return self.model.predict_cells(batch.image, batch.mask, batch.place)

    def losses(self, output: CellOutput, batch: Sample, step: Step) -> dict[str, Tensor]:
        """See `Recipe.losses`; the pixel of a cell that the interval is compared with changes from step to step."""
        rng = np.random.default_rng([self.config.seed, step.number, 1])
        row, column = rng.integers(self.model.config.cell, size=2)
        terms = losses(output, batch.truth, batch.weight, self.weights, (int(row), int(column)), step.mean)
        if self.features is None:
            return terms
        more = feature_losses(output, batch.truth, batch.weight, batch.mask[:, :1], self.weights, self.features)
        total = terms["total"] + sum(getattr(self.weights, name) * term for name, term in more.items())
        return {**terms, **more, "total": total}


def as_sequence(model: Network, layers: int | None, levels: str) -> Network:
    """A network for sequences that begins as one that knows a single context frame; other networks as they are.

    Parameters
    ----------
    model : LayerStack or LogPolarStack
    layers : int or None
    levels : str
        As for `corinpaint.model.sequence.from_single`.
    """
    if isinstance(model, LogPolarStack) and not isinstance(model, SequenceStack):
        return from_single(model, layers, levels)
    return model
