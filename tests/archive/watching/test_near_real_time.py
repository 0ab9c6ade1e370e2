"""What arrives at a server."""

from __future__ import annotations

import threading
from datetime import datetime

import frame_archive
import official_tree
import pytest

from corinpaint.archive.acquisition import sources
from corinpaint.archive.acquisition.server import Server
from corinpaint.archive.watching.near_real_time import Poll
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.reference_files.transfer import Connection

SHOTS = frame_archive.hourly()
FOLDER = "020108/c3"


@pytest.fixture
def archive():
    """A server on which one hour of the day has passed."""
    with official_tree.serving(files=frame_archive.files(SHOTS[:1])) as running:
        yield running


@pytest.fixture
def told():
    return []


@pytest.fixture
def poll(archive, tmp_path, told):
    connection = Connection(1, sleep=lambda _: None)
    return Poll(
        lambda: Server(sources.find("near-real-time", archive.url), connection, delay=0),
        tmp_path,
        ("C3",),
        threading.Event(),
        told.append,
        interval=0.01,
        hours=6,
        now=lambda: datetime(2002, 1, 8, 6),
    )


def names(folder):
    return sorted(path.name for path in (folder / FOLDER).glob("*.fts"))


def errors(told):
    return [message for message in told if isinstance(message, CorInpaintError)]


def test_each_look_fetches_what_is_new(poll, archive, tmp_path, told):
    assert poll.look() == 1
    assert names(tmp_path) == ["32082036.fts"]
    archive.files |= {f"/{path}": content for path, content in frame_archive.files(SHOTS[:3]).items()}
    assert poll.look() == 2
    assert names(tmp_path) == [shot.name for shot in SHOTS[:3]]
    assert poll.look() == 0
    assert [message for message in told if isinstance(message, str)] == [
        f"1 frame from {archive.url}/", f"2 frames from {archive.url}/",
    ]  # fmt: skip


def test_only_the_last_hours_are_looked_at(poll, tmp_path):
    poll.hours = 4
    assert poll.look() == 0
    assert not (tmp_path / FOLDER).exists()


def test_what_goes_wrong_is_told_and_the_next_look_goes_better(poll, archive, tmp_path, told):
    content = archive.files.pop(f"/{FOLDER}/32082036.fts")
    told_enough = threading.Event()
    poll.tell = lambda message: (told.append(message), told_enough.set())
    thread = threading.Thread(target=poll.run)
    thread.start()
    assert told_enough.wait(60)
    archive.files[f"/{FOLDER}/32082036.fts"] = content
    while not (tmp_path / FOLDER / "32082036.fts").exists():
        poll.stop.wait(0.01)
    poll.stop.set()
    thread.join()
    assert "32082036.fts" in str(errors(told)[-1])
    assert names(tmp_path) == ["32082036.fts"]


def test_a_server_that_stays_away_is_told_once_and_asked_again(poll, told):
    poll.connect = lambda: Server(
        sources.find("near-real-time", "http://127.0.0.1:9/"), Connection(0, insecure=True), delay=0
    )
    told_enough = threading.Event()
    poll.tell = told.append
    looks = []
    poll.connect = lambda connect=poll.connect: (looks.append(1), len(looks) > 2 and told_enough.set(), connect())[-1]
    thread = threading.Thread(target=poll.run)
    thread.start()
    assert told_enough.wait(60)
    poll.stop.set()
    thread.join()
    assert len(told) == 1
    assert "127.0.0.1: cannot be reached" in str(told[0])
