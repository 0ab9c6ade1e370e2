"""The worker processes under supervision, and the queue before them.

Every worker has a thread of the server, which starts it, hands it one request at a time, and starts another when it
ends. A worker that dies, or does not answer in time, costs the request in hand and no other.
"""

from __future__ import annotations

import contextlib
import logging
import os
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

from corinpaint.handlers.asgi import wire
from corinpaint.handlers.asgi.metrics import Declaration, Registry, Update
from corinpaint.handlers.asgi.unpack import Archive
from corinpaint.lasco.errors import CorInpaintError

logger = logging.getLogger(__name__)

MODULE = "corinpaint.handlers.asgi.worker"
"""What a worker process runs; from the archive."""

IDLE_CHECK_SECONDS = 0.2
"""How often it is checked that an idle worker lives."""

STOP_SECONDS = 5.0
"""How long an idle worker may take to end."""

MAX_PAUSE_SECONDS = 30.0
"""Longest pause before a worker is started again that did not become ready."""


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
    """A request for a worker; see `corinpaint.handlers.asgi.worker.Worker.answer`."""

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


@dataclass(eq=False)
class _Process:
    child: subprocess.Popen[bytes]
    peer: socket.socket

    def end(self, seconds: float) -> int:
        """End it by closing its socket, by force after `seconds`; its exit status."""
        self.peer.close()
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return self.child.wait()


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
        What a worker process runs, before the number of its socket.
    """

    def __init__(
        self,
        archive: Archive,
        limits: Limits,
        registry: Registry,
        command: Iterable[str] = (sys.executable, "-m", MODULE),
    ) -> None:
        self.archive, self.limits, self._registry, self._command = archive, limits, registry, list(command)
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._ready, self._busy, self._stopping, self._was_complete = 0, 0, False, False
        self._failure = ""
        self.process_ids: set[int] = set()
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
            self._kill()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(STOP_SECONDS)
        self._kill()  # those that were still starting
        return complete

    def _kill(self) -> None:
        for process_id in list(self.process_ids):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)

    def _supervise(self) -> None:
        """What the thread of a worker does: start it, have it work, and again."""
        pause = 0.5
        while not self._stopping:
            start = time.monotonic()
            try:
                process = self._started()
            except (OSError, EOFError, ServerError) as error:
                logger.error("a worker did not become ready: %s", error)
                self._failed(str(error) or type(error).__name__)
                self._pause(pause)
                pause = min(2 * pause, MAX_PAUSE_SECONDS)
                continue
            pause = 0.5
            logger.info("worker %d is ready after %.1f s", process.child.pid, time.monotonic() - start)
            self._count_ready(1)
            try:
                self._work(process)
            finally:
                self._count_ready(-1)
                self.process_ids.discard(process.child.pid)
                status = process.end(STOP_SECONDS if self._stopping else 0)
            if not self._stopping:
                logger.error("worker %d ended (%s); another is started", process.child.pid, _cause(status))
                self._registry.update([Update("corinpaint_workers_died_total", 1, (self.archive.name,))])

    def _started(self) -> _Process:
        """Start a worker and wait until it has the model."""
        ours, theirs = socket.socketpair()
        with theirs:
            child = subprocess.Popen(
                [*self._command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": str(self.archive.folder), "PYTHONSAFEPATH": "1"},
                cwd=self.archive.folder,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr.fileno() if _has_file(sys.stderr) else subprocess.DEVNULL,
                start_new_session=True,  # so that Ctrl-C does not reach it
            )
        process = _Process(child, ours)
        self.process_ids.add(child.pid)
        try:
            ours.settimeout(self.limits.startup_seconds)
            start = {
                "folder": str(self.archive.folder),
                "model": self.archive.name,
                "version": self.archive.version,
                "config": self.archive.config,
            }
            wire.send(ours, start)
            told, _ = wire.receive(ours)
            if told.get("protocol") != wire.PROTOCOL:
                raise ServerError(told.get("failed", "the archive is of another version"), "make the archive again")
            self._registry.declare(Declaration(*one) for one in told["metrics"])
        except BaseException as error:
            self.process_ids.discard(child.pid)
            status = process.end(0 if isinstance(error, TimeoutError) else STOP_SECONDS)
            if isinstance(error, EOFError):
                raise EOFError(f"it ended while starting ({_cause(status)})") from error
            raise
        ours.settimeout(self.limits.response_seconds)
        return process

    def _work(self, process: _Process) -> None:
        """Hand a worker one request after the other, until it is gone or the pool is closed."""
        while True:
            waiting = self._next(process)
            if waiting is None:
                return
            start = time.monotonic()
            try:
                wire.send(process.peer, waiting.job.header, waiting.job.body)
                told, body = wire.receive(process.peer)
            except (OSError, EOFError, ValueError) as error:
                timed_out = isinstance(error, TimeoutError)
                cause = f"no answer within {self.limits.response_seconds:g} s" if timed_out else "the worker died"
                request_id = waiting.job.header.get("request_id")
                logger.error("request %s: %s", request_id, cause)
                self._done(Update("corinpaint_frames_total", 1, (self.archive.name, "worker_died")))
                waiting.future.set_exception(WorkerDiedError(cause))
                return
            self._done(*(Update(*one) for one in told["metrics"]))
            waiting.future.set_result(Reply(told["status"], told["headers"], body, start - waiting.since))

    def _next(self, process: _Process) -> _Waiting | None:
        """The next request; None when the worker is gone or has nothing more to do."""
        with self._changed:
            while True:
                if process.child.poll() is not None:
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

    def _count_ready(self, change: int) -> None:
        with self._changed:
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


def _cause(status: int) -> str:
    """An exit status in words."""
    try:
        return signal.Signals(-status).name if status < 0 else f"exit status {status}"
    except ValueError:
        return f"signal {-status}"


def _has_file(stream: Any) -> bool:
    try:
        return stream.fileno() >= 0
    except (AttributeError, OSError, ValueError):
        return False
