"""Files that arrive in a folder, each when it is whole."""

from __future__ import annotations

import gzip
import os

import pytest
from clock import Clock

from corinpaint.archive.watching.arrivals import Arrivals
from corinpaint.lasco.errors import FrameError


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def arrivals(tmp_path, clock):
    return Arrivals(tmp_path, patience=60.0, clock=clock)


def names(arrivals):
    """What has arrived, by name, and whether it is given up."""
    return [(path.name, error is not None) for path, error in arrivals.whole()]


def test_files_arrive_once_the_oldest_first(arrivals, tmp_path, make_frame):
    (tmp_path / "day").mkdir()
    for name, time in (("day/32000002.fts", 1), ("32000001.fts.gz", 2)):
        content = make_frame()
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        os.utime(tmp_path / name, (time, time))
    arrivals.scan()
    assert names(arrivals) == [("32000002.fts", False), ("32000001.fts.gz", False)]
    arrivals.scan()
    assert names(arrivals) == []


@pytest.mark.parametrize("name", ["32000001.fts", "32000001.fts.gz"])
def test_a_file_that_is_still_being_written_is_waited_for(arrivals, clock, tmp_path, make_frame, name):
    content = gzip.compress(make_frame()) if name.endswith("gz") else make_frame()
    path = tmp_path / name
    for length in (0, 10, len(content) // 2, len(content) - 5000):
        path.write_bytes(content[:length])
        arrivals.notice(path)
        assert names(arrivals) == []
        clock.now += 59
    path.write_bytes(content)
    arrivals.notice(path)
    assert names(arrivals) == [(name, False)]


def test_an_incomplete_file_is_looked_at_again_although_nothing_is_told_of_it(arrivals, clock, tmp_path, make_frame):
    path = tmp_path / "32000001.fts"
    path.write_bytes(make_frame()[:5000])
    arrivals.notice(path)
    assert names(arrivals) == []
    path.write_bytes(make_frame())  # and no notice
    clock.now += 1
    assert names(arrivals) == []  # it has just changed
    assert names(arrivals) == [("32000001.fts", False)]


def test_a_file_that_stays_incomplete_is_given_up_by_name_and_taken_up_when_it_changes(
    arrivals, clock, tmp_path, make_frame
):
    path = tmp_path / "32000001.fts"
    path.write_bytes(make_frame()[:5000])
    arrivals.notice(path)
    assert names(arrivals) == []
    clock.now += 61
    ((given_up, error),) = arrivals.whole()
    assert given_up == path
    assert isinstance(error, FrameError)
    arrivals.scan()
    assert names(arrivals) == []
    path.write_bytes(make_frame())
    arrivals.scan()
    assert names(arrivals) == [("32000001.fts", False)]


def test_a_file_that_changes_arrives_again(arrivals, tmp_path, make_frame):
    path = tmp_path / "32000001.fts"
    for exposure in (18.0, 19.0):
        path.write_bytes(make_frame(EXPTIME=exposure))
        arrivals.scan()
        assert names(arrivals) == [("32000001.fts", False)]


def test_a_file_that_goes_is_forgotten(arrivals, tmp_path, make_frame):
    path = tmp_path / "32000001.fts"
    path.write_bytes(make_frame()[:5000])
    arrivals.notice(path)
    path.unlink()
    assert names(arrivals) == []
    assert arrivals.waiting == {}


def test_what_is_no_frame_is_passed_over(arrivals, tmp_path, make_frame):
    for name in ("._32000001.fts", "readme.txt", "img_hdr.txt", ".hidden/32000001.fts"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(make_frame())
        arrivals.notice(path)
    (tmp_path / "euv.fts").write_bytes(make_frame(INSTRUME="EIT"))
    arrivals.scan()
    assert names(arrivals) == []
    assert [path.name for path in arrivals.passed_over] == ["euv.fts"]


def test_what_was_there_before_can_be_left_out(arrivals, tmp_path, make_frame):
    (tmp_path / "32000001.fts").write_bytes(make_frame())
    arrivals.scan()
    arrivals.ignore()
    arrivals.scan()
    assert names(arrivals) == []
