"""Settings of training runs by name."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

from corinpaint.lasco.errors import OptionError
from corinpaint.model.metadata import HISTOGRAM_LEVELS, NOISE_LEVELS
from corinpaint.train.loss_weights import EqualisedLossWeights, LogPolarLossWeights

PUBLISHED = "published"
"""Design of `corinpaint.train.equalised`."""

LOG_POLAR = "log-polar"
"""Design of `corinpaint.train.log_polar`, and the name of its preset."""

FEATURES = "log-polar-features"
"""Name of the preset of the log-polar design with the perceptual and style losses of the published one."""

LEVELS = "log-polar-levels"
"""Name of the preset of the log-polar design in levels of the histogram, in place of units of the noise."""

DEPRECATED = {"straight": LOG_POLAR}
"""Names of presets in earlier versions; run folders and checkpoints hold them."""


@dataclass(frozen=True)
class Preset:
    """Settings of a training run.

    Attributes
    ----------
    batch : int
        Samples per step.
    learning_rate : float
    clip : float
        Maximum norm of the gradient.
    layers : int
        L of the stack.
    weights : EqualisedLossWeights or LogPolarLossWeights
    warmup : int
        Steps over which the learning rate rises from 0.
    cosine : bool
        Whether it then falls to 0 along a cosine; else it stays.
    design : str
        `PUBLISHED` or `LOG_POLAR`: see `corinpaint.train.equalised.recipe` and `corinpaint.train.log_polar.recipe`.
    crop : int
        Side of the samples, px.
    validation_crops : int
        Approximate number of crops, or holes, of the validation.
    levels : str
        What log-polar windows show of brightness, see `corinpaint.model.metadata.Domain`.
    """

    batch: int
    learning_rate: float
    clip: float
    layers: int
    weights: EqualisedLossWeights | LogPolarLossWeights
    warmup: int = 0
    cosine: bool = False
    design: str = PUBLISHED
    crop: int = 256
    validation_crops: int = 48
    levels: str = NOISE_LEVELS


_LOG_POLAR = Preset(
    batch=16,
    learning_rate=1e-3,
    clip=1.0,
    layers=2,
    weights=LogPolarLossWeights(),
    warmup=100,
    cosine=True,
    design=LOG_POLAR,
    crop=384,
    validation_crops=240,
)

PRESETS = {
    # As published for the corona: first stage.
    "pretrain": Preset(
        batch=4,
        learning_rate=2e-4,
        clip=0.005,
        layers=2,
        weights=EqualisedLossWeights(alpha_1=6, alpha_2=6, alpha_3=0.05, alpha_4=120, alpha_5=120),
    ),
    # As published, second stage. The published text adds the two physics terms here, the published table gives them
    # weight 0; the table is followed. Give lambda_1 and lambda_2 a weight to have them.
    "finetune": Preset(
        batch=4,
        learning_rate=5e-5,
        clip=0.0005,
        layers=2,
        weights=EqualisedLossWeights(alpha_1=0.2, alpha_2=0.8, alpha_3=0.2, alpha_4=1.2, alpha_5=1.8),
    ),
    # Ours: pixel terms alone, no VGG features, fast enough for a CPU. A hole in a smooth corona has no texture but
    # noise, which the perceptual and style terms would ask the network to invent.
    "first": Preset(
        batch=8,
        learning_rate=1.5e-3,
        clip=1.0,
        layers=2,
        weights=EqualisedLossWeights(alpha_1=10, alpha_2=10),
        warmup=100,
        cosine=True,
    ),
    # Ours: log-polar windows in units of the noise, frames of both telescopes, with context where a scene has it.
    LOG_POLAR: _LOG_POLAR,
    # The same with the published losses, to measure them. With random VGG19 features and a network of one layer that
    # was trained before, the gradient of each is about half as long as that of the fill.
    FEATURES: replace(_LOG_POLAR, weights=LogPolarLossWeights(perceptual=200.0, style=50_000.0)),
    # The same network and losses in levels of the histogram, whose unit is the median noise, to measure them.
    LEVELS: replace(_LOG_POLAR, levels=HISTOGRAM_LEVELS),
}


def current_name(name: str) -> str:
    """Name of a preset in this version: that which replaces a deprecated one, else the name itself."""
    return DEPRECATED.get(name, name)


def checked_name(name: str, stacklevel: int = 3) -> str:
    """As `current_name`; warns of a deprecated name.

    Parameters
    ----------
    name : str
    stacklevel : int
        Number of calls up to the line that the warning names, as for `warnings.warn`.

    Warns
    -----
    DeprecationWarning
        The name is one of an earlier version.
    """
    current = current_name(name)
    if current != name:
        warnings.warn(f"the preset {name!r} is called {current!r} now", DeprecationWarning, stacklevel=stacklevel)
    return current


def preset(name: str) -> Preset:
    """Look a preset up.

    Raises
    ------
    OptionError
        There is no preset of this name.

    Warns
    -----
    DeprecationWarning
        The name is one of an earlier version.
    """
    name = checked_name(name)
    if name not in PRESETS:
        raise OptionError(f"there is no preset {name!r}", f"choose one of {', '.join(PRESETS)}")
    return PRESETS[name]
