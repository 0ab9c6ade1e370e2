"""Messages between the server and a worker process: a header as JSON, and a body, over a socket of the same machine."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

PROTOCOL = 1
"""Version of these messages; server and archive must have the same."""

_LENGTHS = struct.Struct("!IQ")

MAX_HEADER_BYTES = 2**20
MAX_BODY_BYTES = 2**28
"""More than any request or product has: larger lengths are those of a stream that is out of step."""


def send(peer: socket.socket, header: Mapping[str, Any], body: bytes | bytearray | memoryview = b"") -> None:
    """Send a message.

    Parameters
    ----------
    peer : socket.socket
    header : mapping of str to object
        For JSON.
    body : bytes-like

    Raises
    ------
    OSError
        When the other side is gone, or takes longer than the socket's timeout.
    """
    encoded, content = json.dumps(header).encode(), memoryview(body)
    peer.sendall(_LENGTHS.pack(len(encoded), content.nbytes) + encoded)
    peer.sendall(content)


def receive(peer: socket.socket) -> tuple[dict[str, Any], bytearray]:
    """Receive a message.

    Parameters
    ----------
    peer : socket.socket

    Returns
    -------
    header : dict
    body : bytearray

    Raises
    ------
    EOFError
        When the other side is gone.
    OSError
        When it takes longer than the socket's timeout, or the lengths are impossible.
    """
    header_length, body_length = _LENGTHS.unpack(_exactly(peer, _LENGTHS.size))
    if header_length > MAX_HEADER_BYTES or body_length > MAX_BODY_BYTES:
        raise OSError(f"a message of {header_length} and {body_length} bytes")
    header: dict[str, Any] = json.loads(_exactly(peer, header_length))
    return header, _exactly(peer, body_length)


def _exactly(peer: socket.socket, length: int) -> bytearray:
    content = bytearray(length)
    view = memoryview(content)
    while view:
        received = peer.recv_into(view)
        if not received:
            raise EOFError("the other side has closed the connection")
        view = view[received:]
    return content
