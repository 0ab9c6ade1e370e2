"""Which frames may show what is missing in another, by their kind: the same, another filter or polariser, C3 for C2."""

from __future__ import annotations

from enum import IntEnum

from corinpaint.lasco.level05.frame import POLARISED_PRODUCTS
from corinpaint.lasco.timeline import Kind

MOST_HOURS_OF_OTHERS = 1.0
"""Maximum hours between a frame and a neighbour of another kind. The three polariser positions follow each other within
8 minutes, and a frame without polariser is taken within the hour; a ratio of brightness tells nothing of what moved."""


class Rank(IntEnum):
    """How much the frames of a kind are preferred as context, the best first."""

    SAME = 0
    OTHER_POSITION = 1
    OTHER_TELESCOPE = 2


def rank(kind: Kind, other: Kind) -> Rank | None:
    """How a frame may serve another as context.

    Parameters
    ----------
    kind : tuple
        Of the frame that is served, see `corinpaint.lasco.timeline.kind_of_frame`.
    other : tuple
        Of the frame that may serve it.

    Returns
    -------
    Rank or None
        Another filter or polariser must have the same size and subfield; products of polariser positions serve only
        each other. C3 of any size serves C2. None for what serves not at all.
    """
    if kind == other:
        return Rank.SAME
    if {kind[2], other[2]} & POLARISED_PRODUCTS:
        return None
    if kind[0] == other[0]:
        return Rank.OTHER_POSITION if kind[3:] == other[3:] else None
    return Rank.OTHER_TELESCOPE if kind[0] == "C2" else None


def unlike(kind: Kind, other: Kind) -> tuple[str, object, object]:
    """The first thing in which a kind differs from another that it may not serve: its name and both values."""
    names = ("DETECTOR", "FILTER", "POLAR", "size", "subfield")
    may_differ = () if {kind[2], other[2]} & POLARISED_PRODUCTS else ("FILTER", "POLAR")
    return next(
        (name, ours, theirs)
        for name, ours, theirs in zip(names, kind, other, strict=True)
        if ours != theirs and name not in may_differ
    )
