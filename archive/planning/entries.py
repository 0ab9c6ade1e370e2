"""The entries of a plan, and the chunks of entries that a worker works through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from corinpaint.restore.context import MOST_HOURS

CONTEXT_TIME = timedelta(hours=MOST_HOURS)
"""Maximum time between a frame and the frames that may be its context."""


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

    def is_like(self, other: Entry) -> bool:
        """Whether both are of the same telescope, filter, polariser and size, as a frame and its context must be."""
        return all(
            getattr(self, name) == getattr(other, name) for name in ("detector", "filter", "polar", "rows", "columns")
        )


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
        earliest, latest = iso(date - CONTEXT_TIME), iso(date + CONTEXT_TIME)
        others = [
            other
            for other in self.around
            if earliest <= other.date <= latest and other.is_like(entry) and other.frame != entry.frame
        ]
        others.sort(key=lambda other: abs(datetime.fromisoformat(other.date) - date))
        return tuple(Path(other.frame) for other in others)


def iso(date: datetime) -> str:
    """A time as `Entry.date` has it.

    >>> iso(datetime(2002, 1, 8, 2, 18, 5, 594000))
    '2002-01-08T02:18:05.594'
    """
    return date.isoformat(timespec="milliseconds")
