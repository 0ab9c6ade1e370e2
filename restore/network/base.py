"""The interface of the adapters that put a frame into a network and its answer back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import CheckpointError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.photometry.detector import ObservedFrame
from corinpaint.restore.context import Context
from corinpaint.restore.engines.base import Inpainter, ModelInfo

BATCH = 4
"""Windows that a network sees at once."""


class NetworkAdapter(Protocol):
    """A network together with the way in which its domain asks to be given a frame."""

    @property
    def info(self) -> ModelInfo:
        """What the network says about itself."""

    @property
    def takes_context(self) -> bool:
        """Whether `fill` may be given context frames."""

    def contributing(self, context: Sequence[Context], area: blocks.Blocks) -> tuple[str, ...]:
        """File numbers of the context frames that a fill of some blocks is made of, the nearest first.

        Parameters
        ----------
        context : sequence of Context
            The nearest frame first.
        area : ndarray of bool, shape (H / 32, W / 32)
        """

    def fill(
        self, observed: ObservedFrame, zones: tuple[blocks.Zone, ...], context: tuple[Context, ...] = ()
    ) -> tuple[ObservedFrame, NDArray[np.bool_]]:
        """Fill zones of a frame.

        Parameters
        ----------
        observed : ObservedFrame
        zones : tuple of Zone
        context : tuple of Context
            The nearest frame first; empty where the network takes none.

        Returns
        -------
        filled : ObservedFrame
            The frame with the fill in its brightness and variance.
        reached : ndarray of bool, shape (H, W)
            Pixels that the network fills reliably.

        Raises
        ------
        CheckpointError
            When the network gives values that are not finite.
        """


def check_finite(values: NDArray[np.floating], engine: Inpainter) -> None:
    """Refuse what a damaged network gives.

    Raises
    ------
    CheckpointError
    """
    if not np.isfinite(values).all():
        raise CheckpointError(
            f"{engine.info.path.name}: the network gave values that are not finite",
            "use other weights or another engine",
        )
