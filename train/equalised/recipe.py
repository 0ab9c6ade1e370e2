"""How the published design is trained: crops of histogram-equalised frames, all losses summed over the layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor
from torch.optim import Adam, Optimizer

from corinpaint.lasco.errors import TrainingError
from corinpaint.model.checkpoint import load_checkpoint
from corinpaint.model.prior import PyramidPrior
from corinpaint.model.stack import LayerStack, StackConfig, StackOutput
from corinpaint.train.config import TrainConfig
from corinpaint.train.equalised.dataset import Crops, Sample, collate, validation_crops
from corinpaint.train.equalised.losses import LossWeights, losses
from corinpaint.train.equalised.scenes import Scene, load_scenes, split_by_date
from corinpaint.train.equalised.validation import Validation
from corinpaint.train.equalised.vgg import VggFeatures, load_vgg
from corinpaint.train.recipe import Moment, Work, check_crop, check_start
from corinpaint.train.record import data_record


class Published:
    """See `corinpaint.train.recipe.Recipe`.

    Parameters
    ----------
    config : TrainConfig

    Raises
    ------
    TrainingError
        A crop that does not fit the network, no VGG weights.
    CheckpointError
        `init` cannot be loaded.
    """

    average: float | None = None

    def __init__(self, config: TrainConfig) -> None:
        self.config, self.settings = config, config.settings()
        self.weights = cast(LossWeights, self.settings.weights)
        self.model = self._model()
        check_crop(self.settings.crop, self.model)
        self.features = self._features()

    def read(self) -> Sequence[Scene]:
        """See `Recipe.read`."""
        config = self.config
        cache = config.cache()
        return load_scenes(config.data_dir, config.simulated, config.simulated_seed, config.calibration_dir, cache)

    def work(self, scenes: Sequence[Scene]) -> Work:
        """See `Recipe.work`.

        Raises
        ------
        TrainingError
            Nothing to validate on.
        """
        training, held = split_by_date(scenes, self.config.validation_fraction)
        crop = self.settings.crop

        def validation() -> Validation:
            checks = validation_crops(held, crop, self.settings.validation_crops)
            if not checks:
                raise TrainingError(f"no validation crop of {crop} px has a hole with known truth; hold out more days")
            return Validation(checks, PyramidPrior(self.model.config.pyramid))

        return Work(
            Crops(training, crop, self.config.seed), collate, validation, data_record(training, held, self.config)
        )

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

    def losses(self, output: StackOutput, batch: Sample, moment: Moment) -> dict[str, Tensor]:  # noqa: ARG002
        """See `Recipe.losses`; in full precision: Gram matrices of features lose a fifth of a small error in half."""
        return losses(output, batch.target(), self.weights, self.features)

    def _model(self) -> LayerStack:
        if self.config.init is None:
            return LayerStack(StackConfig(layers=self.settings.layers))
        model, _ = load_checkpoint(self.config.init)
        if not isinstance(model, LayerStack):
            raise TrainingError(f"{self.config.init}: is of another design; start from it with --preset straight")
        check_start(self.config.init, self.config.layers, model)
        return model

    def _features(self) -> VggFeatures | None:
        if not self.weights.needs_features():
            return None
        features = load_vgg(self.config.vgg)
        if features is None:
            raise TrainingError("perceptual and style losses need VGG features: choose download, random or a file")
        return features
