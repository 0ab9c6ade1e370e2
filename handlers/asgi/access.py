"""Ids of requests, and a line in the log for each that is answered."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from corinpaint.client.errors import printable
from corinpaint.handlers.asgi.connections import MAX_HEADER_BYTES, error_body

access = logging.getLogger("corinpaint.access")

NO_CACHE = {
    "Pragma": "no-cache",
    "Cache-Control": "no-cache; no-store, must-revalidate, private",
    "Expires": "Thu, 01 Jan 1970 00:00:00 UTC",
}
"""Headers of every answer, those of TorchServe."""

HEADERS_TOO_LARGE = Response(
    error_body(431, "BadRequestException", "The headers of the request are too large."),
    431,
    NO_CACHE | {"Connection": "close"},
    "application/json",
)
"""The answer to headers that came in one piece, which no limit of the connection has stopped."""


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
            if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
                await HEADERS_TOO_LARGE(scope, receive, with_id)
            else:
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
