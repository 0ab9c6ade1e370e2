"""Answers that never end by themselves, and clients who do not want them any more."""

from __future__ import annotations

import gc
import shutil
import socket
import ssl
import subprocess
import threading
import time
import warnings

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

    def drip(listener, start, drop, tls):
        connection, _ = listener.accept()
        if tls is not None:
            connection = tls.wrap_socket(connection, server_side=True)
        with connection:
            connection.recv(2**20)
            try:
                connection.sendall(start)
                while not over.wait(0.1):
                    connection.sendall(drop)
            except OSError:
                return

    def serve(start, drop, tls=None):
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=drip, args=(listener, start, drop, tls), daemon=True)
        thread.start()
        opened.append((listener, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    over.set()
    for listener, thread in opened:
        thread.join(5)
        listener.close()


@pytest.mark.slow
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
    assert time.monotonic() - begin < 20


def test_closing_a_client_interrupts_a_request_in_another_thread(dripping):
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


def test_an_error_before_the_deadline_is_raised_unchanged():
    with (
        pytest.raises(ValueError, match="as it is"),
        InterruptibleAdapter().interrupt_at(time.monotonic() + 60, threading.Event()),
    ):
        raise ValueError("as it is")


@pytest.mark.slow
def test_a_proxy_that_drips_ends_at_the_time_out(dripping, monkeypatch):
    monkeypatch.setenv("https_proxy", dripping(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"))
    begin = time.monotonic()
    with (
        Client("https://192.0.2.1", timeout=0.5, retries=0) as client,
        pytest.raises(UnreachableError, match=r"within 0\.5 s"),
    ):
        client.restore(FRAME)
    assert time.monotonic() - begin < 20
    with warnings.catch_warnings(action="ignore"):
        gc.collect()  # Python's ssl does not close a socket that is reset before its handshake


@pytest.mark.slow
def test_an_encrypted_answer_that_drips_ends_at_the_time_out(dripping, tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"]
    subprocess.run(["openssl", *words.split(), *files], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    url = dripping(HEAD + b"Content-Length: 9466560\r\n\r\n", b"S", tls).replace("http:", "https:")
    begin = time.monotonic()
    with (
        Client(url, timeout=0.5, retries=0, ca_bundle=tmp_path / "cert.pem") as client,
        pytest.raises(UnreachableError, match=r"no answer within 0\.5 s"),
    ):
        client.restore(FRAME)
    assert time.monotonic() - begin < 20


def test_closing_a_client_ends_a_handshake_of_tls(dripping):
    client, caught = Client(dripping(b"", b"").replace("http:", "https:"), timeout=60), []

    def ask():
        with pytest.raises(ClientError) as stopped:
            client.restore(FRAME)
        caught.append(stopped.value)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.3)
    client.close()
    thread.join(5)
    assert not thread.is_alive()
    assert len(caught) == 1


def test_a_socks_proxy_is_asked_to_connect(monkeypatch):
    pytest.importorskip("socks", reason="PySocks is not installed")
    first = []

    def proxy(listener):
        connection, _ = listener.accept()
        with connection:
            first.append(connection.recv(100)[:1])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=proxy, args=(listener,), daemon=True)
        thread.start()
        monkeypatch.setenv("https_proxy", f"socks5://127.0.0.1:{listener.getsockname()[1]}")
        with Client("https://192.0.2.1", retries=0) as client, pytest.raises(UnreachableError):
            client.restore(FRAME)
        thread.join(5)
    assert first == [b"\x05"]


def test_a_proxy_that_is_used_again_is_observed_once():
    adapter = InterruptibleAdapter()
    classes = [adapter.proxy_manager_for("http://127.0.0.1:9").pool_classes_by_scheme for _ in range(2)]
    assert classes[0] is classes[1]
    adapter.close()
