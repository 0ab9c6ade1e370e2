"""How the published design is trained: crops of histogram-equalised frames, all losses summed over the layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor
from torch.optim import Adam, Optimizer

from corinpaint.lasco.errors import TrainingError
from corinpaint.model.prior import PyramidPrior
from corinpaint.model.stack import LayerStack, StackConfig, StackOutput
from corinpaint.train.config import TrainConfig
from corinpaint.train.equalised.dataset import Crops, Sample, validation_crops
from corinpaint.train.equalised.losses import losses
from corinpaint.train.equalised.scenes import Scene, load_scenes
from corinpaint.train.equalised.validation import Validation
from corinpaint.train.frames import split_by_day
from corinpaint.train.loss_weights import EqualisedLossWeights
from corinpaint.train.recipe import Step, TrainingData, initial_model, loss_features
from corinpaint.train.record import data_record


class EqualisedRecipe:
    """Recipe of the published design, see `corinpaint.train.recipe.Recipe`.

    Parameters
    ----------
    config : TrainConfig

    Raises
    ------
    TrainingError
        A crop or a checkpoint that does not fit the network, no VGG weights.
    CheckpointError
        `init` cannot be loaded.
    """

    average: float | None = None

    def __init__(self, config: TrainConfig) -> None:
        self.config, self.settings = config, config.settings()
        self.weights = cast(EqualisedLossWeights, self.settings.weights)
        self.model = initial_model(config, LayerStack, lambda: LayerStack(StackConfig(layers=self.settings.layers)))
        self.features = loss_features(config, self.weights)

    def read_scenes(self) -> Sequence[Scene]:
        """See `Recipe.read_scenes`."""
        return load_scenes(self.config)

    def prepare(self, scenes: Sequence[Scene]) -> TrainingData:
        """See `Recipe.prepare`.

        Raises
        ------
        TrainingError
            Nothing to validate on.
        """
        training, held_out = split_by_day(scenes, self.config.validation_fraction)
        crop = self.settings.crop

        def validation() -> Validation:
            crops = validation_crops(held_out, crop, self.settings.validation_crops)
            if not crops:
                raise TrainingError(
                    f"no validation crop of {crop} px has a hole with known truth", "hold out more days"
                )
            return Validation(crops, PyramidPrior(self.model.config.pyramid))

        samples = Crops(training, crop, self.config.seed)
        return TrainingData(samples, validation, data_record(training, held_out, self.config))

    def to(self, device: torch.device) -> None:
        """See `Recipe.to`."""
        self.model.to(device)
        if self.features is not None:
            self.features.to(device)

    def optimizer(self) -> Optimizer:
        """Adam, as published."""
        return Adam(self.model.parameters(), lr=self.settings.learning_rate)

    def forward(self, batch: Sample) -> StackOutput:
        """See `Recipe.forward`; observed pixels are kept in full precision."""
        return cast(StackOutput, self.model(batch.image, batch.mask))

    def losses(self, output: StackOutput, batch: Sample, step: Step) -> dict[str, Tensor]:  # noqa: ARG002
        """See `Recipe.losses`; in full precision: Gram matrices of features lose a fifth of a small error in half."""
        return losses(output, batch.target(), self.weights, self.features)
