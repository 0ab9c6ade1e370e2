"""Context frames: other exposures of the same hours that show what a lost block hides.

Each is calibrated like the frame itself, checked for being fit, and brought onto its detector grid by the pointing of
both. Its own lost, unsent and saturated pixels are masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.geometry import clock
from corinpaint.lasco.geometry.pointing import on_detector, pointing
from corinpaint.lasco.geometry.resampling import bilinear
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame, wrapped
from corinpaint.lasco.photometry.detector import Exposed, expose

MOST_HOURS = 3.0
"""Hours between a frame and its context; a mass ejection crosses C2 in about two."""

MOST_ROLL = 1.0
"""Degrees of roll between them."""

SMALLEST_SHIFT = 0.02
"""Px below which nothing is resampled: pointing from headers is no better."""

FEWEST_COMMON = 4096
"""Pixels that both must have observed, to scale one to the other."""


class ContextError(OptionError):
    """A frame that cannot serve as context."""

    code = "bad_context"
    status = 422


@dataclass(frozen=True, eq=False)
class Context:
    """A context frame on the detector grid of the frame that it serves.

    Attributes
    ----------
    name : str
    hours : float
        By which it is earlier; negative when later.
    image : ndarray of float32, shape (H, W)
        Brightness, scaled to the frame's.
    observed : ndarray of bool, shape (H, W)
        Good pixels.
    scale : float
        What its brightness was multiplied by: 1 but for what exposure times are off.
    """

    name: str
    hours: float
    image: NDArray[np.float32]
    observed: NDArray[np.bool_]
    scale: float


def align(exposed: Exposed, observed: NDArray[np.bool_], others: Sequence[Frame]) -> tuple[Context, ...]:
    """Bring context frames onto the grid of a frame.

    Parameters
    ----------
    exposed : Exposed
        The frame that has holes.
    observed : ndarray of bool, shape (H, W)
        Its good pixels.
    others : sequence of Frame
        Level 0.5, earlier or later.

    Returns
    -------
    tuple of Context
        The nearest in time first.

    Raises
    ------
    ContextError
        When one is of another telescope, filter, polariser or size, rolled by more than `MOST_ROLL` degrees against the
        frame, more than `MOST_HOURS` hours away, the frame itself, or has too little in common with it.
    """
    found = [_aligned(exposed, observed, other) for other in others]
    return tuple(sorted(found, key=lambda context: (abs(context.hours), context.name)))


def _aligned(exposed: Exposed, observed: NDArray[np.bool_], other: Frame) -> Context:
    frame = exposed.frame
    hours = _check(frame, other)
    moved = expose(other, exposed.assets, exposed.options)
    shape = frame.data.shape
    good = moved.seen & ~moved.unsent & ~moved.saturated & ~blocks.expand(moved.lost, shape)
    image, good = _moved(exposed, moved, good)
    common = observed & good & (image > 0) & (exposed.brightness > 0)
    if np.count_nonzero(common) < FEWEST_COMMON:
        raise ContextError(f"{other.name}: has too little in common with {frame.name}; give another context frame")
    scale = float(np.median(exposed.brightness[common] / image[common]))
    return Context(other.name, hours, (image * np.float32(scale)).astype(np.float32), good, scale)


def _check(frame: Frame, other: Frame) -> float:
    """Hours by which the other is earlier."""
    for what, ours, theirs in (
        ("DETECTOR", frame.detector, other.detector),
        ("FILTER", frame.filter, other.filter),
        ("POLAR", frame.polar, other.polar),
        ("size", frame.data.shape, other.data.shape),
        ("subfield", frame.window, other.window),
    ):
        if ours != theirs:
            raise ContextError(
                f"{other.name}: {what} is {theirs}, that of {frame.name} is {ours}; give frames that are alike"
            )
    roll = wrapped(float(other.header.get("CROTA1") or 0.0) - float(frame.header.get("CROTA1") or 0.0))
    if abs(roll) > MOST_ROLL:
        raise ContextError(
            f"{other.name}: CROTA1 differs from that of {frame.name} by {roll:.1f} degrees; give context "
            f"that differs by {MOST_ROLL:g} at most"
        )
    hours = float((frame.date - other.date).to_value("hour"))
    if abs(hours) > MOST_HOURS:
        raise ContextError(
            f"{other.name}: DATE-OBS is {abs(hours):.1f} hours from that of {frame.name}; give context "
            f"that is {MOST_HOURS:g} hours away at most"
        )
    if hours == 0:
        raise ContextError(f"{other.name}: is the frame itself, or of the same time; give earlier or later frames")
    return hours


def _moved(exposed: Exposed, other: Exposed, good: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Image and good pixels of the other at the places of the frame: shifted and turned by the pointing of both."""
    (x, y, roll), (u, v, turn) = (_place(one) for one in (exposed, other))
    angle = np.radians(wrapped(turn - roll))
    if max(abs(u - x), abs(v - y), abs(angle) * 512) < SMALLEST_SHIFT:
        return other.brightness, good
    rows, columns = np.mgrid[0 : good.shape[0], 0 : good.shape[1]].astype(np.float64)
    wide, high = exposed.frame.sums.x, exposed.frame.sums.y  # CCD pixels: sums need not be square
    across, up = wide * (columns - x), high * (rows - y)
    # CROTA is the turn counter-clockwise that brings north up, so a larger one means a sky turned clockwise.
    places = (
        u + (across * np.cos(angle) + up * np.sin(angle)) / wide,
        v + (up * np.cos(angle) - across * np.sin(angle)) / high,
    )
    shift = bilinear(*places, clip=False)
    return shift.image(other.brightness), ~shift.touched(~good) & ~shift.outside


def _place(one: Exposed) -> tuple[float, float, float]:
    """Sun centre (column, row) on the detector, px from 0, and CROTA there."""
    time = clock.corrected(one.frame.date, one.assets).date
    place = pointing(one.frame, one.assets, time)
    column, row = on_detector(one.frame, place)
    return column, row, place.roll
