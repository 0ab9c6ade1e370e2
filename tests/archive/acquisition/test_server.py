"""Asking a server politely."""

from __future__ import annotations

import socket

import pytest

from corinpaint.archive.acquisition import sources
from corinpaint.archive.acquisition.server import Server
from corinpaint.lasco.errors import FetchError
from corinpaint.lasco.reference_files.servers import MAX_UNANSWERED, NotAskedError
from corinpaint.lasco.reference_files.transfer import Connection, UnreachableError

LIST = "020108/c3/img_hdr.txt"


class Clock:
    """Time that passes by sleeping alone."""

    def __init__(self):
        self.now, self.slept = 100.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def test_requests_begin_one_after_the_other_with_a_pause_in_between(archive, tmp_path):
    clock = Clock()
    server = Server(sources.find("nrl", archive.url), Connection(0, sleep=clock.sleep), 2.0, clock)
    server.read(f"{archive.url}/{LIST}")
    assert clock.slept == []
    server.listing(f"{archive.url}/020108/c3/")
    server.download(f"{archive.url}/{LIST}", tmp_path / "list")
    assert clock.slept == [2, 2]
    clock.now += 60
    server.read(f"{archive.url}/{LIST}", 10)
    assert clock.slept == [2, 2]


def test_a_server_that_stops_answering_is_not_asked_again(archive, server):
    archive.break_path(LIST, *["reset"] * 99)
    for _ in range(MAX_UNANSWERED):
        assert not server.has_stopped_answering
        with pytest.raises(UnreachableError):
            server.read(f"{archive.url}/{LIST}")
    assert server.has_stopped_answering
    with pytest.raises(NotAskedError):
        server.listing(f"{archive.url}/020108/c3/")


def test_a_server_that_cannot_be_reached_is_named_with_the_others(monkeypatch):
    def refuse(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(
        UnreachableError, match=r"lasco-www\.nrl\.navy\.mil: cannot be reached \(Name or service not"
    ) as e:
        Server(sources.find("nrl")).check_reachable()
    assert "--source sdac" in e.value.remedy
    assert "--mirror" in e.value.remedy


@pytest.mark.parametrize("address", ["http://mirror.example", "mirror.example", "ftp://mirror.example"])
def test_a_mirror_has_to_be_addressed_by_https(address):
    with pytest.raises(FetchError, match="https"):
        Server(sources.find("nrl", address)).check_reachable()
