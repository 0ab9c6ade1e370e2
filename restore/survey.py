"""What is known and what is missing on the detector grid of a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.geometry import clock
from corinpaint.lasco.geometry.pointing import on_detector, pointing
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.options import DEFAULT, Options
from corinpaint.lasco.photometry.detector import Exposed, expose
from corinpaint.lasco.reference_files.calibration_set import Assets


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What is known and what is missing on the detector grid of one frame.

    Attributes
    ----------
    exposed : Exposed
        The calibrated frame.
    observed : ndarray of bool, shape of the frame
        Sent, not lost, in the field of view, not saturated.
    """

    exposed: Exposed
    observed: NDArray[np.bool_]

    @property
    def brightness(self) -> NDArray[np.float32]:
        """Mean solar brightness; meaningless where not observed; shape of the frame."""
        return self.exposed.brightness

    @property
    def field(self) -> NDArray[np.bool_]:
        """Field of view; shape of the frame."""
        return self.exposed.seen

    @property
    def centre(self) -> tuple[float, float]:
        """Sun centre (column, row) on the detector grid, px of the frame from 0."""
        frame, assets = self.exposed.frame, self.exposed.assets
        return on_detector(frame, pointing(frame, assets, clock.corrected(frame.date, assets).date))

    @property
    def lost(self) -> blocks.Blocks:
        """Lost blocks; shape (32, 32)."""
        return self.exposed.lost

    @property
    def missing(self) -> blocks.Blocks:
        """Lost blocks that reach into the field of view; shape (32, 32)."""
        return np.asarray(self.lost & (blocks.means(self.field, blocks.sides(self.field.shape)) > 0))


def survey(frame: Frame, assets: Assets, options: Options = DEFAULT) -> Surroundings:
    """Calibrate a frame on the detector grid and find what is missing.

    Parameters
    ----------
    frame : Frame
    assets : Assets
    options : Options

    Returns
    -------
    Surroundings

    Raises
    ------
    UnsupportedFrameError
        When the frame is not an exposure of the corona, or has no calibration factor.
    """
    exposed = expose(frame, assets, options)
    sent = ~(blocks.expand(exposed.lost, frame.data.shape) | exposed.unsent)
    return Surroundings(exposed, sent & exposed.seen & ~exposed.saturated)
