"""A scene: one frame in units of its noise, with the frames before and after it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from corinpaint.train.simulated import SIMULATED


@dataclass(frozen=True, eq=False)
class Neighbour:
    """Another frame on the grid and scale of a scene.

    Attributes
    ----------
    order : int
        In time: -1 is the frame before the scene's, 2 the second after it.
    level : ndarray of float32, shape (H, W)
        Of the scene's scale; 0 where unknown.
    known : ndarray of bool, shape (H, W)
        Without point sources.
    day : str
        As in `Scene`.
    hours : float
        Time before the scene's frame; negative after it.
    """

    order: int
    level: NDArray[np.float32]
    known: NDArray[np.bool_]
    day: str
    hours: float


@dataclass(frozen=True, eq=False)
class Scene:
    """One frame in units of its noise on the detector grid.

    Attributes
    ----------
    level : ndarray of float32, shape (H, W)
        Units of the noise, or levels of the histogram whose unit is the median noise, see `fit_noise` and `fit_levels`
        of `corinpaint.restore.network.equalisation`; 0 where unknown.
    known : ndarray of bool, shape (H, W)
        Pixels whose truth is known: sent, not missing, not occulted, not saturated.
    centre : tuple of float
        Sun centre (column, row), px from 0.
    name : str
        Of the file or of the simulated frame.
    day : str
        What must stay together in training or validation: the date, or the simulated frame's own name.
    kind : str
        "C2", "C3", "summed" or "simulated".
    detector : str
        "C2" or "C3".
    sha256 : str
        Of the file, or of the simulated counts.
    context : tuple of Neighbour
    binned : bool
        Whether it is a copy of a scene, summed 2 x 2 afterwards.
    sources : ndarray of bool, shape (H, W), or None
        Point sources, which a network is not shown; None for none.
    """

    level: NDArray[np.float32]
    known: NDArray[np.bool_]
    centre: tuple[float, float]
    name: str
    day: str
    kind: str
    detector: str
    sha256: str
    context: tuple[Neighbour, ...] = ()
    binned: bool = False
    sources: NDArray[np.bool_] | None = None

    @cached_property
    def seen(self) -> NDArray[np.bool_]:
        """What a network is shown of a complete frame; shape (H, W)."""
        return self.known if self.sources is None else self.known & ~self.sources

    def blends_with(self, other: Scene) -> bool:
        """Whether the mean of both would be a frame of the same kind."""
        same_origin = (self.kind == SIMULATED) == (other.kind == SIMULATED)
        return same_origin and (self.level.shape, self.detector) == (other.level.shape, other.detector)
