"""Frames in the order of time, from their names and headers alone: which were taken just before and after a frame.

LASCO counts its frames, so that names of one source are in the order of time. Dates are read only where they are
needed: about ten headers lead to the place of a frame among ten thousand.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.file_numbers import SUFFIX, number_of
from corinpaint.lasco.geometry.pointing import is_placeholder
from corinpaint.lasco.inputs.kinds import ENDING, TRUTH_SUFFIX
from corinpaint.lasco.level05.decoding import read_header
from corinpaint.lasco.level05.frame import Frame, without_image
from corinpaint.lasco.level05.readout import Subfield

ENOUGH = 6
"""Frames of the same kind on each side of a frame after which the search ends."""

MAX_LOOKS = 64
"""Frames of any kind on each side that are looked at."""

MAX_BEYOND = 3
"""Frames in a row beyond the hours asked for after which the search ends: names are not strictly in order of time."""

MAX_CACHED = 4096
"""Headers that are kept, each of some hundred bytes."""

HOURS_PER_DAY = 24.0

Kind = tuple[str, str, str, tuple[int, int], Subfield | None]
"""Detector, filter, polariser, rows and columns, and subfield."""


@dataclass(frozen=True)
class Entry:
    """A frame of a timeline.

    Attributes
    ----------
    path : Path
    mjd : float
        Modified Julian date of DATE-OBS, without clock correction.
    kind : tuple
        See `kind_of_frame`.
    has_roll : bool
        Whether the header tells the roll.
    """

    path: Path
    mjd: float
    kind: Kind
    has_roll: bool


def kind_of_frame(frame: Frame) -> Kind:
    """What frames must have in common to show the same."""
    return frame.detector, frame.filter, frame.polar, frame.sums.shape, frame.subfield


class Timeline:
    """Frames in the order of time.

    Parameters
    ----------
    paths : iterable of Path
        Level 0.5 files. Those that turn out to be no frames are left out.
    with_folders : bool
        Whether the other files in their folders count too.
    """

    def __init__(self, paths: Iterable[Path] = (), *, with_folders: bool = True) -> None:
        self.with_folders = with_folders
        self._waiting: set[Path] = set()
        """Folders that were not searched yet."""
        self._searched: set[Path] = set()
        self._names: dict[str, list[tuple[str, Path]]] = {}
        """Numbers and paths by the first two digits of the number, telescope and source; sorted when they are used."""
        self._known: set[Path] = set()
        self._sorted = True
        self.add(paths)

    def add(self, paths: Iterable[Path]) -> None:
        """Add files; nothing is opened."""
        for path in paths:
            if path in self._known:
                continue
            self._known.add(path)
            number = number_of(path.name)
            self._names.setdefault(_source(number), []).append((number, path))
            self._sorted = False
            if self.with_folders and path.parent not in self._searched:
                self._waiting.add(path.parent)

    def around(self, path: Path, count: int = MAX_LOOKS) -> list[Path]:
        """Files whose numbers are next to that of a file, at most `count` on each side; nothing is opened."""
        self._search()
        number = number_of(path.name)
        names = self._names.get(_source(number), [])
        place = bisect.bisect_left(names, (number, path))
        return [near for _, near in names[max(place - count, 0) : place + count + 1] if near != path]

    def alike(self, frame: Frame, hours: float) -> list[Entry]:
        """Frames of the same kind as a frame, the nearest in time first; the frame itself is left out.

        Parameters
        ----------
        frame : Frame
        hours : float
            Maximum time between them, hours.
        """
        kind = kind_of_frame(frame)
        return self.fitting(frame, hours, lambda other: other == kind)

    def fitting(self, frame: Frame, hours: float, fits: Callable[[Kind], bool]) -> list[Entry]:
        """Frames of the same telescope and of the kinds that fit, likewise.

        Parameters
        ----------
        frame : Frame
        hours : float
        fits : callable
            Whether a kind fits.
        """
        telescope = frame.detector.removeprefix("C")
        found: dict[tuple[float, Kind], Entry] = {}
        for source in self._sources():
            if source[:1] in ("", telescope):
                for entries in self._sides(source, frame, hours):
                    fitting = (entry for entry in entries if entry.mjd != frame.date.mjd and fits(entry.kind))
                    found |= {(entry.mjd, entry.kind): entry for entry in islice(fitting, ENOUGH)}
        return _nearest_first(found.values(), frame)

    def with_roll(self, frame: Frame, hours: float) -> list[Entry]:
        """Frames of either telescope whose headers tell their roll, the nearest in time first; parameters as above."""
        found: list[Entry] = []
        for source in self._sources():
            for entries in self._sides(source, frame, hours):
                found += islice((entry for entry in entries if entry.has_roll), 1)
        return _nearest_first(found, frame)

    def _sources(self) -> list[str]:
        self._search()
        return list(self._names)

    def _search(self) -> None:
        """Add the files of the folders that were not searched yet."""
        while self._waiting:
            folder = self._waiting.pop()
            self._searched.add(folder)
            try:
                self.add(path for path in sorted(folder.iterdir()) if _may_be_frame(path.name))
            except OSError:
                continue
        if not self._sorted:
            for names in self._names.values():
                names.sort()
            self._sorted = True

    def _sides(self, source: str, frame: Frame, hours: float) -> Iterator[Iterator[Entry]]:
        """Frames of a source before a frame, and those after it, the nearest first."""
        names, mjd = self._names[source], frame.date.mjd
        if not source:  # such names are in no order
            dated = [(entry.mjd, entry.path) for _, path in names[:MAX_CACHED] if (entry := read_entry(path))]
            names = [(str(date), path) for date, path in sorted(dated)]
        place = bisect.bisect_left(range(len(names)), mjd, key=lambda index: _mjd_at(names, index))
        for side in (range(place - 1, -1, -1), range(place, len(names))):
            yield _within([names[index][1] for index in side[:MAX_LOOKS]], mjd, hours)


def read_entry(path: Path) -> Entry | None:
    """The entry of a file; None when it is no frame. Cached until the file changes."""
    try:
        status = path.stat()
    except OSError:
        return None
    return _entry(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=MAX_CACHED)
def _entry(path: Path, changed: int, size: int) -> Entry | None:  # noqa: ARG001
    try:
        header = read_header(path) if path.is_file() else None
        frame = None if header is None else without_image(header, path.name)
    except (OSError, CorInpaintError):
        return None
    if frame is None:
        return None
    return Entry(path, float(frame.date.mjd), kind_of_frame(frame), not is_placeholder(frame))


def _within(paths: Iterable[Path], mjd: float, hours: float) -> Iterator[Entry]:
    """Entries within some hours of a date, until the files lie beyond."""
    beyond = 0
    for entry in filter(None, map(read_entry, paths)):
        if abs(entry.mjd - mjd) * HOURS_PER_DAY <= hours:
            beyond = 0
            yield entry
        elif (beyond := beyond + 1) == MAX_BEYOND:
            return


def _mjd_at(names: list[tuple[str, Path]], index: int) -> float:
    """Date of the first frame from a place on."""
    for _, path in names[index : index + MAX_LOOKS]:
        entry = read_entry(path)
        if entry is not None:
            return entry.mjd
    return float("inf")


def _nearest_first(entries: Iterable[Entry], frame: Frame) -> list[Entry]:
    return sorted(entries, key=lambda entry: (abs(entry.mjd - frame.date.mjd), entry.path.name))


def _source(number: str) -> str:
    """Telescope and source of a file number; empty when it is none of LASCO's."""
    return number[:2] if re.fullmatch(r"[23]\d{7}", number, re.ASCII) else ""


def _may_be_frame(name: str) -> bool:
    """Whether a file of a folder may be a frame by its name, and is no product or truth."""
    number = number_of(name)
    is_product = number.endswith(SUFFIX) or re.fullmatch(r"[23]5\d{6}", number, re.ASCII)
    return bool(ENDING.search(name)) and not (name.startswith(".") or TRUTH_SUFFIX in name or is_product)
