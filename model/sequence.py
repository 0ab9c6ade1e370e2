"""The network that fills log-polar windows from a sequence: the frame, and frames before and after it.

It is `corinpaint.model.log_polar.LogPolarStack` with a context of several frames, each with a mask and a time of its
own. Their mean, weighted by how near in time they are, takes the place of the one context frame. The difference of each
to that mean is a second input of the UNets, beside its time: it shows what moves, along the radius where the corona
flows out, and how fast. Any of the frames may be absent, wholly or in part; without all of them the network fills from
the frame alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import cast

import torch
from torch import Tensor, nn

from corinpaint.lasco.errors import CheckpointError
from corinpaint.model.log_polar import MEMBRANE_SWEEPS, MIN_KNOWN_FRACTION, LogPolarStack
from corinpaint.model.log_polar_config import EXTRAS, INPUTS, LogPolarConfig
from corinpaint.model.membrane import interpolate_membrane
from corinpaint.model.metadata import EACH_SIDE, NOISE_LEVELS, SEQUENCE, SEQUENCE_LEVELS
from corinpaint.model.unet import UNetConfig

NEIGHBOURS = 2 * EACH_SIDE
"""Number of context frames: the nearest before, the second before, the nearest after, the second after."""

BESIDE = (2,) * NEIGHBOURS
"""Channels of each context frame: its difference to their mean, its time."""

MIN_HOURS = 0.05
"""Added to the time between two frames, hours, before its reciprocal is taken as a weight."""

DOMAINS = {domain.levels: domain.name for domain in (SEQUENCE, SEQUENCE_LEVELS)}
"""Domain of a network by the levels that it sees."""

HOURS = 0.5
"""Unit of the time that the network sees, hours; beyond it the time counts by its logarithm."""


def _unet() -> UNetConfig:
    return UNetConfig(
        base=32, depth=4, max_width=96, residual=1, inputs=INPUTS, extras=EXTRAS, outputs=2, beside=BESIDE
    )


@dataclass(frozen=True)
class SequenceConfig(LogPolarConfig):
    """Architecture of the network; see `corinpaint.model.log_polar.LogPolarConfig`.

    Attributes
    ----------
    levels : str
        What it sees of brightness, one of `DOMAINS`. The tensors are the same in either.

    Raises
    ------
    CheckpointError
        There are no such levels.
    """

    layers: int = 2
    unet: UNetConfig = field(default_factory=_unet)
    levels: str = NOISE_LEVELS

    def __post_init__(self) -> None:
        if self.levels not in DOMAINS:
            raise CheckpointError(f"a network for sequences sees levels of {' or '.join(DOMAINS)}, not {self.levels!r}")


class SequenceStack(LogPolarStack):
    """L layers that correct a smooth prior, with frames before and after as context.

    `forward` takes the image and the mask (N, 1 + NEIGHBOURS, H, W), the frame first and its context frames in the
    order of `NEIGHBOURS`, 0 in the whole mask of one that is absent; and the place (N, 2 + NEIGHBOURS), which has after
    radius and scale the time of each context frame before the frame, hours: negative after it, any value where it is
    absent.

    Parameters
    ----------
    config : SequenceConfig, optional
    """

    config: SequenceConfig
    channels = SEQUENCE.channels
    places = SEQUENCE.places
    beside = BESIDE

    def __init__(self, config: SequenceConfig | None = None) -> None:
        super().__init__(config or SequenceConfig())
        self.domain = DOMAINS[self.config.levels]

    def _context(
        self, means: Tensor, weight: Tensor, place: Tensor
    ) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor] | None]:
        hours = place[:, 2:, None, None]
        known = (weight[:, 1:] > MIN_KNOWN_FRACTION).to(means.dtype)
        share = torch.where(known > 0, 1 / (hours.abs() + MIN_HOURS), 0.0)
        total = share.sum(dim=1, keepdim=True)
        mean = (means[:, 1:] * share).sum(dim=1, keepdim=True) / torch.where(total > 0, total, 1.0)
        seen = (total > 0).to(means.dtype)
        base = interpolate_membrane(mean, seen, MEMBRANE_SWEEPS[0])
        change = torch.asinh((means[:, 1:] - base) / 2) * known
        time = torch.where(known > 0, torch.asinh(hours / HOURS), 0.0)
        both = torch.stack((change, time), dim=2).flatten(1, 2)
        return base, seen, (both, known)


def from_single(model: LogPolarStack, layers: int | None = None, levels: str = NOISE_LEVELS) -> SequenceStack:
    """A network for sequences that begins as one that knows a single context frame.

    Parameters
    ----------
    model : LogPolarStack
    layers : int, optional
        Number of layers, of which those beyond its own begin as its last one; by default that of `SequenceConfig`.
    levels : str
        As in `SequenceConfig`.

    Returns
    -------
    SequenceStack
        With one layer it fills as `model` does, whatever the context frames, of which it sees the mean.
    """
    unet = replace(model.config.unet, beside=BESIDE)
    given = {one.name: getattr(model.config, one.name) for one in fields(model.config)}
    own_values = {"unet": unet, "layers": layers or SequenceConfig().layers, "levels": levels}
    made = SequenceStack(SequenceConfig(**{**given, **own_values}))
    own = cast(list[nn.Module], list(model.layers))
    for number, layer in enumerate(made.layers):
        layer.load_state_dict({**layer.state_dict(), **own[min(number, len(own) - 1)].state_dict()})
    return made
