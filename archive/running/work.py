"""What a process does with the entries of a plan: make the products, and keep a log of it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from corinpaint.archive.batch import Task, set_aside
from corinpaint.archive.claims import BusyError
from corinpaint.archive.job import Job
from corinpaint.archive.outcome import Outcome
from corinpaint.archive.planning.entries import Chunk, Entry
from corinpaint.archive.planning.plan_file import Plan, PlanError
from corinpaint.archive.processes import MAX_DEATHS
from corinpaint.archive.running import logs
from corinpaint.archive.running.state import MAY_PASS
from corinpaint.lasco.retries import RetriedError, RetryPolicy, TransientError

RETRIES = RetryPolicy(retries=2, initial_wait=0.5, maximum_wait=5.0)
"""Further attempts after errors that may pass."""

CHUNK_PART = "chunk"
"""Beginning of the part of a log's name that gives the number of its chunk."""


class Makes(Protocol):
    """What makes products: `corinpaint.archive.maker.Maker`."""

    def make(self, frame: Path, target: Path, nearby: Sequence[Path] = (), *, wait: bool = True) -> Outcome: ...


def open_maker(job: Job) -> Makes:
    """What makes the products of a job: the calibration set and the network are opened."""
    from corinpaint.archive.maker import Maker  # the process that hands out the work needs neither

    return Maker(job)


@dataclass(frozen=True)
class Session:
    """One start of a run, as its processes need to know it.

    Attributes
    ----------
    run : Path
        Folder of the run.
    products : Path
        Folder of the products.
    name : str
        See `corinpaint.archive.running.logs.session_name`.
    job : Job
    open : callable
        Makes the maker of a process from the job.
    """

    run: Path
    products: Path
    name: str
    job: Job
    open: Callable[[Job], Makes] = open_maker

    def task(self, chunk: Chunk, entry: Entry) -> Task:
        """The task that an entry of a chunk is."""
        return Task(Path(entry.frame), self.products / entry.product, entry.key, chunk.nearby(entry))

    @property
    def stop_file(self) -> Path:
        """A file that stops the processes after the frames in hand."""
        return self.run / logs.FOLDER / f"{self.name}.stop"


class Work:
    """Makes products and logs them; one in a process.

    Parameters
    ----------
    session : Session
    part : str
        See `corinpaint.archive.running.logs.Log`.
    maker : Makes, optional
        By default it is opened.

    Raises
    ------
    CorInpaintError
        See `corinpaint.archive.maker.Maker`.
    """

    def __init__(self, session: Session, part: str = "", maker: Makes | None = None) -> None:
        self.session = session
        self.maker = maker or session.open(session.job)
        self.log = logs.Log(session.run, session.name, part)

    def __call__(self, task: Task) -> Outcome | None:
        """Work on an entry; None when another process is making its product."""
        self.log.begin(task.key)
        try:
            outcome = replace(self._made(task), key=task.key)
        except BusyError:
            return None
        self.log.end(outcome)
        return outcome

    def _made(self, task: Task) -> Outcome:
        failed: list[Outcome] = []

        def attempt() -> Outcome:
            outcome = self.maker.make(task.frame, task.target, task.nearby, wait=task.wait)
            if outcome.code in MAY_PASS and not os.path.lexists(task.target):  # what is there stays
                failed.append(outcome)
                raise TransientError(RetriedError(outcome.what, outcome.remedy))
            return outcome

        try:
            return RETRIES.run(attempt)[0]
        except RetriedError as error:
            return replace(failed[-1], what=error.what)


_makers: dict[Job, Makes] = {}
"""The maker of this process, by its job: opened once, however many chunks a process works through."""


def run_chunk(session: Session, chunk: Chunk) -> list[Outcome]:
    """Work through a chunk, and go on with one that another process had begun when it died.

    A frame during which a process of this session died comes last; after `MAX_DEATHS` of them it is set aside.

    Parameters
    ----------
    session : Session
    chunk : Chunk

    Returns
    -------
    list of Outcome
        Of all entries of the chunk that have ended, by this process or one before it; fewer than entries when the
        session was stopped.

    Raises
    ------
    CorInpaintError
        When the job cannot be done at all, or the log cannot be written.
    """
    if session.stop_file.exists():
        return []
    part = f"{CHUNK_PART}{chunk.number:06}"
    ended, deaths = _earlier(session, part)
    if session.job not in _makers:
        _makers.clear()
        _makers[session.job] = session.open(session.job)
    work = Work(session, part, _makers[session.job])
    with work.log:
        for outcome in _worked(work, chunk, ended, deaths):
            ended[outcome.key] = outcome
    return list(ended.values())


def run_planned(session: Session, number: int, places: Sequence[int], first: str) -> list[Outcome]:
    """Work through entries of a chunk, which are read from the plan: what travels to a worker is small then.

    Parameters
    ----------
    session : Session
    number : int
        Of the chunk.
    places : sequence of int
        Of the entries in it, in the order in which they are worked on.
    first : str
        Key of the first of them.

    Returns
    -------
    list of Outcome
        See `run_chunk`.

    Raises
    ------
    PlanError
        When there is no plan, or another one by now.
    CorInpaintError
        See `run_chunk`.
    """
    with Plan(session.run) as plan:
        chunk = plan.chunk(number)
    if max(places) >= len(chunk.entries) or chunk.entries[places[0]].key != first:
        raise PlanError(f"{plan.path}: has changed during the run", "start the run again")
    return run_chunk(session, chunk.chosen(places))


def _worked(work: Work, chunk: Chunk, ended: dict[str, Outcome], deaths: Counter[str]) -> Iterator[Outcome]:
    left = [entry for entry in chunk.entries if entry.key not in ended]
    busy: list[Task] = []
    for entry in sorted(left, key=lambda entry: deaths[entry.key]):
        if work.session.stop_file.exists():
            return
        task = work.session.task(chunk, entry)
        if deaths[entry.key] >= MAX_DEATHS:
            outcome = set_aside(task, deaths[entry.key])
            work.log.end(outcome)
            yield outcome
            continue
        done = work(task)
        if done is None:
            busy.append(replace(task, wait=True))
        else:
            yield done
    for task in busy:
        if not work.session.stop_file.exists() and (done := work(task)):
            yield done


def _earlier(session: Session, part: str) -> tuple[dict[str, Outcome], Counter[str]]:
    """What processes before this one did with a chunk in this session, and the frames during which they died."""
    ended: dict[str, Outcome] = {}
    deaths: Counter[str] = Counter()
    for path in logs.files(session.run, f"{session.name}-{part}-"):
        last = ""
        for line in logs.read(path):
            if line.outcome is not None:
                ended[line.key] = line.outcome
            last = line.key if line.outcome is None else ""
        deaths.update([last] if last else [])
    return ended, deaths


def remove_stop_file(session: Session) -> None:
    """Remove what `Session.stop_file` says."""
    with suppress(OSError):
        session.stop_file.unlink(missing_ok=True)
