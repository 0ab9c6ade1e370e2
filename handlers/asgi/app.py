"""The HTTP interface: TorchServe's predictions, the Open Inference Protocol, and metrics.

The event loop reads requests, checks the key, and writes answers; it decodes nothing. A request waits in the queue of
the pool, a worker process decodes and answers it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from corinpaint.client.errors import printable
from corinpaint.handlers.asgi import open_inference
from corinpaint.handlers.asgi.connections import error_body
from corinpaint.handlers.asgi.metrics import REQUESTS, Registry, Update
from corinpaint.handlers.asgi.processes.pool import Job, Pool, QueueFullError, Reply, StoppingError, WorkerDiedError
from corinpaint.handlers.asgi.tokens import Keys
from corinpaint.lasco.version import __version__

access = logging.getLogger("corinpaint.access")

JSON = "application/json"

MAX_BODY_BYTES = 41943040
"""Maximum number of bytes of a request, as max_request_size of serve_config/config.properties."""

MAX_READING = 32
"""Maximum number of requests whose bodies are being read: what they may hold in memory is bounded by it."""

BODY_SECONDS = 60.0
"""Maximum time from the headers of a request to the end of its body."""

PIECE_BYTES = 2**20
"""Bytes of an answer that are handed to a connection at a time."""

RETRY_SECONDS = 1
"""What a client is asked to wait when the queue is full."""

NO_CACHE = {
    "Pragma": "no-cache",
    "Cache-Control": "no-cache; no-store, must-revalidate, private",
    "Expires": "Thu, 01 Jan 1970 00:00:00 UTC",
}
"""Headers of every answer, those of TorchServe."""

TOKEN_MESSAGE = "Token Authorization failed. Token either incorrect, expired, or not provided correctly"


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
            raise RefusedError(400, "InvalidKeyException", TOKEN_MESSAGE)

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


def application(endpoint: Endpoint, lifespan: Callable[[Any], Any] | None = None) -> Starlette:
    """The application of the inference address.

    Parameters
    ----------
    endpoint : Endpoint
    lifespan : callable, optional
        What begins and ends with the server.

    Returns
    -------
    Starlette
    """

    async def predict(request: Request) -> Response:
        endpoint.check_key(request)
        endpoint.check_model(request)
        return response(await endpoint.ask("predict", request, await endpoint.body(request)))

    async def infer(request: Request) -> Response:
        endpoint.check_key(request)
        endpoint.check_model(request)
        return response(await endpoint.ask("infer", request, await endpoint.body(request)))

    async def ping(request: Request) -> Response:
        endpoint.check_key(request)
        status = "Healthy" if endpoint.pool.is_ready else "Unhealthy"
        return _json({"status": status}, 200 if endpoint.pool.is_ready else 503, indent=2)

    async def live(_request: Request) -> Response:
        return _json({"live": True})

    async def ready(_request: Request) -> Response:
        return _json({"ready": endpoint.pool.is_ready}, 200 if endpoint.pool.is_ready else 503)

    async def model_ready(request: Request) -> Response:
        endpoint.check_model(request)
        is_ready = endpoint.pool.is_ready
        return _json({"name": endpoint.model, "ready": is_ready}, 200 if is_ready else 503)

    async def server_metadata(request: Request) -> Response:
        endpoint.check_key(request)
        return _json({"name": "corinpaint", "version": __version__, "extensions": open_inference.EXTENSIONS})

    async def model_metadata(request: Request) -> Response:
        endpoint.check_key(request)
        endpoint.check_model(request)
        return _json(open_inference.metadata(endpoint.model, endpoint.version))

    model, versioned = "/v2/models/{model}", "/v2/models/{model}/versions/{version}"
    routes = [
        Route("/ping", ping, methods=["GET"]),
        Route("/predictions/{model}", predict, methods=["GET", "POST", "PUT"]),
        Route("/predictions/{model}/{version}", predict, methods=["GET", "POST", "PUT"]),
        Route("/v2", server_metadata, methods=["GET"]),
        Route("/v2/health/live", live, methods=["GET"]),
        Route("/v2/health/ready", ready, methods=["GET"]),
    ]
    for path in (model, versioned):
        routes += [
            Route(path, model_metadata, methods=["GET"]),
            Route(f"{path}/ready", model_ready, methods=["GET"]),
            Route(f"{path}/infer", infer, methods=["POST"]),
        ]
    made = Starlette(routes=routes, lifespan=lifespan, exception_handlers=ERRORS)
    made.router.redirect_slashes = False
    made.add_middleware(Access)
    return made


def metrics_application(registry: Registry) -> Starlette:
    """The application of the address of metrics, which needs no key.

    Parameters
    ----------
    registry : Registry

    Returns
    -------
    Starlette
    """

    async def metrics(_request: Request) -> Response:
        return Response(registry.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    made = Starlette(routes=[Route("/metrics", metrics, methods=["GET"])], exception_handlers=ERRORS)
    made.router.redirect_slashes = False
    return made


def response(reply: Reply) -> Response:
    """The answer of a worker as an HTTP response, in pieces, so that no connection holds it twice.

    Parameters
    ----------
    reply : Reply

    Returns
    -------
    Response
    """
    headers = {**reply.headers, **NO_CACHE, "content-length": str(len(reply.body))}
    return StreamingResponse(_pieces(memoryview(reply.body)), reply.status, headers)


async def _pieces(body: memoryview) -> AsyncIterator[memoryview]:
    for start in range(0, len(body), PIECE_BYTES):
        yield body[start : start + PIECE_BYTES]


def _json(value: Any, status: int = 200, indent: int | None = None) -> Response:
    return Response(json.dumps(value, indent=indent) + "\n" * bool(indent), status, media_type=JSON, headers=NO_CACHE)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    body = error_body(error.status, error.kind, error.message) if error.message else b""
    headers = NO_CACHE | ({"Retry-After": str(error.retry_after)} if error.retry_after else {})
    return Response(body, error.status, headers, JSON if body else None)


async def _not_routed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        kind, message = "MethodNotAllowedException", "Requested method is not allowed, please refer to API document."
    else:
        kind, message = "ResourceNotFoundException", "Requested resource is not found, please refer to API document."
    return Response(error_body(error.status_code, kind, message), error.status_code, NO_CACHE, JSON)


async def _left(_request: Request, _error: Exception) -> Response:
    return Response(status_code=499)


ERRORS: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    RefusedError: _refused,
    HTTPException: _not_routed,
    ClientDisconnect: _left,
}
"""What exceptions are answered with."""


class Access:
    """Gives every request an id, which its answer has too, and logs it in one line when it is answered.

    Parameters
    ----------
    app : ASGI application
    """

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, start, told = str(uuid.uuid4()), time.monotonic(), _Told()
        scope.setdefault("state", {})["request_id"] = request_id

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                told.status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            elif message["type"] == "http.response.body":
                told.size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, with_id)
        finally:
            client = scope.get("client") or ("-", 0)
            took = 1000 * (time.monotonic() - start)
            access.info(
                "request %s: %s %s %s: %d, %d bytes, %.0f ms",
                request_id,
                client[0],
                printable(str(scope["method"]), 16),
                printable(str(scope["path"]), 200),
                told.status,
                told.size,
                took,
            )


@dataclass
class _Told:
    status: int = 0
    size: int = 0
