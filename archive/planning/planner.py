"""Making the plan of a run: its files found and read, copies left out, products placed, all in time order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TextIO

from corinpaint.archive.job import Job
from corinpaint.archive.layout import Layout, header_values
from corinpaint.archive.planning.digest import key_of, settings_digest
from corinpaint.archive.planning.entries import Entry
from corinpaint.archive.planning.facts import UNREADABLE, Facts, Place
from corinpaint.archive.planning.known_files import KnownFiles
from corinpaint.archive.planning.plan_file import Settings, write_plan
from corinpaint.archive.planning.scan import scan
from corinpaint.lasco.errors import NoFrameError
from corinpaint.lasco.inputs.files import find
from corinpaint.lasco.inputs.kinds import COPY, MAX_NAMED
from corinpaint.lasco.version import __version__


@dataclass
class Planned:
    """What planning found.

    Attributes
    ----------
    entries : int
        Frames in the plan.
    copies : list of (str, str)
        Files with a frame that another file has, and that file.
    rivals : list of (str, str, str)
        Frames that are not in the plan because their product is that of another one; product and the other frame.
    unreadable : list of str
        Errors of files that may have been frames, at most `MAX_NAMED`.
    passed_over : dict of str to int
        Files that are no frames, by their kind.
    named : dict of str to list of Path
        Some of them.
    failures : list of NoFrameError
        Inputs that do not exist, and folders that cannot be searched.
    """

    entries: int = 0
    copies: list[tuple[str, str]] = field(default_factory=list)
    rivals: list[tuple[str, str, str]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    passed_over: dict[str, int] = field(default_factory=dict)
    named: dict[str, list[Path]] = field(default_factory=dict)
    failures: list[NoFrameError] = field(default_factory=list)

    def leave_out(self, entry: Entry, other: Entry) -> None:
        """Put on record that a frame is not in the plan, since another one has its key or its product."""
        if entry.key == other.key:
            self.copies.append((entry.frame, other.frame))
        else:
            self.rivals.append((entry.frame, entry.product, other.frame))


def make_plan(
    inputs: Iterable[Path],
    run: Path,
    job: Job,
    layout: Layout,
    *,
    chunk: int = 0,
    processes: int = 1,
    tell: Callable[[int], None] = lambda _: None,
    stdin: TextIO | None = None,
) -> Planned:
    """Make the plan of a run, or bring it up to date with its inputs.

    Parameters
    ----------
    inputs : iterable of Path
        See `corinpaint.archive.planning.scan.scan`.
    run : Path
        Folder of the run. What was read of the files is kept there, so that a second planning reads only what is new or
        has changed. A plan that is there is replaced.
    job : Job
    layout : Layout
        Of the products; its folder is not used.
    chunk : int
        Entries of a chunk; 0 for 200, less where there are few.
    processes : int
        That read files.
    tell : callable
        Called now and then with the number of files since the last call.
    stdin : text stream, optional
        Standard input, for the input ``-``.

    Returns
    -------
    Planned

    Raises
    ------
    CorInpaintError
        When a setting, the network or the calibration cannot be used, or the plan cannot be written.
    """
    settings = Settings(job, settings_digest(job), chunk, __version__, layout.name)
    known = KnownFiles(run)
    try:
        failures = scan(inputs, known, processes, tell, stdin)
        planned = plan_of(known, run, settings, layout)
    finally:
        known.close()
    planned.failures = failures
    return planned


def plan_of(known: KnownFiles, run: Path, settings: Settings, layout: Layout) -> Planned:
    """Write the plan of the files that the present scan met; see `make_plan`."""
    planned = Planned()
    planned.entries = write_plan(run, settings, _entries(known, settings.digest, layout, planned), planned.leave_out)
    planned.passed_over = known.counts()
    planned.passed_over.pop("", 0)
    planned.named = {kind: known.paths(kind, MAX_NAMED) for kind in planned.passed_over if kind != UNREADABLE}
    planned.unreadable = [f"{facts.what}; {facts.remedy}" for _, facts in islice(known.unreadable(), MAX_NAMED)]
    return planned


def _entries(known: KnownFiles, digest: str, layout: Layout, planned: Planned) -> Iterator[Entry]:
    """The entries of a plan in time order."""
    copies = dict(_same_frames(known))
    for place, facts in known.frames():
        if place.path in copies:
            planned.copies.append((place.path, copies[place.path]))
        else:
            yield _entry(place, facts, digest, layout)


def _same_frames(known: KnownFiles) -> Iterator[tuple[str, str]]:
    """Files with a frame that another file has too, compressed in a way that changes the content of the file."""
    for paths in known.of_one_number():
        for copy in find(paths).passed_over.get(COPY, []):
            yield str(copy), str(paths[0])


def _entry(place: Place, facts: Facts, digest: str, layout: Layout) -> Entry:
    values = header_values(facts.date, facts.detector, facts.filter, facts.polar)
    product = layout.below(place.subfolder, place.number, values)
    return Entry(
        key_of(facts.sha256, digest),
        facts.sha256,
        place.path,
        product,
        facts.date,
        facts.detector,
        facts.filter,
        facts.polar,
        facts.rows,
        facts.columns,
        place.size,
        place.mtime_ns,
    )
