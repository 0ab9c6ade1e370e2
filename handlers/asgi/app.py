"""The HTTP interface: TorchServe's predictions, the Open Inference Protocol, and metrics.

The event loop reads requests, checks the key, and writes answers; it decodes nothing. A request waits in the queue of
the pool, a worker process decodes and answers it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from corinpaint.handlers.asgi import open_inference
from corinpaint.handlers.asgi.access import NO_CACHE, Access
from corinpaint.handlers.asgi.connections import error_body
from corinpaint.handlers.asgi.endpoint import Endpoint, RefusedError
from corinpaint.handlers.asgi.metrics import Registry
from corinpaint.handlers.asgi.processes.jobs import Reply
from corinpaint.lasco.version import __version__

JSON = "application/json"

PIECE_BYTES = 2**20
"""Bytes of an answer that are handed to a connection at a time."""


def application(endpoint: Endpoint) -> Starlette:
    """The application of the inference address.

    Parameters
    ----------
    endpoint : Endpoint

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
    made = Starlette(routes=routes, exception_handlers=ERRORS)
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
