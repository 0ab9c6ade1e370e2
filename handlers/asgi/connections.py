"""Connections over HTTP with limits of time: what uvicorn leaves to a proxy in front of it.

A client that sends its headers slowly, takes no data, or opens connections without end holds nothing but a socket, and
that only for a while. Malformed requests get an error in JSON.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0
"""Maximum time from the first connection, or the first byte of a request, to the end of its headers."""

STALL_SECONDS = 30.0
"""Maximum time during which a client takes no data of an answer."""

MAX_CONNECTIONS = 512
"""Maximum number of open connections; further ones are closed at once."""

MAX_HEADER_BYTES = 16384
"""Maximum number of bytes of the headers of a request."""


class GuardedProtocol(H11Protocol):
    """A connection with limits of time."""

    header_seconds: ClassVar[float] = HEADER_SECONDS
    stall_seconds: ClassVar[float] = STALL_SECONDS
    max_connections: ClassVar[int] = MAX_CONNECTIONS

    _header_timer: asyncio.TimerHandle | None = None
    _stall_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin the time for headers."""
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            transport.abort()
            return
        self._guard_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """End every limit of time."""
        _cancel(self._header_timer)
        _cancel(self._stall_timer)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take data; the time for headers ends when they are complete, not when a byte comes."""
        super().data_received(data)
        if not self.transport.is_closing():
            self._guard_headers()

    def _guard_headers(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            _cancel(self._header_timer)
            self._header_timer = None
        elif self._header_timer is None:
            self._header_timer = self.loop.call_later(self.header_seconds, self.transport.abort)

    def on_response_complete(self) -> None:
        """Wait for the next request, whose headers may have begun."""
        super().on_response_complete()
        if not self.transport.is_closing() and self.conn.trailing_data[0]:
            self._guard_headers()

    def pause_writing(self) -> None:
        """Begin the time in which a client has to take data."""
        super().pause_writing()
        _cancel(self._stall_timer)
        self._stall_timer = self.loop.call_later(self.stall_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """End that time."""
        _cancel(self._stall_timer)
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Answer what is no HTTP as TorchServe does."""
        body = error_body(400, "BadRequestException", "Invalid HTTP message.")
        headers: Any = [
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("connection", "close"),
        ]
        try:
            output = self.conn.send(h11.Response(status_code=400, headers=headers, reason=b"Bad Request"))
            self.transport.write(output + (self.conn.send(h11.Data(data=body)) or b""))
            self.conn.send(h11.EndOfMessage())
        except h11.LocalProtocolError:  # an answer was under way
            self.transport.abort()
            return
        self.transport.close()


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


def error_body(status: int, kind: str, message: str) -> bytes:
    """An error of the server itself, in the form of those of TorchServe's front end.

    Parameters
    ----------
    status : int
    kind : str
        TorchServe's name of the error.
    message : str

    Returns
    -------
    bytes
    """
    return json.dumps({"code": status, "type": kind, "message": message}, indent=2).encode() + b"\n"
