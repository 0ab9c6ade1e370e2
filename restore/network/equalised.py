"""The adapter of networks that see histogram-equalised brightness on the detector grid, as published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.photometry.detector import ObservedFrame
from corinpaint.restore import uncertainty
from corinpaint.restore.context import Context
from corinpaint.restore.engines.base import Image, Inpainter, ModelInfo
from corinpaint.restore.network import crops, equalisation
from corinpaint.restore.network.base import BATCH, check_finite


def network_input(observed: ObservedFrame) -> tuple[Image, Image, equalisation.Equaliser]:
    """What a network of the domain 'equalised' sees of a frame.

    Returns
    -------
    image : ndarray of float32, shape (1, 1, H, W)
        Equalised brightness, 0 where not observed.
    mask : ndarray of float32, shape (1, 1, H, W)
        1 where observed.
    equaliser : Equaliser
        The way back.
    """
    equaliser = equalisation.fit(observed.brightness, observed.observed)
    image = np.where(observed.observed, equaliser.forward(observed.brightness), np.float32(0))
    return image[None, None], observed.observed.astype(np.float32)[None, None], equaliser


class EqualisedNetwork:
    """A network of the domain 'equalised'; see `corinpaint.restore.network.base.NetworkAdapter`.

    Parameters
    ----------
    engine : Inpainter
    """

    takes_context = False

    def __init__(self, engine: Inpainter) -> None:
        self._engine = engine

    @property
    def info(self) -> ModelInfo:
        """What the network says about itself."""
        return self._engine.info

    def contributing(self, context: Sequence[Context], area: blocks.Blocks) -> tuple[str, ...]:  # noqa: ARG002
        """None: it takes no context."""
        return ()

    def fill(
        self, observed: ObservedFrame, zones: tuple[blocks.Zone, ...], context: tuple[Context, ...] = ()
    ) -> tuple[ObservedFrame, NDArray[np.bool_]]:
        """Fill zones of a frame, a window around each.

        Raises
        ------
        CheckpointError
            When the network gives values that are not finite.
        OptionError
            When context is given.
        """
        if context:
            raise OptionError(
                f"{self.info.path.name}: this network takes no context", "leave it out, or choose the shipped weights"
            )
        image, mask, equaliser = network_input(observed)
        wanted = np.logical_or.reduce([zone.missing for zone in zones])
        brightness, reached = observed.brightness.copy(), np.zeros(observed.shape, dtype=bool)
        needs = (observed.shape, self.info.reach, self.info.multiple)
        for part in crops.batches(crops.windows(zones, *needs), crops.size, BATCH):
            given = (np.concatenate([whole[:, :, rows, columns] for rows, columns in part]) for whole in (image, mask))
            filled = self._engine.fill(*given)
            for window, values, known in zip(part, filled.image[:, 0], filled.reached[:, 0] > 0, strict=True):
                missing = np.logical_or.reduce([zone.missing for zone in crops.held(window, zones, *needs)])
                mine = observed.hole(missing)[window] & known
                check_finite(values[mine], self._engine)
                brightness[window][mine] = equaliser.inverse(values[mine])
                reached[window] |= known
        variance = uncertainty.of_fill(observed, wanted, brightness)
        return replace(observed, brightness=brightness, variance=variance), reached
