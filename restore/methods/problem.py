"""What a method that fills without a network is given, and the interface that all of them have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from corinpaint.lasco.level05 import blocks
    from corinpaint.lasco.photometry.detector import ObservedFrame
    from corinpaint.restore.context import Context


@dataclass(frozen=True, eq=False)
class Problem:
    """A frame with holes, and what is known of it.

    Attributes
    ----------
    image : ndarray of float32, shape (H, W)
        Brightness on the detector grid, unit of the frame; meaningless where not observed.
    observed : ndarray of bool, shape (H, W)
        Good pixels; no method reads any other.
    hole : ndarray of bool, shape (H, W)
        Pixels to fill, inside the field of view.
    sigma : ndarray of float32, shape (H, W)
        Noise of the image, one standard deviation, unit of the image.
    centre : tuple of float
        Sun centre (column, row) on the detector grid, px from 0.
    zones : tuple of Zone
        The zones of the blocks to fill; a block is H // 32 px high and W // 32 px wide.
    context : tuple of Context
        Frames of the same hours on the same grid, the nearest first.
    saturated : ndarray of bool, shape (H, W), or None
        Saturated pixels, which are not observed; None for none.
    response : ndarray of float32, shape (H, W), or None
        Excess of the response of the pixels, see `corinpaint.lasco.nominal.pixel_response.load`; None where the method
        takes the pixels as they are.
    """

    image: NDArray[np.float32]
    observed: NDArray[np.bool_]
    hole: NDArray[np.bool_]
    sigma: NDArray[np.float32]
    centre: tuple[float, float]
    zones: tuple[blocks.Zone, ...]
    context: tuple[Context, ...] = ()
    saturated: NDArray[np.bool_] | None = None
    response: NDArray[np.float32] | None = None


class Fill(Protocol):
    """A method that fills the holes of one frame."""

    def __call__(self, problem: Problem) -> NDArray[np.float32]:
        """Fill the holes.

        Parameters
        ----------
        problem : Problem

        Returns
        -------
        ndarray of float32, shape (H, W)
            Values in the hole, NaN where the method finds none; elsewhere anything.
        """


def problem_of(observed: ObservedFrame, zones: tuple[blocks.Zone, ...], context: tuple[Context, ...] = ()) -> Problem:
    """What a method is given of a frame.

    Parameters
    ----------
    observed : ObservedFrame
    zones : tuple of Zone
        The zones to fill; at least one.
    context : tuple of Context
    """
    missing = zones[0].missing.copy()
    for zone in zones[1:]:
        missing |= zone.missing
    return Problem(
        image=observed.brightness,
        observed=observed.observed,
        hole=observed.hole(missing),
        sigma=observed.variance**0.5,
        centre=observed.centre,
        zones=zones,
        context=context,
        saturated=observed.saturated,
    )
