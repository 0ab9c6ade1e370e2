"""When frames were taken: the usual time between them, gaps, and how long a movie shows each."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

MAX_GAP = 3.0
"""Cadences between two frames beyond which there is a gap, by default."""

CARD_SECONDS = 1.0
"""How long a movie shows that there is a gap."""

DEFAULT_CADENCE = 720.0
"""Seconds between frames where there is only one, as C2 has them."""

Axis = Literal["real", "frames"]

AXES: tuple[Axis, ...] = get_args(Axis)
"""What the time of a movie goes by: the time of the exposures, or one movie frame for every frame."""


@dataclass(frozen=True)
class Gap:
    """A time without frames.

    Attributes
    ----------
    begin, end : datetime
        The frames before and after it, UTC.
    """

    begin: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Length, s."""
        return (self.end - self.begin).total_seconds()


@dataclass(frozen=True)
class Pace:
    """How the times of frames become those of a movie.

    Attributes
    ----------
    cadence : float
        Median time between frames, s.
    rate : float
        Frames of this cadence in a second of the movie.
    max_gap : float
        Cadences between two frames beyond which there is a gap.
    axis : str
        One of `AXES`.
    """

    cadence: float
    rate: float = 8.0
    max_gap: float = MAX_GAP
    axis: Axis = "real"

    def gap(self, begin: datetime, end: datetime) -> Gap | None:
        """The gap between two frames; None where the time between them is short."""
        found = Gap(begin, end)
        return found if found.seconds > self.max_gap * self.cadence else None

    def gaps(self, times: Sequence[datetime]) -> list[Gap]:
        """All gaps between frames in time order."""
        pairs = itertools.pairwise(times)
        return [gap for begin, end in pairs if (gap := self.gap(begin, end)) is not None]

    def shown(self, taken: datetime, following: datetime | None) -> float:
        """How long a movie shows a frame, s: until the next one; for one cadence where a gap or the end follows."""
        if self.axis == "frames" or following is None or self.gap(taken, following):
            return 1 / self.rate
        return (following - taken).total_seconds() / (self.cadence * self.rate)


def median_cadence(times: Sequence[datetime]) -> float:
    """Median time between frames in time order, s."""
    apart = [(after - before).total_seconds() for before, after in itertools.pairwise(times)]
    return statistics.median(apart) if apart else DEFAULT_CADENCE


def in_words(seconds: float) -> str:
    """A length of time with the two units that count.

    Examples
    --------
    >>> in_words(72_720)
    '20 h 12 min'
    >>> in_words(719)
    '12 min'
    >>> in_words(4 * 86400 + 7200)
    '4 d 2 h'
    >>> in_words(20)
    '20 s'
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, days = minutes // 60, minutes // 1440
    parts = ((days, "d"), (hours % 24, "h")) if days else ((hours, "h"), (minutes % 60, "min"))
    return " ".join(f"{value} {unit}" for value, unit in parts if value)
