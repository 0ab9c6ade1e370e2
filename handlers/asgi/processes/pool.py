"""The worker processes under supervision, and the queue before them.

Every worker has a thread of the server, which starts it, hands it one request at a time, and starts another when it
ends. A worker that dies, or does not answer in time, costs the request in hand and no other.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field

from corinpaint.handlers.asgi.metrics import FRAMES, Registry, Update
from corinpaint.handlers.asgi.processes import wire
from corinpaint.handlers.asgi.processes.jobs import (
    Job,
    Limits,
    QueueFullError,
    Reply,
    StoppingError,
    WorkerDiedError,
)
from corinpaint.handlers.asgi.processes.starter import MODULE, STOP_SECONDS, ServerError, Template, WorkerProcess
from corinpaint.handlers.asgi.processes.unpack import Archive

logger = logging.getLogger(__name__)

IDLE_CHECK_SECONDS = 0.2
"""How often it is checked that an idle worker lives."""

FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.5, 30.0
"""Pauses, from the first to the longest, before a worker is started again that did not become ready."""


@dataclass(eq=False)
class _Waiting:
    job: Job
    future: Future[Reply] = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)
    returned: bool = False
    """Whether a worker died before it had taken the request."""


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
        self._template = Template(archive, list(command), limits.startup_seconds)
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._ready, self._busy, self._stopping, self._was_complete = 0, 0, False, False
        self._failure = ""
        self.workers: set[WorkerProcess] = set()
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
                if waiting.returned or waiting.future.set_running_or_notify_cancel():
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

    def _work(self, worker: WorkerProcess) -> None:
        """Hand a worker one request after the other, until it is gone or the pool is closed."""
        while (waiting := self._next(worker)) is not None:
            start = time.monotonic()
            try:
                if not self._handed_over(worker, waiting):
                    return
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

    def _handed_over(self, worker: WorkerProcess, waiting: _Waiting) -> bool:
        """Whether a worker has taken a request; one that died before keeps its place in the queue."""
        try:
            wire.send(worker.peer, waiting.job.header, waiting.job.body)
            if "taken" not in wire.receive(worker.peer)[0]:
                raise OSError("the worker is out of step")
        except (OSError, EOFError) as error:
            if isinstance(error, TimeoutError) or waiting.returned:
                raise
            waiting.returned = True
            with self._changed:
                self._busy -= 1
                self._waiting.appendleft(waiting)
                self._changed.notify_all()
            return False
        return True

    def _next(self, worker: WorkerProcess) -> _Waiting | None:
        """The next request; None when the worker is gone or has nothing more to do."""
        with self._changed:
            while True:
                if worker.is_gone():
                    return None
                while self._waiting:
                    waiting = self._waiting.popleft()
                    if waiting.returned or waiting.future.set_running_or_notify_cancel():
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

    def _count_ready(self, change: int, worker: WorkerProcess) -> None:
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
