"""Answers that never end by themselves, and clients who do not want them any more."""

from __future__ import annotations

import socket
import threading
import time

import endpoint
import pytest

from corinpaint.client import Client
from corinpaint.client.errors import ClientError, UnreachableError
from corinpaint.client.interruptible import InterruptibleAdapter
from corinpaint.lasco.errors import CorInpaintError

FRAME = endpoint.small_frame()

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/fits\r\n"


@pytest.fixture
def dripping():
    """Starts servers that begin with some bytes, and send more of them one by one as long as one listens."""
    opened, over = [], threading.Event()

    def drip(listener, start, drop):
        line, _ = listener.accept()
        with line:
            line.recv(2**20)
            try:
                line.sendall(start)
                while not over.wait(0.1):
                    line.sendall(drop)
            except OSError:
                return

    def serve(start, drop):
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=drip, args=(listener, start, drop), daemon=True)
        thread.start()
        opened.append((listener, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    over.set()
    for listener, thread in opened:
        thread.join(5)
        listener.close()


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (HEAD + b"Content-Length: 9466560\r\n\r\n", b"S"),
        (HEAD + b"Connection: close\r\n\r\n", b"S"),
        (HEAD + b"X-Long: ", b"x"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_an_answer_that_drips_ends_at_the_time_out(dripping, start, drop):
    begin = time.monotonic()
    with (
        Client(dripping(start, drop), timeout=0.5, retries=0) as client,
        pytest.raises(UnreachableError, match=r"no answer within 0\.5 s"),
    ):
        client.restore(FRAME)
    assert time.monotonic() - begin < 3


def test_closing_a_client_ends_what_waits_in_another_thread(dripping):
    client, caught = Client(dripping(HEAD + b"X-Long: ", b"x"), timeout=60), []

    def ask():
        try:
            client.restore(FRAME)
        except CorInpaintError as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.3)
    client.close()
    thread.join(5)
    assert not thread.is_alive()
    assert isinstance(caught[0], ClientError)


def test_what_is_wrong_within_the_time_is_raised_as_it_is():
    with (
        pytest.raises(ValueError, match="as it is"),
        InterruptibleAdapter().interrupt_at(time.monotonic() + 60, threading.Event()),
    ):
        raise ValueError("as it is")
