"""Many frames through one job, in one process or several."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from corinpaint.archive.claims import BusyError
from corinpaint.archive.job import Job
from corinpaint.archive.maker import Maker
from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.processes import MAX_DEATHS, Death, Workers

FRAMES_WORTH_A_PROCESS = 8
"""Frames that take as long as the start of a process; for fewer, none is started."""

CHUNK_WITH_CONTEXT = 16
"""Consecutive frames that one process works through, so that it calibrates each context frame once."""


@dataclass(frozen=True)
class Task:
    """A frame and its product.

    Attributes
    ----------
    frame, target : Path
    key : str
        Key of the entry in a plan.
    nearby : tuple of Path
        Frames that may be its context, the nearest first.
    wait : bool
        Wait for another process that makes the product.
    anew : bool
        Make it although it is there.
    """

    frame: Path
    target: Path
    key: str = ""
    nearby: tuple[Path, ...] = ()
    wait: bool = False
    anew: bool = False


def available_cores() -> int:
    """CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def divided(job: Job, processes: int) -> Job:
    """The job for each of several processes, which share the cores where its network may take all of them."""
    return replace(job, threads=job.threads or max(1, available_cores() // processes))


def run(job: Job, tasks: Iterable[Task], processes: int = 1, stop: threading.Event | None = None) -> Iterator[Outcome]:
    """Make the products of many frames.

    A frame that fails, or ends its process, costs no other frame. Products that another run is making meanwhile come
    last.

    Parameters
    ----------
    job : Job
    tasks : iterable of Task
        Drawn as they are worked on.
    processes : int
        Maximum number of worker processes. With 1, and for a few frames, the work is done in this process.
    stop : threading.Event, optional
        No further frame is begun after it is set.

    Yields
    ------
    Outcome
        One for each task, in the order in which they end.

    Raises
    ------
    CorInpaintError
        When the job cannot be done: see `Maker`.
    """
    stop = stop or threading.Event()
    busy: list[Task] = []
    for task, outcome in _worked(job, tasks, processes, stop):
        if isinstance(outcome, Death):
            yield set_aside(task, MAX_DEATHS, outcome.cause)
        elif outcome is None:
            busy.append(replace(task, wait=True))
        else:
            yield outcome
    if busy and not stop.is_set():
        yield from run(job, busy, 1, stop)


class Work:
    """What a process does with a task: its outcome, or None when another run is making the product."""

    def __init__(self, job: Job) -> None:
        self.maker = Maker(job)

    def __call__(self, task: Task) -> Outcome | None:
        try:
            return replace(
                self.maker.make(task.frame, task.target, task.nearby, wait=task.wait, anew=task.anew), key=task.key
            )
        except BusyError:
            return None

    def existing(self, task: Task) -> Outcome | None:
        """The outcome of a frame for which nothing is to be made, else None."""
        there = self.maker.existing(task.frame, task.target)
        return there and replace(there, key=task.key)


def _worked(
    job: Job, tasks: Iterable[Task], processes: int, stop: threading.Event
) -> Iterator[tuple[Task, Outcome | Death | None]]:
    """Each task with its outcome, `Death` when it ended its process, None when another run is making the product."""
    waiting = iter(tasks)
    if processes > 1:
        job = divided(job, processes)
    work = Work(job)
    for task in waiting if processes > 1 else ():
        if stop.is_set():
            return
        if there := work.existing(task):
            yield task, there
            continue
        ahead = [task, *itertools.islice(waiting, FRAMES_WORTH_A_PROCESS - 1)]
        waiting = itertools.chain(ahead, waiting)
        if len(ahead) == FRAMES_WORTH_A_PROCESS:
            del work  # and its network: the processes open their own
            yield from Workers[Task, Outcome | None](processes, partial(Work, job), stop).run(_chunks(job, waiting))
            return
        break
    for task in waiting:
        if stop.is_set():
            return
        yield task, work(task)


def _chunks(job: Job, tasks: Iterator[Task]) -> Iterator[Sequence[Task]]:
    size = CHUNK_WITH_CONTEXT if job.auto_context else 1
    while chunk := list(itertools.islice(tasks, size)):
        yield chunk


def set_aside(task: Task, times: int, cause: str = "") -> Outcome:
    """The outcome of a frame that ended its process several times, for some cause."""
    return Outcome(
        str(task.frame),
        Fate.SET_ASIDE,
        code="worker_died",
        what=f"{task.frame}: ended the process that worked on it {times} times{f' ({cause})' if cause else ''}",
        remedy="see whether memory is short (fewer processes, -j); restore it alone to see more",
        key=task.key,
    )
