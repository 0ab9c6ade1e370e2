"""The server as a whole, but for its workers; tests/test_serving_asgi.py has it serve an archive."""

from __future__ import annotations

import json
import socket
import threading
import zipfile
from contextlib import contextmanager

import pytest
import requests

from corinpaint.client import Client
from corinpaint.client.errors import AnswerError
from corinpaint.handlers.asgi import server as module
from corinpaint.handlers.asgi.processes import unpack
from corinpaint.handlers.asgi.processes.starter import ServerError
from corinpaint.handlers.asgi.server import Settings, serving
from corinpaint.lasco.errors import OptionError

SECONDS = 60


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "corinpaint.mar"
    with zipfile.ZipFile(path, "w") as content:
        content.writestr("MAR-INF/MANIFEST.json", json.dumps({"model": {"modelVersion": "1.0"}}))
        content.writestr("model-config.yaml", "minWorkers: 1\nresponseTimeout: 60\n")
        content.writestr(str(unpack.TEMPLATE), "")
    return path


@pytest.fixture
def serve(archive, tmp_path, monkeypatch, stub_command):
    """`with serve(**settings) as server`: with stub workers, on free ports."""
    build = module.Pool
    monkeypatch.setattr(module, "Pool", lambda *given: build(*given, stub_command))

    @contextmanager
    def start(**settings):
        given = {"port": 0, "metrics_port": 0, "grpc_port": None, **settings}
        with serving(archive, Settings(tmp_path / "folder", **given)) as running:
            running.wait_until_ready()
            yield running

    return start


def post(server, does="", **arguments):
    headers = {**server.auth_headers(), "X-Corinpaint-Fill": does}
    return requests.post(
        server.url("/predictions/corinpaint"), data=b"frame", headers=headers, timeout=SECONDS, **arguments
    )


def test_it_listens_for_requests_and_metrics(serve):
    with serve() as server:
        assert post(server).content == b"frame"
        metrics = requests.get(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=SECONDS).text
        assert 'corinpaint_frames_total{ModelName="corinpaint",Outcome="restored"' in metrics
        assert server.grpc_port == 0
        server.check()
    with pytest.raises(requests.ConnectionError):
        post(server)


@pytest.mark.slow
def test_pending_requests_are_answered_when_it_is_stopped(serve):
    found = []
    with serve(waiting=5) as server:
        threads = [threading.Thread(target=lambda: found.append(post(server, "wait0.2").status_code)) for _ in range(4)]
        for thread in threads:
            thread.start()
        while server.pool.pending < 4:
            pass
    for thread in threads:
        thread.join(SECONDS)
    assert found == [200] * 4
    assert server.answered_all


def test_what_was_not_answered_in_time_is_known(serve):
    with serve(drain=0.1) as server:
        thread = threading.Thread(target=lambda: post(server, "wait60"))
        thread.start()
        while not server.pool.pending:
            pass
    thread.join(SECONDS)
    assert not server.answered_all


def test_without_tokens_no_key_is_needed_or_written(serve, tmp_path):
    with serve(tokens=False) as server:
        assert server.auth_headers() == {}
        assert post(server).status_code == 200
    assert not (tmp_path / "folder").exists()


def test_keys_rotate_under_a_client_that_reads_them_again(serve):
    with serve(key_minutes=0.002) as server:
        first = server.auth_headers()
        while server.auth_headers() == first:
            pass
        assert post(server).status_code == 200


@pytest.mark.slow
def test_tls_is_an_option(serve, tls_files):
    certificate, key = tls_files
    with serve(certificate=certificate, private_key=key, grpc_port=0) as server:
        assert server.url().startswith("https://127.0.0.1:")
        assert post(server, verify=str(certificate)).content == b"frame"
        with pytest.raises(requests.exceptions.SSLError):
            post(server)
        token = server.auth_headers()["Authorization"].removeprefix("Bearer ")
        with (
            Client(f"grpcs://localhost:{server.grpc_port}", token=token, ca_bundle=certificate, retries=0) as client,
            pytest.raises(AnswerError),  # a stub's answer is no product, but it came
        ):
            client.restore(b"SIMPLE", name="32082037.fts")


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"certificate": "none.pem"}, OptionError, "give both"),
        ({"certificate": "none.pem", "private_key": "none.key"}, ServerError, r"none\.pem: cannot be used"),
        ({"host": "192.0.2.1"}, ServerError, "busy or unavailable"),
    ],
)
def test_settings_that_cannot_be_are_named(serve, settings, error, message):
    with pytest.raises(error, match=message), serve(**settings):
        pass


def test_a_busy_port_is_named(serve):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServerError, match=f"port {port} .* is busy"), serve(metrics_port=port):
            pass


def test_a_model_that_does_not_load_ends_it(archive, tmp_path):
    settings = Settings(tmp_path / "folder", port=0, metrics_port=None, grpc_port=None)
    with pytest.raises(ServerError, match="does not load"), serving(archive, settings) as server:
        server.wait_until_ready()
