"""The entries of a plan, and the chunks of entries that a worker works through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from corinpaint.lasco.timeline import Kind
from corinpaint.restore.context import MOST_HOURS
from corinpaint.restore.neighbours.kinds import MOST_HOURS_OF_OTHERS, Rank, rank

CONTEXT_TIME = timedelta(hours=MOST_HOURS)
"""Maximum time between a frame and the frames that may be its context."""

CONTEXT_TIME_OF_OTHERS = timedelta(hours=MOST_HOURS_OF_OTHERS)
"""The same where they are of another kind."""


@dataclass(frozen=True)
class Entry:
    """A frame of a plan, and where its product belongs.

    Attributes
    ----------
    key : str
        SHA-256 of the frame and of everything that its product depends on, see `corinpaint.archive.planning.digest`.
    sha256 : str
        SHA-256 of the decompressed content of the file.
    frame : str
        Path of the Level 0.5 file.
    product : str
        Path of the product below the folder of the products.
    date : str
        Start of the exposure, UTC, ISO 8601 with milliseconds, so that the order of the texts is that of the times.
    detector, filter, polar : str
        As the header has them, without blanks and in upper case.
    rows, columns : int
        Size of the image, px.
    size : int
        Size of the file, bytes.
    mtime_ns : int
        Time of the last change of the file, ns since 1970.
    """

    key: str
    sha256: str
    frame: str
    product: str
    date: str
    detector: str
    filter: str
    polar: str
    rows: int
    columns: int
    size: int
    mtime_ns: int

    @property
    def kind(self) -> Kind:
        """As of `corinpaint.lasco.timeline.kind_of_frame`; plans do not know subfields."""
        return self.detector, self.filter, self.polar, (self.rows, self.columns), None

    def may_serve(self, other: Entry) -> bool:
        """Whether it may be context of another, by their kinds and times."""
        found = rank(other.kind, self.kind)
        if found not in (Rank.SAME, Rank.OTHER_POSITION) or self.frame == other.frame:
            return False
        apart = abs(datetime.fromisoformat(self.date) - datetime.fromisoformat(other.date))
        return apart <= (CONTEXT_TIME if found is Rank.SAME else CONTEXT_TIME_OF_OTHERS)


@dataclass(frozen=True)
class Chunk:
    """Entries that follow one another in time and are worked through by one process.

    Attributes
    ----------
    number : int
        Of the chunk in its plan, from 0.
    entries : tuple of Entry
        What is to be worked on.
    places : tuple of int
        Of each of them in the chunk as the plan has it, from 0.
    around : tuple of Entry
        Entries of the same hours, those of the chunk among them, in time order; empty when no context is looked for.
    """

    number: int
    entries: tuple[Entry, ...]
    places: tuple[int, ...] = ()
    around: tuple[Entry, ...] = ()

    def chosen(self, places: Sequence[int]) -> Chunk:
        """The chunk with only some of its entries, in the order of their places."""
        return replace(self, entries=tuple(self.entries[place] for place in places), places=tuple(places))

    def nearby(self, entry: Entry) -> tuple[Path, ...]:
        """Paths of the frames that may be context of an entry, the nearest first."""
        date = datetime.fromisoformat(entry.date)
        others = [other for other in self.around if other.may_serve(entry)]
        others.sort(key=lambda other: abs(datetime.fromisoformat(other.date) - date))
        return tuple(Path(other.frame) for other in others)


def iso(date: datetime) -> str:
    """A time as `Entry.date` has it.

    >>> iso(datetime(2002, 1, 8, 2, 18, 5, 594000))
    '2002-01-08T02:18:05.594'
    """
    return date.isoformat(timespec="milliseconds")
