"""Messages between server and worker."""

from __future__ import annotations

import socket
import struct
import threading

import pytest

from corinpaint.handlers.asgi.processes import wire


@pytest.fixture
def pair():
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def test_a_message_arrives_as_it_was_sent(pair):
    left, right = pair
    body = bytes(range(256)) * 20_000
    thread = threading.Thread(target=wire.send, args=(left, {"a": "ä"}, body))
    thread.start()
    header, received = wire.receive(right)
    thread.join()
    assert (header, bytes(received)) == ({"a": "ä"}, body)


@pytest.mark.parametrize("sent", [b"", b"\x00" * 5, struct.pack("!IQ", 2, 5) + b"{}abc"])
def test_an_end_in_between_is_the_end_of_the_other_side(pair, sent):
    left, right = pair
    left.sendall(sent)
    left.close()
    with pytest.raises(EOFError):
        wire.receive(right)


def test_a_stream_out_of_step_takes_no_memory(pair):
    left, right = pair
    left.sendall(b"\xff" * 12)
    with pytest.raises(OSError, match="bytes"):
        wire.receive(right)
