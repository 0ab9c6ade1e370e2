"""What REST alone has: headers, redirects, broken connections, Retry-After."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import endpoint
import pytest

from corinpaint.client import Client, rest
from corinpaint.client.errors import AnswerError, RefusedError, UnreachableError
from corinpaint.client.retry import RetryPolicy
from corinpaint.lasco.errors import OptionError

FRAME = endpoint.small_frame()


@pytest.fixture
def server():
    with endpoint.http() as running:
        yield running


@pytest.fixture
def slept():
    return []


@pytest.fixture
def client(server, slept):
    with Client(server.url, token="secret", retries=RetryPolicy(2, sleep=slept.append)) as opened:
        yield opened


def test_a_connection_that_breaks_before_or_in_the_answer_is_attempted_again(client, server, slept):
    cut = endpoint.Fault(200, endpoint.product()[:9000], {"Content-Length": "28800"})
    server.faults = [endpoint.Fault(None), cut]
    assert client.restore(FRAME).attempts == 3
    assert len(slept) == 2


def test_retry_after_is_honoured_in_seconds_and_as_a_date(client, server, slept):
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=20))
    server.faults = [endpoint.fault(503, endpoint.FULL, Retry_After="7"), endpoint.fault(503, None, Retry_After=when)]
    client.restore(FRAME)
    assert slept[0] == 7
    assert 15 < slept[1] <= 20
    server.faults = [endpoint.fault(503, endpoint.FULL, Retry_After="3600")]
    with pytest.raises(RefusedError):
        client.restore(FRAME)
    assert len(slept) == 2


def test_a_redirect_is_not_followed_with_the_token(client, server):
    with endpoint.http() as other:
        server.faults = [endpoint.fault(302, None, Location=other.url)]
        with pytest.raises(RefusedError, match=r"302.*give the address that it leads to"):
            client.restore(FRAME)
        assert not other.asked


def test_a_netrc_does_not_replace_the_token(server, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Client(server.url, token="secret") as client:
        client._transport._local = False
        client.restore(FRAME)
    assert server.asked[0].headers["authorization"] == "Bearer secret"


def test_proxies_of_the_environment_are_ignored_on_this_machine(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with Client(server.url, retries=0) as client:
        assert client.restore(FRAME).attempts == 1


def test_an_answer_that_is_too_large_is_an_error(client, monkeypatch):
    monkeypatch.setattr(rest, "MAX_ANSWER_BYTES", 10_000)
    with pytest.raises(AnswerError, match="more than"):
        client.restore(FRAME)


def test_connections_are_reused(client):
    for _ in range(3):
        client.restore(FRAME)
    assert len(client._transport._idle) == 1


def test_a_missing_file_of_certificates_is_named(tmp_path):
    with (
        Client("https://127.0.0.1:9", ca_bundle=tmp_path / "gone.pem", retries=0) as client,
        pytest.raises(UnreachableError, match=r"gone\.pem"),
    ):
        client.restore(FRAME)


def test_a_server_without_tls_at_an_https_address_is_an_error(server, slept):
    url = server.url.replace("http:", "https:")
    with Client(url, retries=RetryPolicy(1, sleep=slept.append)) as client, pytest.raises(UnreachableError):
        client.restore(FRAME)


def test_a_missing_package_is_named_with_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "requests", None)
    with pytest.raises(OptionError, match=r"corinpaint\[client\]"):
        Client("http://localhost")
