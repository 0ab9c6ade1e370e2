"""How the network for straightened windows is trained: windows in units of the noise, cells against their means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.optim import AdamW, Optimizer

from corinpaint.lasco.errors import TrainingError
from corinpaint.model.checkpoint import load_checkpoint
from corinpaint.model.log_polar import CellOutput, StraightConfig, StraightStack
from corinpaint.train.config import TrainConfig
from corinpaint.train.log_polar.dataset import Windows, WindowSample, collate_windows
from corinpaint.train.log_polar.losses import StraightWeights, straight_losses
from corinpaint.train.log_polar.scenes import LevelScene, load_level_scenes, split_levels
from corinpaint.train.log_polar.validation import StraightValidation, checks
from corinpaint.train.recipe import Moment, Work, check_crop, check_start
from corinpaint.train.record import data_record

BETAS = (0.9, 0.99)
DECAY = 1e-4
"""Of the weights, by AdamW."""

AVERAGE = 0.998
"""Limit of the decay of their moving average, per step."""


class Straight:
    """See `corinpaint.train.recipe.Recipe`.

    Parameters
    ----------
    config : TrainConfig

    Raises
    ------
    TrainingError
        A window that does not fit the network.
    CheckpointError
        `init` cannot be loaded.
    """

    average: float | None = AVERAGE

    def __init__(self, config: TrainConfig) -> None:
        self.config, self.settings = config, config.settings()
        self.weights = cast(StraightWeights, self.settings.weights)
        self.model = self._model()
        check_crop(self.settings.crop, self.model)

    def read(self) -> Sequence[LevelScene]:
        """See `Recipe.read`."""
        config = self.config
        cache = config.cache()
        return load_level_scenes(
            config.data_dir, config.simulated, config.simulated_seed, config.calibration_dir, cache
        )

    def work(self, scenes: Sequence[LevelScene]) -> Work:
        """See `Recipe.work`.

        Raises
        ------
        TrainingError
            Nothing to train or to validate on.
        """
        training, held = split_levels(scenes, self.config.validation_fraction)
        own = [[scene for scene in part if not scene.binned] for part in (training, held)]

        def validation() -> StraightValidation:
            found = checks(held, self.settings.crop, self.settings.validation_crops)
            if not found:
                raise TrainingError("no frame that is held out has a block whose truth is known", "hold out more days")
            return StraightValidation(found)

        return Work(
            Windows(training, self.settings.crop, self.config.seed),
            collate_windows,
            validation,
            data_record(own[0], own[1], self.config),
        )

    def to(self, device: torch.device) -> None:
        """See `Recipe.to`."""
        self.model.to(device)

    def optimizer(self) -> Optimizer:
        """AdamW."""
        return AdamW(self.model.parameters(), lr=self.settings.learning_rate, betas=BETAS, weight_decay=DECAY)

    def forward(self, batch: WindowSample) -> CellOutput:
        """See `Recipe.forward`; the prior is computed in full precision in any case."""
        return self.model.predict_cells(batch.image, batch.mask, batch.place)

    def losses(self, output: CellOutput, batch: WindowSample, moment: Moment) -> dict[str, Tensor]:
        """See `Recipe.losses`; the pixel of the cells that the interval is judged by changes from step to step."""
        row, column = np.random.default_rng([self.config.seed, moment.step, 1]).integers(self.model.config.cell, size=2)
        pixel = (int(row), int(column))
        return straight_losses(output, batch.truth, batch.weight, self.weights, pixel, moment.mean)

    def _model(self) -> StraightStack:
        if self.config.init is None:
            return StraightStack(StraightConfig(layers=self.settings.layers))
        model, _ = load_checkpoint(self.config.init)
        if not isinstance(model, StraightStack):
            raise TrainingError(f"{self.config.init}: is of the published design", "start from it with its own presets")
        check_start(self.config.init, self.config.layers, model)
        return model
