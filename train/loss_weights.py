"""Weights of the loss terms of both designs: plain records, which presets and configurations hold."""

from __future__ import annotations

from dataclasses import dataclass

TERMS = {
    "pixel_inner": "alpha_1",
    "pixel_diff": "alpha_2",
    "perceptual": "alpha_3",
    "style_inner": "alpha_4",
    "style_diff": "alpha_5",
    "total_variation": "lambda_1",
    "radial_profile": "lambda_2",
}
"""Name of every term of the published design, and of its weight."""


@dataclass(frozen=True)
class EqualisedLossWeights:
    """Weights of the terms of the published design; a term of weight 0 is not computed.

    Attributes
    ----------
    alpha_1 : float
        Pixels of the inner region (L1).
    alpha_2 : float
        Pixels of the diff region (L1).
    alpha_3 : float
        VGG features, both regions (L1).
    alpha_4 : float
        Style (Gram matrices of VGG features) of the inner region.
    alpha_5 : float
        Style of the diff region.
    lambda_1 : float
        Total variation across the seam of the hole.
    lambda_2 : float
        Radial brightness profile inside the hole.
    """

    alpha_1: float = 0.0
    alpha_2: float = 0.0
    alpha_3: float = 0.0
    alpha_4: float = 0.0
    alpha_5: float = 0.0
    lambda_1: float = 0.0
    lambda_2: float = 0.0

    def needs_features(self) -> bool:
        """Whether a term needs VGG features."""
        return self.alpha_3 > 0 or self.alpha_4 > 0 or self.alpha_5 > 0

    def active(self) -> tuple[str, ...]:
        """Names of the terms with a weight."""
        return tuple(name for name, weight in TERMS.items() if getattr(self, weight) > 0)


@dataclass(frozen=True)
class LogPolarLossWeights:
    """Weights of the terms of the log-polar design.

    Attributes
    ----------
    fill : float
        Huber loss of the cells of each layer over its threshold, so that it is about the absolute error.
    interval : float
        Pinball loss of the logarithm of the error of one pixel of every cell.
    perceptual : float
        VGG features of the cells (L1); not computed where it is 0.
    style : float
        Style of the cells (Gram matrices of VGG features, L1); not computed where it is 0.
    """

    fill: float = 1.0
    interval: float = 0.1
    perceptual: float = 0.0
    style: float = 0.0

    def needs_features(self) -> bool:
        """Whether a term needs VGG features."""
        return self.perceptual > 0 or self.style > 0
