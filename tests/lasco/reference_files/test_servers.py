"""Servers that cannot be reached, that stop answering, and that list their folders."""

from __future__ import annotations

import socket
import threading

import official_tree
import pytest

from corinpaint.lasco.errors import FetchError
from corinpaint.lasco.reference_files import catalogue, servers
from corinpaint.lasco.reference_files.transfer import AbsentError, Connection, UnreachableError

TABLE = catalogue.identify("c3_expfactor_020108.dat")
URL = "https://example.org/file"


@pytest.fixture
def server():
    with official_tree.serving([TABLE]) as running:
        yield running


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_server_that_accepts_connections_is_reachable(server):
    servers.check_reachable(f"{server.url}/absent")
    assert not server.asked


def test_a_server_that_is_gone_is_named():
    with official_tree.serving([TABLE]) as gone:
        url = gone.url
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1: cannot be reached \(Connection refused\); check "):
        servers.check_reachable(url)


def test_a_name_that_is_never_resolved_is_not_waited_for(monkeypatch):
    never = threading.Event()

    def connect(*_, **__):
        never.wait()
        raise OSError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(UnreachableError, match=r"example\.org: cannot be reached \(no answer within 0\.01 s\)"):
        servers.check_reachable(URL, 0.01)
    never.set()


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_behind_a_proxy_the_proxy_has_to_answer(server, monkeypatch, scheme):
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}127.0.0.1:{server.server_port}")
    servers.check_reachable(URL)


@pytest.mark.parametrize(("url", "port"), [(URL, 443), ("http://example.org/file", 80), ("https://example.org:8", 8)])
def test_the_port_is_that_of_the_address_or_of_its_scheme(url, port):
    assert servers._peer(url) == ("example.org", port)


def _ask(patience, error=None, url=URL):
    with patience.asking(url):
        if error:
            raise error


def test_a_server_that_does_not_answer_for_several_requests_is_not_asked_again():
    patience = servers.Patience(2)
    for _ in range(2):
        assert not patience.is_exhausted(URL)
        with pytest.raises(UnreachableError, match="silence"):
            _ask(patience, UnreachableError("silence"))
    assert patience.is_exhausted(URL)
    with pytest.raises(servers.NotAskedError, match=r"not tried, as example\.org did not answer"):
        _ask(patience)
    _ask(patience, url="https://another.example.org/file")


@pytest.mark.parametrize("answer", [None, AbsentError("404"), FetchError("403")])
def test_every_answer_makes_good_for_those_before(answer):
    patience = servers.Patience(2)
    for error in (UnreachableError("silence"), answer, UnreachableError("silence")):
        if error is None:
            _ask(patience)
            continue
        with pytest.raises(type(error)):
            _ask(patience, error)
    assert not patience.is_exhausted(URL)


def test_the_folder_of_a_server_is_listed(server):
    folder, waited = TABLE.path.removesuffix(TABLE.name), []
    server.faults[f"/{folder}"] = ["503"]
    assert servers.listing(f"{server.url}/{folder}", Connection(2, sleep=waited.append)) == [TABLE.name]
    assert waited == [1]
