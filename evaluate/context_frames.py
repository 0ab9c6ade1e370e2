"""Frames of a benchmark that serve each other as context, and which of them a method is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from corinpaint.lasco.errors import CorInpaintError, OptionError
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.photometry.calibrated import CalibratedFrames
from corinpaint.lasco.photometry.detector import ObservedFrame
from corinpaint.lasco.timeline import kind_of_frame
from corinpaint.restore.context import MOST_HOURS, Context, align, in_order
from corinpaint.restore.neighbours.kinds import Rank, rank

EARLIER = "earlier"
"""Word for context from earlier frames alone."""

SIDES = (EARLIER, "1+1", "2+2")
"""Kinds of context by name: from earlier frames alone, or from so many frames before and after."""

CALIBRATED = 8
"""Number of calibrated frames that are kept for the next frames."""


@dataclass(frozen=True)
class Sides:
    """The context that a method is given.

    Attributes
    ----------
    before, after : int
        Maximum number of earlier and of later frames, the nearest in time first.
    """

    before: int
    after: int = 0

    @property
    def suffix(self) -> str:
        """Ending of the names of methods that are given it; empty for earlier frames alone."""
        return f" {self.before}+{self.after}" if self.after else ""

    def choose(self, context: Sequence[Context]) -> tuple[Context, ...]:
        """The frames of this kind; none where there is no frame on a side that is asked for.

        Frames of another kind stand for both sides: they make up one context frame.
        """
        nearest = in_order(context)
        if self.after and nearest and nearest[0].kind:
            return nearest
        before = [one for one in nearest if one.hours > 0][: self.before]
        after = [one for one in nearest if one.hours < 0][: self.after]
        wanting = (self.before and not before) or (self.after and not after)
        return () if wanting else in_order([*before, *after])


def parse_sides(name: str, earlier: int) -> Sides:
    """The context that a name of `SIDES` stands for.

    Parameters
    ----------
    name : str
    earlier : int
        Maximum number of frames for `EARLIER`.

    Raises
    ------
    OptionError
        When the name is unknown.
    """
    if name not in SIDES:
        raise OptionError(f"context {name!r} is unknown", f"choose of {', '.join(SIDES)}")
    if name == EARLIER:
        return Sides(earlier)
    before, after = name.split("+")
    return Sides(int(before), int(after))


class ContextFrames:
    """Frames that may serve each other as context.

    Parameters
    ----------
    files : sequence of Path
        Level 0.5; those that cannot be read are left out.
    max_count : int
        Maximum number of earlier frames that serve a frame.
    later : int
        Maximum number of later ones.
    """

    def __init__(self, files: Sequence[Path], max_count: int, later: int = 0) -> None:
        self.max_count, self.later = max_count, later
        self.frames: list[Frame] = []
        self._calibrated = CalibratedFrames(CALIBRATED)
        for path in files if max_count or later else ():
            with suppress(CorInpaintError):
                self.frames.append(read_frame(path))

    def before(self, around: ObservedFrame) -> tuple[Context, ...]:
        """The nearest earlier frames of the same kind that can serve a frame as context, aligned with it."""
        earlier = [other for other in self._of_rank(around, Rank.SAME) if other.date < around.frame.date]
        return tuple(self._first(around, sorted(earlier, key=lambda other: other.date, reverse=True), self.max_count))

    def after(self, around: ObservedFrame) -> tuple[Context, ...]:
        """The nearest later frames, likewise."""
        later = [other for other in self._of_rank(around, Rank.SAME) if other.date > around.frame.date]
        return tuple(self._first(around, sorted(later, key=lambda other: other.date), self.later))

    def of(self, around: ObservedFrame) -> tuple[Context, ...]:
        """Both, the nearest in time first; where there are none, frames of other kinds on these sides."""
        return in_order([*self.before(around), *self.after(around)]) or self._of_other_kinds(around)

    def _of_other_kinds(self, around: ObservedFrame) -> tuple[Context, ...]:
        """What the nearest frames of other polariser positions and filters show together."""
        others = sorted(self._of_rank(around, Rank.OTHER_POSITION), key=lambda other: other.date)
        earlier = [other for other in others[::-1] if other.date < around.frame.date][: self.max_count]
        later = [other for other in others if other.date > around.frame.date][: self.later]
        fit = []
        for other in (*earlier, *later):
            with suppress(CorInpaintError):
                calibrated = self._on_detector(other, around)
                align(around, [calibrated])
                fit.append(calibrated)
        return align(around, fit)

    def _of_rank(self, around: ObservedFrame, wanted: Rank) -> list[Frame]:
        kind = kind_of_frame(around.frame)
        return [other for other in self.frames if rank(kind, kind_of_frame(other)) is wanted]

    def _first(self, around: ObservedFrame, others: Sequence[Frame], count: int) -> Iterator[Context]:
        found = 0
        for other in others:
            if found == count or abs((other.date - around.frame.date).to_value("hour")) > MOST_HOURS:
                return
            with suppress(CorInpaintError):
                (context,) = align(around, [self._on_detector(other, around)])
                found += 1
                yield context

    def _on_detector(self, frame: Frame, around: ObservedFrame) -> ObservedFrame:
        """A frame calibrated as the one that it serves; the latest are kept, since neighbours ask for them next."""
        return self._calibrated.get(frame, around.calibration, around.options)
