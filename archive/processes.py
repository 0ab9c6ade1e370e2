"""Worker processes under supervision: one that dies costs the task in hand, and is replaced.

The pools of the standard library give up when a worker is killed, and pools with a common queue can lose its lock with
the worker. Here each worker has a pipe of its own, and the parent hands out the tasks.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from corinpaint.lasco.errors import CorInpaintError

Task = TypeVar("Task", bound=Hashable)
Result = TypeVar("Result")

MAX_DEATHS = 2
"""How many workers a task may end before it is given up."""

MAX_FAILED_STARTS = 3
"""How many workers in a row may end before they are ready."""

SECONDS_TO_END = 20.0
"""How long a worker may take to finish the task in hand when the run is stopped."""

PRELOADED = ("corinpaint.archive.maker", "corinpaint.restore.pipeline", "corinpaint.restore.engines.onnx")
"""Modules that are imported once, for all workers."""


class WorkerError(CorInpaintError):
    """The worker processes cannot be started."""

    code = "worker"


@dataclass(frozen=True)
class Death:
    """What a task is answered with that ended its workers.

    Attributes
    ----------
    exit_code : int
        Of the last worker; negative for the number of a signal.
    """

    exit_code: int

    @property
    def cause(self) -> str:
        """What ended the worker, in words."""
        if self.exit_code >= 0:
            return f"exit status {self.exit_code}"
        try:
            return signal.Signals(-self.exit_code).name
        except ValueError:
            return f"signal {-self.exit_code}"


@dataclass(eq=False)
class _Worker(Generic[Task]):
    process: BaseProcess
    pipe: Connection
    is_ready: bool = False
    tasks: deque[Task] = field(default_factory=deque)
    """The tasks that it was given and has not answered; it works on the first."""


class Workers(Generic[Task, Result]):
    """Worker processes that work through chunks of tasks.

    Parameters
    ----------
    count : int
        Number of processes.
    setup : callable
        Called once in every process; returns the function that a task is given to, whose result is sent back.
    stop : threading.Event, optional
        No further task is begun after it is set.
    """

    def __init__(
        self, count: int, setup: Callable[[], Callable[[Task], Result]], stop: threading.Event | None = None
    ) -> None:
        self.count, self.setup, self.stop = count, setup, stop or threading.Event()
        methods = multiprocessing.get_all_start_methods()
        self.context: Any = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            self.context.set_forkserver_preload(list(PRELOADED))
        self.workers: list[_Worker[Task]] = []
        self.deaths: Counter[Task] = Counter()
        self.deferred: deque[Task] = deque()
        """Tasks that ended a worker, to be tried once more after all others."""
        self.failed_starts = 0

    def run(self, chunks: Iterable[Sequence[Task]], *, at_once: bool = False) -> Iterator[tuple[Task, Result | Death]]:
        """Work through the chunks.

        Parameters
        ----------
        chunks : iterable of sequence
            Each is worked through by one process, in order; it is drawn when a process is free.
        at_once : bool
            Start all processes before the first chunk is drawn, which may be long in coming.

        Yields
        ------
        task, result
            As they come; `Death` for a task that ended `MAX_DEATHS` workers.

        Raises
        ------
        WorkerError
            When no worker can be started.
        CorInpaintError
            What `setup` raised.
        """
        waiting = iter(chunks)
        try:
            while len(self.workers) < self.count and at_once:
                self._started()
            while self._hand_out(waiting):
                busy = [worker for worker in self.workers if worker.tasks or not worker.is_ready]
                ready = connection.wait([worker.pipe for worker in busy])
                for worker in busy:
                    if worker.pipe in ready:
                        yield from self._received(worker)
        finally:
            self._end()

    def _hand_out(self, waiting: Iterator[Sequence[Task]]) -> bool:
        """Give every free worker a chunk, and start workers while there are chunks for them; False at the end."""
        while not self.stop.is_set():
            free = next((worker for worker in self.workers if not worker.tasks), None)
            if free is None and len(self.workers) >= self.count:
                break
            chunk = self._next(waiting)
            if not chunk:
                break
            worker = free or self._started()
            worker.tasks.extend(chunk)
            if worker.is_ready:
                self._send(worker)
        return any(worker.tasks for worker in self.workers)

    def _next(self, waiting: Iterator[Sequence[Task]]) -> Sequence[Task]:
        chunk: Sequence[Task] = next(waiting, ())
        if not chunk and self.deferred:
            return (self.deferred.popleft(),)
        return chunk

    def _started(self) -> _Worker[Task]:
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=_serve, args=(theirs, self.setup), daemon=True)
        process.start()
        theirs.close()  # so that the end of the process ends the pipe
        worker: _Worker[Task] = _Worker(process, ours)
        self.workers.append(worker)
        return worker

    def _send(self, worker: _Worker[Task]) -> None:
        """Hand a worker its next task; that it is dead shows when its pipe is read."""
        if self.stop.is_set():
            worker.tasks.clear()
        if worker.tasks:
            try:
                worker.pipe.send(worker.tasks[0])
            except OSError:
                return

    def _received(self, worker: _Worker[Task]) -> Iterator[tuple[Task, Result | Death]]:
        """Take what a worker has sent, or its end."""
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self._died(worker)
            return
        if not worker.is_ready:
            if isinstance(message, Exception):
                raise message
            worker.is_ready, self.failed_starts = True, 0
        else:
            yield worker.tasks.popleft(), message
        self._send(worker)

    def _died(self, worker: _Worker[Task]) -> Iterator[tuple[Task, Death]]:
        """Replace a worker; the task in hand is deferred or given up, the rest of its chunk goes to another."""
        self.workers.remove(worker)
        worker.pipe.close()
        worker.process.join()
        death, rest = Death(worker.process.exitcode or 0), worker.tasks
        if not worker.is_ready:
            self.failed_starts += 1
            if self.failed_starts >= MAX_FAILED_STARTS:
                raise WorkerError(
                    f"{self.failed_starts} worker processes ended before they were ready ({death.cause})",
                    "use fewer processes (-j), or -j 1 to see why",
                )
        elif rest:
            task = rest.popleft()
            self.deaths[task] += 1
            if self.deaths[task] < MAX_DEATHS:
                self.deferred.append(task)
            else:
                yield task, death
        if rest and not self.stop.is_set():
            self._started().tasks.extend(rest)

    def _end(self) -> None:
        """End the workers: idle ones at once, others after the task in hand, and those that hang by force."""
        for worker in self.workers:
            worker.pipe.close()
        for worker in self.workers:
            worker.process.join(SECONDS_TO_END)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.process.close()
        self.workers.clear()


def _serve(pipe: Connection, setup: Callable[[], Callable[[Task], Result]]) -> None:
    """What a worker process does: answer tasks until the parent closes the pipe or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its workers
    try:
        work = setup()
    except Exception as error:
        pipe.send(error)
        return
    try:
        pipe.send(None)
        while True:
            pipe.send(work(pipe.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
