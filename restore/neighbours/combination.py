"""What frames of another kind show of a frame: each multiplied by its local ratio, and several of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.photometry.detector import ObservedFrame
from corinpaint.restore.neighbours import polarisation
from corinpaint.restore.neighbours.kinds import Rank
from corinpaint.restore.neighbours.local_ratio import local_ratio


@dataclass(frozen=True, eq=False)
class Neighbour:
    """Another frame on the detector grid of a frame, with its own brightness.

    Attributes
    ----------
    frame : Frame
        The Level 0.5 frame.
    hours : float
        Time before the frame, hours; negative when it is later.
    rank : Rank
    image : ndarray of float32, shape (H, W)
        Brightness.
    known, saturated : ndarray of bool, shape (H, W)
        Good pixels, and saturated ones.
    """

    frame: Frame
    hours: float
    rank: Rank
    image: NDArray[np.float32]
    known: NDArray[np.bool_]
    saturated: NDArray[np.bool_]

    @property
    def kind(self) -> str:
        """Its number and kind, as HISTORY says them."""
        return f"{self.frame.number} ({self.frame.detector} {self.frame.filter}/{self.frame.polar})"


def comparable(observed: ObservedFrame, image: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels in which the brightness of another frame can be compared with that of a frame; shape (H, W)."""
    return np.asarray(observed.observed & known & (image > 0) & (observed.brightness > 0))


def combined(
    observed: ObservedFrame, others: Sequence[Neighbour]
) -> tuple[NDArray[np.float32], NDArray[np.bool_], float]:
    """What frames of another kind show.

    Parameters
    ----------
    observed : ObservedFrame
    others : sequence of Neighbour
        One frame, or several of the same telescope through other polariser positions or filters, the nearest first.

    Returns
    -------
    image : ndarray of float32, shape (H, W)
        The mean of all, each multiplied by its local ratio; for C2 through the polariser, what the other two positions
        tell together where both were observed, see `polarisation.from_two`.
    known : ndarray of bool, shape (H, W)
        Pixels that at least one of them observed.
    scale : float
        Median of the ratios.
    """
    ratios = [_ratio(observed, one.image, one.known) for one in others]
    count = np.sum([one.known for one in others], axis=0)
    total = np.sum([np.where(one.known, one.image * ratio, 0) for one, ratio in zip(others, ratios, strict=True)], 0)
    mean, known = (total / np.maximum(count, 1)).astype(np.float32), count > 0
    scale = float(np.median(ratios))
    positions = _other_positions(observed, others)
    if len(positions) != 2:
        return mean, known, scale
    own = polarisation.Position(observed.frame.polar, observed.brightness, observed.observed)
    told = polarisation.from_two(own, positions, _angle(observed), mean)
    return told * _ratio(observed, told, known), known, scale


def _ratio(observed: ObservedFrame, image: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    return local_ratio(observed.brightness, image, comparable(observed, image, known))


def _other_positions(observed: ObservedFrame, others: Sequence[Neighbour]) -> list[polarisation.Position]:
    """The nearest frame of each other polariser position; none where the law of polarisation does not hold."""
    frame, found = observed.frame, dict[str, polarisation.Position]()
    if frame.detector != "C2" or frame.polar not in polarisation.POSITIONS:
        return []
    for one in others:
        polar = one.frame.polar
        if one.frame.filter == frame.filter and polar in polarisation.POSITIONS and polar != frame.polar:
            found.setdefault(polar, polarisation.Position(polar, one.image, one.known))
    return list(found.values())


def _angle(observed: ObservedFrame) -> NDArray[np.float64]:
    """Direction of every pixel from the sun's centre, radians counter-clockwise from the rows; shape (H, W)."""
    (column, row), sums = observed.centre, observed.frame.sums
    rows, columns = np.indices(observed.shape, dtype=np.float64)
    return np.asarray(np.arctan2(sums.y * (rows - row), sums.x * (columns - column)))
