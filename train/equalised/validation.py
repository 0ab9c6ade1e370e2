"""Validation of the published design: holes of fixed crops, filled by the network and by the smooth prior alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from corinpaint.model.prior import PyramidPrior
from corinpaint.model.stack import LayerStack
from corinpaint.train.equalised.dataset import ValidationCrop
from corinpaint.train.equalised.metrics import hole_metrics, noise_level
from corinpaint.train.recipe import collate
from corinpaint.train.reports.sheet import Labels
from corinpaint.train.validation_figures import error_ratios, geometric_mean, groups

PICTURES = 4
"""Number of crops that are drawn."""

BATCH = 8
"""Crops that are filled at once."""

Fill = Callable[[Tensor, Tensor], Tensor]


class Validation:
    """Fixed crops and the errors of the smooth prior on them.

    Parameters
    ----------
    crops : sequence of ValidationCrop
    prior : PyramidPrior
        Reference.
    """

    def __init__(self, crops: Sequence[ValidationCrop], prior: PyramidPrior) -> None:
        self.crops = list(crops)
        self.noise = [
            noise_level(_array(crop.sample.truth), _array(crop.sample.known).astype(bool)) for crop in self.crops
        ]
        self.prior_medians: list[float] = []
        self.reference = self.figures(lambda image, mask: prior(image, mask)[0], torch.device("cpu"))

    def figures(self, fill: Fill, device: torch.device) -> dict[str, float]:
        """Figures of a fill over all hole pixels.

        Parameters
        ----------
        fill : callable
            (image, mask) -> filled image, each (N, 1, H, W).
        device : torch.device

        Returns
        -------
        dict of str to float
            Over all hole pixels: "median" and "mae" (equalised brightness), "bias", "psnr" (dB). Over crops:
            "over_prior", the geometric mean of the median error over that of the smooth prior, by which the best
            checkpoint is chosen, and "over_noise", the median of the median error over that of the pixel noise
            (onboard compression leaves some crops with hardly any noise). Both also by the side of the holes in
            blocks ("over_prior_SIDE") and for real and simulated crops ("over_prior_KIND").
        """
        medians, over_noise, pairs = [], [], []
        for crop, image, noise in zip(self.crops, self._filled(fill, device), self.noise, strict=True):
            truth = _array(crop.sample.truth)
            hole = _array(crop.sample.known - crop.sample.mask) > 0
            metrics = hole_metrics(image, truth, hole, noise)
            medians.append(metrics.median)
            over_noise.append(metrics.median_over_noise)
            pairs.append((image[hole], truth[hole]))
        self.prior_medians = self.prior_medians or medians
        ratios = error_ratios(medians, self.prior_medians)
        together = [np.concatenate(parts) for parts in zip(*pairs, strict=True)]
        overall = hole_metrics(together[0], together[1], np.ones(together[0].shape, dtype=bool))
        figures = {"median": overall.median, "mae": overall.mae, "bias": overall.bias, "psnr": overall.psnr}
        for suffix, chosen in groups([crop.side for crop in self.crops], [crop.kind for crop in self.crops]):
            figures[f"over_prior{suffix}"] = geometric_mean(ratios[index] for index in chosen)
            figures[f"over_noise{suffix}"] = float(np.nanmedian([over_noise[index] for index in chosen]))
        return figures

    def model_figures(self, model: LayerStack, device: torch.device) -> dict[str, float]:
        """Figures of a model, see `figures`."""
        training = model.training
        model.eval()
        figures = self.figures(lambda image, mask: model(image, mask).filled[-1], device)
        model.train(training)
        return figures

    @property
    def labels(self) -> Labels:
        """What the pictures show."""
        rows = (f"{crop.kind}, hole of {crop.side} blocks" for crop in self._pictured(PICTURES))
        return Labels(("truth", "input", "fill", "five times the error"), tuple(rows))

    def _pictured(self, count: int) -> list[ValidationCrop]:
        return self.crops[:: max(1, len(self.crops) // count)][:count]

    def correct(self, model: LayerStack, device: torch.device) -> dict[str, float]:  # noqa: ARG002
        """Nothing: this design gives no scale."""
        return {}

    def pictures(self, model: LayerStack, device: torch.device, count: int = PICTURES) -> Tensor:
        """Truth, input, fill and five times the error of some crops, side by side.

        Returns
        -------
        Tensor (1, count * H, 4 * W)
            0 to 1.
        """
        batch = collate([crop.sample for crop in self._pictured(count)])
        with torch.no_grad():
            filled = model(batch.image.to(device), batch.mask.to(device)).filled[-1].float().cpu()
        error = 0.5 + 5 * (filled - batch.truth) * (batch.known - batch.mask)
        sheet = torch.cat((batch.truth, batch.image, filled, error), dim=3).clamp(0, 1)
        return sheet.permute(1, 0, 2, 3).reshape(1, -1, sheet.shape[-1])

    def _filled(self, fill: Fill, device: torch.device) -> list[NDArray[np.float32]]:
        filled: list[NDArray[np.float32]] = []
        for start in range(0, len(self.crops), BATCH):
            batch = collate([crop.sample for crop in self.crops[start : start + BATCH]])
            with torch.no_grad():
                images = fill(batch.image.to(device), batch.mask.to(device))
            filled += [_array(image) for image in images]
        return filled


def _array(image: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = image[0].detach().float().cpu().numpy()
    return array
