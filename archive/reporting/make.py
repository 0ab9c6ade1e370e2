"""Making a report: the pages of the frames that are new or have changed, then the first page."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.processes import Death, Workers
from corinpaint.archive.reporting import entries, products, zones
from corinpaint.archive.reporting.entries import Entry
from corinpaint.archive.reporting.folder import Folder, address
from corinpaint.archive.reporting.products import Candidate
from corinpaint.lasco.errors import CorInpaintError, OutputError
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.level05.keywords import text
from corinpaint.lasco.level1.product import Level1File

NAME = "report"
"""Folder of the report in that of the products, by default."""

CHECKPOINT = 250
"""After how many new pages the first page is written again, so that a killed run leaves what it has done."""


@dataclass(frozen=True)
class Task:
    """A page to make.

    Attributes
    ----------
    candidate : Candidate
    outcome : Outcome or None
        What the run's log says of the frame.
    """

    candidate: Candidate
    outcome: Outcome | None = None


@dataclass(eq=False)
class Report:
    """What a report has.

    Attributes
    ----------
    folder : Folder
    entries : list of Entry
    passed_over : Counter of str
        Files that are no products, by what they are.
    made, kept, removed : int
        Pages that were made, were there and have not changed, and were removed with their products.
    """

    folder: Folder
    entries: list[Entry] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    made: int = 0
    kept: int = 0
    removed: int = 0

    @property
    def index(self) -> Path:
        """The page to open."""
        return self.folder.path / "index.html"

    @property
    def failed(self) -> list[Entry]:
        """Frames without a product that can be shown."""
        return [entry for entry in self.entries if entry.has_failed]


def make_report(
    folder: Path,
    output: Path | None = None,
    *,
    of: Iterable[Path] | None = None,
    outcomes: Iterable[Outcome] = (),
    command: str = "",
    processes: int = 1,
    stop: threading.Event | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Make the report of the products of a folder, or bring it up to date.

    Parameters
    ----------
    folder : Path
        Folder of the products, searched at any depth.
    output : Path, optional
        Folder of the report; by default `NAME` in that of the products.
    of : iterable of Path, optional
        The products to report of, in place of all that the folder holds.
    outcomes : iterable of Outcome, optional
        What logs say of the frames; those that failed are listed with the reason.
    command : str
        The command that made the products or the report, for the summary.
    processes : int
        Processes that make pages; each holds one product at a time.
    stop : threading.Event, optional
        No further page is begun after it is set.
    progress : callable, optional
        Called with the number of pages that are done, and of all that are to be made.

    Returns
    -------
    Report

    Raises
    ------
    NoFrameError
        When the folder is not there.
    OutputError
        When the report cannot be written, or its folder holds something else.
    """
    output = folder / NAME if output is None else output
    stop = stop or threading.Event()
    found = products.find(folder, output) if of is None else products.Found(products.candidates(of, folder))
    report = Report(Folder(output))
    logged = list(outcomes)
    report.entries += [entries.damaged(str(folder), str(error)) for error in found.errors]
    report.entries += [entries.failed(outcome) for outcome in logged if outcome.has_failed]
    tasks = _remaining(report, found.candidates, _by_product(logged))
    write = partial(report.folder.write_index, report.entries, command, report.passed_over)
    write()
    for done, (task, result) in enumerate(_results(report.folder, folder, tasks, processes, stop), start=1):
        _take(report, task, result)
        if progress is not None:
            progress(done, len(tasks))
        if done % CHECKPOINT == 0:
            write()
    if not stop.is_set():
        report.removed = report.folder.remove_others([entry.key for entry in report.entries])
    write()
    return report


def _by_product(outcomes: Iterable[Outcome]) -> dict[str, Outcome]:
    return {Path(outcome.product).name: outcome for outcome in outcomes if outcome.product}


def _remaining(report: Report, candidates: Iterable[Candidate], logged: dict[str, Outcome]) -> list[Task]:
    """The pages to make; what is known of the others is taken over."""
    tasks = []
    for candidate in candidates:
        outcome = logged.get(candidate.path.name)
        try:
            stamp = products.stamp(candidate.path)
        except CorInpaintError as error:
            report.entries.append(entries.damaged(candidate.file, str(error)))
            continue
        known = report.folder.known(entries.key_of(candidate.file), stamp)
        if known is None:
            tasks.append(Task(candidate, outcome))
        else:
            report.entries.append(_with(known, outcome))
            report.kept += 1
    return tasks


def _with(entry: Entry, outcome: Outcome | None) -> Entry:
    """The entry with what the run's log says; a log that the product was there already says nothing new."""
    if outcome is None or outcome.fate is Fate.THERE:
        return entry
    return replace(entry, fate=str(outcome.fate), seconds=outcome.seconds or entry.seconds)


def _results(
    report: Folder, folder: Path, tasks: Sequence[Task], processes: int, stop: threading.Event
) -> Iterator[tuple[Task, Entry | str | CorInpaintError | Death]]:
    """Make the pages, in this process or in several."""
    if processes < 2 or len(tasks) < 2:
        for task in tasks:
            if stop.is_set():
                return
            yield task, make_page(task, folder, report)
        return
    setup = partial(_maker, folder, report)
    chunks = ([task] for task in tasks)
    yield from Workers[Task, Entry | str | CorInpaintError](min(processes, len(tasks)), setup, stop).run(chunks)


def _maker(folder: Path, report: Folder) -> Callable[[Task], Entry | str | CorInpaintError]:
    """What a process does; set up there, since it imports what draws."""
    return partial(make_page, folder=folder, report=report)


def _take(report: Report, task: Task, result: Entry | str | CorInpaintError | Death) -> None:
    """Take a result in.

    Raises
    ------
    OutputError
        When a page cannot be written.
    """
    if isinstance(result, OutputError):
        raise result
    if isinstance(result, str):
        report.passed_over[result] += 1
        return
    if isinstance(result, Death):
        result = entries.damaged(task.candidate.file, f"ended the process that drew it ({result.cause})")
    if isinstance(result, CorInpaintError):
        result = entries.damaged(task.candidate.file, str(result))
    report.made += bool(result.key)
    report.entries.append(result)


def make_page(task: Task, folder: Path, report: Folder) -> Entry | str | CorInpaintError:
    """Make the page of a product.

    Parameters
    ----------
    task : Task
    folder : Path
        Folder of the products.
    report : Folder

    Returns
    -------
    Entry, str or CorInpaintError
        What the table says of it; the kind of a file that is no product; the error of one that cannot be shown, or of a
        page that cannot be written (`OutputError`).
    """
    path = task.candidate.path
    try:
        if kind := products.other_kind(path):
            return kind.many
        return _page(task, folder, report)
    except CorInpaintError as error:
        return error
    except Exception as error:  # a bug must not cost the other frames their pages
        return CorInpaintError(f"{path}: unexpected {type(error).__name__}: {error}", "please report this")


def _page(task: Task, folder: Path, report: Folder) -> Entry:
    from corinpaint.archive.reporting.frame_page import Content, frame_page
    from corinpaint.archive.reporting.images import pictures

    path, key = task.candidate.path, entries.key_of(task.candidate.file)
    stamp = products.stamp(path)  # before it is read: a product that changes meanwhile is drawn again next time
    product, told = products.read(path), products.read_report(path)
    entry = _entry(product, told, task)
    drawn = pictures(product)
    where = quote(address(path, folder, report.path, key))
    content = Content(entry, product.header, drawn, zones.rows(product, told), told, where)
    files = {"index.html": frame_page(content), "after.webp": drawn.image, "thumbnail.webp": drawn.thumbnail}
    if drawn.cover:
        files["before.webp"] = drawn.cover
    report.write_frame(entry, stamp, files)
    return entry


def _entry(product: Level1File, told: Mapping[str, Any], task: Task) -> Entry:
    """What the table says of a product."""
    header, file = product.header, task.candidate.file
    refused = sum(zone.count for zone in product.zones if zone.refused)
    missing, filled = (_integer(header.get(name)) for name in ("NMISSING", "NFILLED"))
    entry = Entry(
        file,
        entries.key_of(file),
        number_of(task.candidate.path.name),
        text(header, "DATE-OBS"),
        text(header, "DETECTOR"),
        text(header, "FILTER"),
        text(header, "POLAR"),
        missing=missing,
        filled=filled,
        refused=refused,
        occulted=max(missing - filled - refused, 0),
        zones=dict(Counter(zone.method for zone in product.zones if zone.method)),
        reasons=tuple(dict.fromkeys(zone.refused for zone in product.zones if zone.refused)),
        warnings=products.warnings_of(header, told),
        calibration=text(header, "CALIB"),
        weights=text(header, "WEIGHTS"),
        version=text(header, "CREATOR"),
        seconds=round(sum(products.stage_times(told).values()), 4),
    )
    return _with(entry, task.outcome)


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0
