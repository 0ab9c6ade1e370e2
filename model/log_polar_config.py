"""Architecture of the networks that fill log-polar windows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from corinpaint.lasco.errors import CheckpointError
from corinpaint.model.membrane import PYRAMID_LEVELS
from corinpaint.model.prior import PriorConfig
from corinpaint.model.unet import UNetConfig

INPUTS = (5, 1)
"""Input channels of a UNet: of the frame (differences to two levels of the prior, scatter, place), of the context."""

EXTRAS = 4
"""Number of channels that are valid in holes too: place and prior."""


@dataclass(frozen=True)
class LogPolarConfig:
    """Architecture of the network: everything that is needed to build it.

    Attributes
    ----------
    layers : int
        Number of layers L, at least 1; each fills a margin of `growth` cells, the last one everything else.
    unet : UNetConfig
        Architecture of the UNet of each layer; `inputs`, `extras` and `outputs` must be those of this module.
    pyramid : PriorConfig
        Hyperparameters of the prior; its lengths are in cells.
    cell : int
        Side of a cell, px.
    growth : int
        Number of cells by which every layer but the last dilates the mask.
    """

    layers: int = 1
    unet: UNetConfig = field(
        default_factory=lambda: UNetConfig(
            base=32, depth=4, max_width=96, residual=1, inputs=INPUTS, extras=EXTRAS, outputs=2
        )
    )
    pyramid: PriorConfig = field(
        default_factory=lambda: PriorConfig(finest=1, reference=4, coarsest=4, sigma=4.0, across=2.0, radius=8)
    )
    cell: int = 4
    growth: int = 2

    def multiple(self) -> int:
        """Height and width of a window must be multiples of this, px."""
        return int(self.cell * 2 ** max(self.unet.depth, self.pyramid.coarsest, PYRAMID_LEVELS))

    def as_dict(self) -> dict[str, Any]:
        """The configuration as values that JSON can represent."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build the configuration from what `as_dict` gave.

        Raises
        ------
        CheckpointError
            The values do not describe this network.
        """
        try:
            parts = dict(values)
            unet = UNetConfig.from_dict(parts.pop("unet"))
            return cls(unet=unet, pyramid=PriorConfig(**parts.pop("pyramid")), **parts)
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"not an architecture of this version of corinpaint: {error}") from error
