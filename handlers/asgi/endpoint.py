"""What the routes share: the key, the model, bodies within limits, and asking a worker."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from corinpaint.handlers.asgi.metrics import REQUESTS, Registry, Update
from corinpaint.handlers.asgi.processes.jobs import Job, QueueFullError, Reply, StoppingError, WorkerDiedError
from corinpaint.handlers.asgi.processes.pool import Pool
from corinpaint.handlers.asgi.tokens import WRONG_KEY, Keys

MAX_BODY_BYTES = 41943040
"""Maximum number of bytes of a request, as max_request_size of serve_config/config.properties."""

MAX_READING = 32
"""Maximum number of requests whose bodies are being read: what they may hold in memory is bounded by it."""

BODY_SECONDS = 60.0
"""Maximum time from the headers of a request to the end of its body."""

RETRY_SECONDS = 1
"""What a client is asked to wait when the queue is full."""


class RefusedError(Exception):
    """The server itself refuses a request.

    Parameters
    ----------
    status : int
    kind : str
        TorchServe's name of the error.
    message : str
        Empty for an answer without a body.
    retry_after : int
        Seconds; 0 for no such header.
    """

    def __init__(self, status: int, kind: str, message: str, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.retry_after = status, kind, message, retry_after


@dataclass(eq=False)
class Endpoint:
    """What the routes share.

    Attributes
    ----------
    pool : Pool
    registry : Registry
    keys : Keys or None
        None where requests need no key.
    max_body_bytes, max_reading : int
    body_seconds : float
    """

    pool: Pool
    registry: Registry
    keys: Keys | None
    max_body_bytes: int = MAX_BODY_BYTES
    max_reading: int = MAX_READING
    body_seconds: float = BODY_SECONDS
    reading: int = 0

    @property
    def model(self) -> str:
        """Name of the model."""
        return self.pool.archive.name

    @property
    def version(self) -> str:
        """Version of the model."""
        return self.pool.archive.version

    def check_key(self, request: Request) -> None:
        """Refuse a request without a valid key."""
        if self.keys is not None and not self.keys.accepts(request.headers.get("authorization")):
            raise RefusedError(400, "InvalidKeyException", WRONG_KEY)

    def check_model(self, request: Request) -> None:
        """Refuse a request for another model or version."""
        model, version = request.path_params["model"], request.path_params.get("version", "")
        if model != self.model:
            raise RefusedError(404, "ModelNotFoundException", f"Model not found: {model}")
        if version not in ("", self.version):
            message = f"Model version: {version} does not exist for model: {model}"
            raise RefusedError(404, "ModelVersionNotFoundException", message)

    async def body(self, request: Request) -> bytes:
        """The body of a request, within the limits of size and time."""
        if self.reading >= self.max_reading:
            raise self.full()
        self.reading += 1
        try:
            async with asyncio.timeout(self.body_seconds):
                return await self._read(request)
        except TimeoutError as error:
            message = f"The request was not complete after {self.body_seconds:g} s."
            raise RefusedError(408, "RequestTimeoutException", message) from error
        finally:
            self.reading -= 1

    async def _read(self, request: Request) -> bytes:
        pieces: list[bytes] = []
        size = 0
        async for piece in request.stream():
            size += len(piece)
            if size > self.max_body_bytes:
                pieces.clear()  # the rest is read and dropped, so that the client is there for the answer
                if size > 2 * self.max_body_bytes:
                    break
            else:
                pieces.append(piece)
        if size > self.max_body_bytes:
            raise RefusedError(413, "RequestEntityTooLargeException", "")
        return b"".join(pieces)

    async def ask(self, kind: str, request: Request, body: bytes) -> Reply:
        """Have a worker answer a request; the client's leaving takes it out of the queue."""
        header = {"kind": kind, "headers": headers_of(request), "request_id": request.state.request_id}
        self.registry.update([Update(REQUESTS, 1, (self.model, "default"))])
        try:
            future = self.pool.submit(Job(header, body))
        except QueueFullError:
            raise self.full() from None
        except StoppingError:
            raise self.stopping() from None
        answered: asyncio.Future[Any] = asyncio.wrap_future(future)
        left: asyncio.Future[Any] = asyncio.create_task(_disconnected(request.receive))
        try:
            await asyncio.wait({answered, left}, return_when=asyncio.FIRST_COMPLETED)
            if not answered.done():
                raise ClientDisconnect
            reply: Reply = answered.result()
            return reply
        except WorkerDiedError as error:
            raise RefusedError(500, "InternalServerException", f"Worker died: {error}.") from error
        except StoppingError:
            raise self.stopping() from None
        finally:
            answered.cancel()
            left.cancel()

    def full(self) -> RefusedError:
        """The error for a queue that is full."""
        self.registry.update([Update("corinpaint_requests_refused_total", 1, (self.model, "full"))])
        message = (
            f'Model "{self.model}" has no worker to serve inference request. '
            "Please use scale workers API to add workers."
        )
        return RefusedError(503, "ServiceUnavailableException", message, RETRY_SECONDS)

    def stopping(self) -> RefusedError:
        """The error of a server that stops."""
        return RefusedError(503, "ServiceUnavailableException", "The server is being stopped.", RETRY_SECONDS)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


def headers_of(request: Request) -> dict[str, str]:
    """The headers of a request that the handler may need: all but the key.

    Parameters
    ----------
    request : Request

    Returns
    -------
    dict of str to str
    """
    return {name: value for name, value in request.headers.items() if name not in ("authorization", "cookie")}
