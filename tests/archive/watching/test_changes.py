"""Changes in a folder."""

from __future__ import annotations

import itertools
import sys
import threading
from pathlib import Path

import pytest

from corinpaint.archive.watching.changes import changes
from corinpaint.lasco.errors import OptionError


def test_a_new_file_is_told_and_the_whole_folder_is_looked_through_first(tmp_path):
    stop, path = threading.Event(), tmp_path / "32000001.fts"
    found = changes(tmp_path, stop, lambda: 60.0)
    assert next(found) is None
    threading.Timer(0.3, lambda: path.write_bytes(b"new")).start()
    told = next(paths for paths in itertools.islice(found, 100) if paths)
    assert told == {path}
    stop.set()
    assert not any(found)


def test_paths_begin_as_the_folder_was_given(tmp_path, monkeypatch):
    (tmp_path / "real" / "day").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    stop = threading.Event()
    found = changes(Path("link"), stop, lambda: 60.0)
    next(found)
    threading.Timer(0.3, lambda: (tmp_path / "real" / "day" / "32000001.fts").write_bytes(b"new")).start()
    told = next(paths for paths in itertools.islice(found, 100) if paths)
    assert Path("link/day/32000001.fts") in told
    stop.set()
    list(found)


def test_polling_looks_through_the_whole_folder_each_time(tmp_path):
    stop = threading.Event()
    found = changes(tmp_path, stop, lambda: 0.01, told=False)
    assert [next(found) for _ in range(3)] == [None, None, None]
    stop.set()
    assert list(found) == []


def test_without_the_package_there_is_polling(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(OptionError, match=r"corinpaint\[watch\], or give --poll"):
        next(changes(tmp_path, threading.Event(), lambda: 60.0))


def test_the_whole_folder_is_looked_through_now_and_then_although_nothing_is_told(tmp_path):
    stop = threading.Event()
    found = changes(tmp_path, stop, lambda: 0.0)
    assert [next(found) for _ in range(5)] == [None, set(), None, set(), None]
    stop.set()
    list(found)
