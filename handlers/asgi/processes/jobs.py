"""What the pool takes and gives: requests, answers, limits, and what can go wrong between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
