"""Settings of training runs by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from corinpaint.lasco.errors import OptionError
from corinpaint.train.equalised.losses import LossWeights
from corinpaint.train.log_polar.losses import StraightWeights


@dataclass(frozen=True)
class Preset:
    """Settings of a training run.

    Attributes
    ----------
    batch : int
        Samples per step.
    learning_rate : float
    clip : float
        Largest norm of the gradient.
    layers : int
        L of the stack.
    weights : LossWeights or StraightWeights
    warmup : int
        Steps over which the learning rate rises from 0.
    cosine : bool
        Whether it then falls to 0 along a cosine; else it stays.
    design : str
        "published", or "straight": see `corinpaint.train.equalised.recipe` and `corinpaint.train.log_polar.recipe`.
    crop : int
        Side of the samples, px.
    validation_crops : int
        Crops, or holes, of the validation; roughly.
    """

    batch: int
    learning_rate: float
    clip: float
    layers: int
    weights: LossWeights | StraightWeights
    warmup: int = 0
    cosine: bool = False
    design: Literal["published", "straight"] = "published"
    crop: int = 256
    validation_crops: int = 48


PRESETS = {
    # As published for the corona: first stage.
    "pretrain": Preset(
        batch=4,
        learning_rate=2e-4,
        clip=0.005,
        layers=2,
        weights=LossWeights(alpha_1=6, alpha_2=6, alpha_3=0.05, alpha_4=120, alpha_5=120),
    ),
    # As published, second stage. The published text adds the two physics terms here, the published table gives them
    # weight 0; the table is followed. Give lambda_1 and lambda_2 a weight to have them.
    "finetune": Preset(
        batch=4,
        learning_rate=5e-5,
        clip=0.0005,
        layers=2,
        weights=LossWeights(alpha_1=0.2, alpha_2=0.8, alpha_3=0.2, alpha_4=1.2, alpha_5=1.8),
    ),
    # Ours: pixel terms alone, no VGG features, fast enough for a CPU. A hole in a quiet frame has no texture but
    # noise, which the perceptual and style terms would ask the network to invent.
    "first": Preset(
        batch=8,
        learning_rate=1.5e-3,
        clip=1.0,
        layers=2,
        weights=LossWeights(alpha_1=10, alpha_2=10),
        warmup=100,
        cosine=True,
    ),
    # Ours: straightened windows in units of the noise, frames of both telescopes, with context where there is some.
    "straight": Preset(
        batch=16,
        learning_rate=1e-3,
        clip=1.0,
        layers=1,
        weights=StraightWeights(),
        warmup=100,
        cosine=True,
        design="straight",
        crop=384,
        validation_crops=240,
    ),
}


def preset(name: str) -> Preset:
    """Look a preset up.

    Raises
    ------
    OptionError
        There is none of this name.
    """
    if name not in PRESETS:
        raise OptionError(f"there is no preset {name!r}; choose one of {', '.join(PRESETS)}")
    return PRESETS[name]
