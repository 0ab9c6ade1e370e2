"""Connections of hostile clients, over real sockets: slow, half-open, pipelined, malformed, too many."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

import pytest

from corinpaint.handlers.asgi import connections, endpoint, server

READY = b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /predictions/corinpaint HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture
def connect(stub_pool, monkeypatch):
    """Opens connections to a server with short limits."""
    monkeypatch.setattr(connections.GuardedProtocol, "header_seconds", 0.3)
    monkeypatch.setattr(connections.GuardedProtocol, "stall_seconds", 0.3)
    monkeypatch.setattr(connections.GuardedProtocol, "max_connections", 20)
    with stub_pool() as pool, contextlib.ExitStack() as stack:
        pool.start()
        pool.wait_until_ready(threading.Event())
        shared = endpoint.Endpoint(pool, pool._registry, None, body_seconds=0.3)
        listener = server._listen("127.0.0.1", 0)
        stack.enter_context(server._listening(shared, {"inference": listener}, {}))
        address = listener.getsockname()

        def open_one():
            return stack.enter_context(socket.create_connection(address, timeout=30))

        yield open_one


def everything(peer: socket.socket) -> bytes:
    """What comes until the server closes."""
    found = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while piece := peer.recv(2**20):
            found += piece
    return bytes(found)


def one_answer(peer: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        piece = peer.recv(4096)
        assert piece, found
        found += piece
    return found


@pytest.mark.parametrize("sent", [b"", b"GET /v2 HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_a_client_that_does_not_end_its_headers_is_closed(connect, sent):
    peer = connect()
    peer.sendall(sent)
    assert everything(peer) == b""


def test_a_byte_now_and_then_does_not_prolong_the_time_for_headers(connect):
    peer = connect()
    pause = threading.Event()

    def send_slowly():
        for byte in b"GET /v2 HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"a" * 1000:
            peer.sendall(bytes([byte]))
            pause.wait(0.05)

    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        send_slowly()


def test_the_time_for_headers_holds_for_every_request_of_a_connection(connect):
    peer = connect()
    peer.sendall(READY)
    assert b"200 OK" in one_answer(peer)
    peer.sendall(READY[:20])
    assert b"HTTP" not in everything(peer)


def test_a_body_that_does_not_come_is_answered_by_408(connect):
    peer = connect()
    peer.sendall(POST % 100 + b"only a part")
    assert b"408 Request Timeout" in one_answer(peer)


@pytest.mark.slow
def test_a_client_that_takes_no_data_is_closed(connect):
    peer = connect()
    size = 30 * 2**20
    peer.sendall(POST % size + bytes(size))
    pause = threading.Event()
    pause.wait(1.5)  # the buffers of the system are full, and stay so
    assert len(everything(peer)) < size


def test_pipelined_requests_are_answered_in_their_order(connect):
    peer = connect()
    peer.sendall(READY + POST % 5 + b"frame" + READY.replace(b"Host: x", b"Host: x\r\nConnection: close"))
    found = everything(peer)
    assert found.count(b"HTTP/1.1 200 OK") == 3
    assert found.index(b'"live"') < found.index(b"\r\n\r\nframe") < found.rindex(b'"live"')


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00 no HTTP\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * (2 * connections.MAX_HEADER_BYTES) + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 5000 + b"\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nhello",
    ],
    ids=["noise", "long header", "many headers", "no host", "two lengths", "negative length", "coding"],
)
def test_what_is_no_http_is_refused_in_json_and_closed(connect, sent):
    peer = connect()
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        peer.sendall(sent)
    found = everything(peer)
    refused = found.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 ")) and b'"type": "BadRequestException"' in found
    assert refused or not found  # a client that goes on sending may lose the answer
    again = connect()
    again.sendall(READY)
    assert b"200 OK" in one_answer(again)


def test_further_connections_than_may_be_are_closed_at_once(connect):
    peers = [connect() for _ in range(25)]
    closed = 0
    for peer in peers[20:]:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            peer.sendall(READY)
        closed += everything(peer) == b""
    assert closed == 5


def test_a_client_that_leaves_in_the_middle_harms_nobody(connect):
    for sent in (READY[:10], POST % 100 + b"part", POST % 5 + b"frame"):
        peer = connect()
        peer.sendall(sent)
        peer.close()
    again = connect()
    again.sendall(READY)
    assert b"200 OK" in one_answer(again)


def test_plain_http_to_a_port_of_tls_is_no_answer(connect):
    peer = connect()
    with pytest.raises((ssl.SSLError, OSError)):
        ssl.create_default_context().wrap_socket(peer, server_hostname="localhost")
