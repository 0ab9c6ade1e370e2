"""The worker processes under supervision, and the queue before them.

Every worker has a thread of the server, which starts it, hands it one request at a time, and starts another when it
ends. A worker that dies, or does not answer in time, costs the request in hand and no other.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from corinpaint.handlers.asgi.metrics import FRAMES, Declaration, Registry, Update
from corinpaint.handlers.asgi.processes import wire
from corinpaint.handlers.asgi.processes.unpack import Archive
from corinpaint.lasco.errors import CorInpaintError

logger = logging.getLogger(__name__)

MODULE = "corinpaint.handlers.asgi.processes.template"
"""What the process runs that workers are forked from; from the archive."""

IDLE_CHECK_SECONDS = 0.2
"""How often it is checked that an idle worker lives."""

STOP_SECONDS = 5.0
"""How long an idle worker may take to end."""

FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.5, 30.0
"""Pauses, from the first to the longest, before a worker is started again that did not become ready."""


class ServerError(CorInpaintError):
    """The server does not start."""

    code = "server"


class QueueFullError(Exception):
    """As many requests wait as may."""


class StoppingError(Exception):
    """The server takes no further requests."""


class WorkerDiedError(Exception):
    """The worker ended, or did not answer in time, while it had the request."""


@dataclass(frozen=True)
class Job:
    """A request for a worker; see `corinpaint.handlers.asgi.processes.worker.Worker.answer`."""

    header: Mapping[str, Any]
    body: bytes | bytearray | memoryview


@dataclass(frozen=True)
class Reply:
    """What a worker answered.

    Attributes
    ----------
    status : int
        HTTP status.
    headers : mapping of str to str
    body : bytearray
    waited : float
        Seconds in the queue.
    """

    status: int
    headers: Mapping[str, str]
    body: bytearray
    waited: float


@dataclass(frozen=True)
class Limits:
    """Limits of a pool.

    Attributes
    ----------
    workers : int
        Number of processes.
    waiting : int
        Maximum number of requests that wait for a worker.
    response_seconds : float
        Time without an answer after which a worker is killed.
    startup_seconds : float
        Maximum time until a worker is ready.
    """

    workers: int = 2
    waiting: int = 16
    response_seconds: float = 120.0
    startup_seconds: float = 120.0


@dataclass(frozen=True, eq=False)
class _Worker:
    """A worker process that has the model."""

    process_id: int
    peer: socket.socket

    def is_gone(self) -> bool:
        """Whether the process has ended, or sends what nobody asked for."""
        return bool(select.select([self.peer], [], [], 0)[0])

    def kill(self) -> None:
        """Kill a process that still holds its socket; no other has its number then."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process_id, signal.SIGKILL)


class _Template:
    """The process that workers are forked from.

    Parameters
    ----------
    archive : Archive
    command : list of str
        What it runs, before the number of its socket.
    seconds : float
        Maximum time until it, or a worker, is ready.
    """

    def __init__(self, archive: Archive, command: list[str], seconds: float) -> None:
        self._archive, self._command, self._seconds = archive, command, seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def fork(self) -> tuple[_Worker, list[Declaration]]:
        """A new worker, once it is ready, and its metrics.

        Raises
        ------
        ServerError
            When it does not become ready.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._lock:
                socket.send_fds(self._running(), [b"f"], [theirs.fileno()])
            ours.settimeout(self._seconds)
            told = _answer_of(ours)
        except BaseException:
            ours.close()
            raise
        return _Worker(told["pid"], ours), [Declaration(*one) for one in told["metrics"]]

    def end(self) -> None:
        """End it, and with it the workers that are left."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        control, child = self._control, self._child
        self._control = self._child = None
        if control is not None:
            control.close()
        if child is not None:
            try:
                child.wait(2 * STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _running(self) -> socket.socket:
        """The socket of the process, which is started where there is none."""
        if self._control is not None and self._child is not None and self._child.poll() is None:
            return self._control
        self._end()
        control, theirs = socket.socketpair()
        try:
            with theirs:
                child = subprocess.Popen(
                    [*self._command, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    env={**os.environ, "PYTHONPATH": str(self._archive.folder), "PYTHONSAFEPATH": "1"},
                    cwd=self._archive.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,  # so that Ctrl-C does not reach it
                )
            self._child, self._control = child, control
            control.settimeout(self._seconds)
            archive = self._archive
            start = {"folder": str(archive.folder), "model": archive.name, "version": archive.version}
            wire.send(control, {**start, "config": archive.config})
            _answer_of(control)
        except BaseException:
            control.close()
            self._end()
            raise
        return control


def _answer_of(peer: socket.socket) -> dict[str, Any]:
    """What a process says when it is ready; ServerError where it is not."""
    try:
        told, _ = wire.receive(peer)
    except TimeoutError as error:
        raise ServerError("it was not ready in time", "set startupTimeout in model-config.yaml") from error
    except (OSError, EOFError, ValueError) as error:
        raise ServerError("it ended while starting", "the log has more") from error
    if "failed" in told:
        raise ServerError(told["failed"], "the log has more")
    if told.get("protocol") != wire.PROTOCOL:
        what = "the archive is of another version of CorInpaint"
        raise ServerError(what, "make it again with `corinpaint export mar`")
    return told


@dataclass(eq=False)
class _Waiting:
    job: Job
    future: Future[Reply] = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)


class Pool:
    """Worker processes that serve an archive.

    Parameters
    ----------
    archive : Archive
    limits : Limits
    registry : Registry
        Takes the metrics of the workers.
    command : iterable of str
        What the process runs that workers are forked from, before the number of its socket.
    """

    def __init__(
        self,
        archive: Archive,
        limits: Limits,
        registry: Registry,
        command: Iterable[str] = (sys.executable, "-m", MODULE),
    ) -> None:
        self.archive, self.limits, self._registry = archive, limits, registry
        self._template = _Template(archive, list(command), limits.startup_seconds)
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._ready, self._busy, self._stopping, self._was_complete = 0, 0, False, False
        self._failure = ""
        self.workers: set[_Worker] = set()
        self._threads = [
            threading.Thread(target=self._supervise, name=f"worker-{index}", daemon=True)
            for index in range(limits.workers)
        ]

    def start(self) -> None:
        """Start the workers; they become ready later."""
        for thread in self._threads:
            thread.start()

    def wait_until_ready(self, stop: threading.Event) -> None:
        """Wait until every worker is ready for the first time, or `stop` is set.

        Parameters
        ----------
        stop : threading.Event

        Raises
        ------
        ServerError
            When one does not become ready.
        """
        while not stop.is_set():
            with self._changed:
                if self._failure and not self._was_complete:
                    raise ServerError(f"the model does not load: {self._failure}", "the log has more")
                if self._was_complete:
                    return
                self._changed.wait(0.1)

    @property
    def is_ready(self) -> bool:
        """Whether requests are taken and a worker has the model; at the start, whether all of them have."""
        return self._was_complete and self._ready > 0 and not self._stopping

    @property
    def pending(self) -> int:
        """Number of requests that wait or are worked on."""
        with self._changed:
            return len(self._waiting) + self._busy

    def submit(self, job: Job) -> Future[Reply]:
        """Queue a request.

        Parameters
        ----------
        job : Job

        Returns
        -------
        Future of Reply
            With `WorkerDiedError` where the worker died. Cancelling it takes the request out of the queue.

        Raises
        ------
        QueueFullError
            When as many wait as may.
        StoppingError
            When the pool is being closed.
        """
        waiting = _Waiting(job)
        with self._changed:
            if self._stopping:
                raise StoppingError
            if len(self._waiting) >= self.limits.waiting:
                self._discard_cancelled()
            if len(self._waiting) >= self.limits.waiting + self._ready - self._busy:
                raise QueueFullError
            self._waiting.append(waiting)
            self._gauges()
            self._changed.notify()
        return waiting.future

    def close(self, seconds: float) -> bool:
        """Take no further requests, answer those that are pending, and end the workers.

        Parameters
        ----------
        seconds : float
            Maximum time for the pending requests.

        Returns
        -------
        bool
            Whether all of them were answered.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            while (self._waiting or self._busy) and time.monotonic() < deadline:
                self._changed.wait(min(0.1, max(deadline - time.monotonic(), 0)))
            complete = not self._waiting and not self._busy
            for waiting in self._waiting:
                if waiting.future.set_running_or_notify_cancel():
                    waiting.future.set_exception(StoppingError())
            self._waiting.clear()
        if not complete:
            for worker in list(self.workers):
                worker.kill()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(STOP_SECONDS)
        self._template.end()
        return complete

    def _supervise(self) -> None:
        """What the thread of a worker does: start it, have it work, and again."""
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping:
            start = time.monotonic()
            try:
                worker, metrics = self._template.fork()
            except (OSError, ServerError) as error:
                logger.error("a worker did not become ready: %s", error)
                self._failed(error.what if isinstance(error, ServerError) else str(error))
                self._pause(pause)
                pause = min(2 * pause, MAX_PAUSE_SECONDS)
                continue
            pause = FIRST_PAUSE_SECONDS
            logger.info("worker %d is ready after %.1f s", worker.process_id, time.monotonic() - start)
            self._registry.declare(metrics)
            worker.peer.settimeout(self.limits.response_seconds)
            self._count_ready(1, worker)
            try:
                self._work(worker)
            finally:
                self._count_ready(-1, worker)
                worker.peer.close()
            if not self._stopping:
                logger.error("worker %d is gone; another is started", worker.process_id)
                self._registry.update([Update("corinpaint_workers_died_total", 1, (self.archive.name,))])

    def _work(self, worker: _Worker) -> None:
        """Hand a worker one request after the other, until it is gone or the pool is closed."""
        while (waiting := self._next(worker)) is not None:
            start = time.monotonic()
            try:
                wire.send(worker.peer, waiting.job.header, waiting.job.body)
                told, body = wire.receive(worker.peer)
            except (OSError, EOFError, ValueError) as error:
                cause = "the worker died"
                if isinstance(error, TimeoutError):
                    cause = f"no answer within {self.limits.response_seconds:g} s"
                    worker.kill()
                logger.error("request %s: %s", waiting.job.header.get("request_id"), cause)
                self._done(Update(FRAMES, 1, (self.archive.name, "worker_died")))
                waiting.future.set_exception(WorkerDiedError(cause))
                return
            self._done(*(Update(*one) for one in told["metrics"]))
            waiting.future.set_result(Reply(told["status"], told["headers"], body, start - waiting.since))

    def _next(self, worker: _Worker) -> _Waiting | None:
        """The next request; None when the worker is gone or has nothing more to do."""
        with self._changed:
            while True:
                if worker.is_gone():
                    return None
                while self._waiting:
                    waiting = self._waiting.popleft()
                    if waiting.future.set_running_or_notify_cancel():
                        self._busy += 1
                        self._gauges()
                        return waiting
                if self._stopping:
                    return None
                self._changed.wait(IDLE_CHECK_SECONDS)

    def _done(self, *updates: Update) -> None:
        self._registry.update(updates)
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def _discard_cancelled(self) -> None:
        kept = [waiting for waiting in self._waiting if not waiting.future.cancelled()]
        self._waiting = deque(kept)

    def _count_ready(self, change: int, worker: _Worker) -> None:
        with self._changed:
            (self.workers.add if change > 0 else self.workers.discard)(worker)
            self._ready += change
            self._was_complete = self._was_complete or self._ready == self.limits.workers
            self._gauges()
            self._changed.notify_all()

    def _failed(self, reason: str) -> None:
        with self._changed:
            self._failure = reason
            self._changed.notify_all()

    def _pause(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        with self._changed:
            while not self._stopping and time.monotonic() < deadline:
                self._changed.wait(deadline - time.monotonic())

    def _gauges(self) -> None:
        labels = (self.archive.name,)
        self._registry.update(
            [
                Update("corinpaint_workers_ready", self._ready, labels),
                Update("corinpaint_requests_waiting", len(self._waiting), labels),
            ]
        )
