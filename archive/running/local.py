"""The chunks of a plan on processes of this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from corinpaint.archive.batch import Task, divided, set_aside
from corinpaint.archive.outcome import Outcome
from corinpaint.archive.planning.entries import Chunk
from corinpaint.archive.processes import MAX_DEATHS, Death, Workers
from corinpaint.archive.running import logs
from corinpaint.archive.running.work import Session, Work


def run_locally(session: Session, chunks: Iterable[Chunk], processes: int, stop: threading.Event) -> Iterator[Outcome]:
    """Work through chunks on supervised processes; a chunk is not split between them.

    Even a single process is one of its own, so that a frame that ends it does not end the run.

    Parameters
    ----------
    session : Session
    chunks : iterable of Chunk
        Drawn as they are worked on.
    processes : int
    stop : threading.Event
        No further frame is begun after it is set.

    Yields
    ------
    Outcome
        One for each entry, in the order in which they end.

    Raises
    ------
    CorInpaintError
        When the job cannot be done at all, no process can be started, or the log cannot be written.
    """
    session = replace(session, job=divided(session.job, processes))
    busy: list[Task] = []
    tasks = ([session.task(chunk, entry) for entry in chunk.entries] for chunk in chunks)
    yield from _run(session, tasks, processes, stop, busy)
    if busy and not stop.is_set():
        yield from _run(session, iter([[replace(task, wait=True) for task in busy]]), 1, stop, [])


def _run(
    session: Session,
    chunks: Iterator[Sequence[Task]],
    processes: int,
    stop: threading.Event,
    busy: list[Task],
) -> Iterator[Outcome]:
    workers = Workers[Task, Outcome | None](processes, partial(Work, session), stop)
    for task, outcome in workers.run(chunks):
        if isinstance(outcome, Death):
            given_up = set_aside(task, MAX_DEATHS, outcome.cause)
            with logs.Log(session.run, session.name) as log:
                log.end(given_up)
            yield given_up
        elif outcome is None:
            busy.append(task)
        else:
            yield outcome
