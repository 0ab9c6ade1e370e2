"""Changes in a folder."""

from __future__ import annotations

import itertools
import sys
import threading

import pytest

from corinpaint.archive.watching.changes import changes
from corinpaint.lasco.errors import OptionError


def test_a_new_file_is_told_and_the_whole_folder_is_looked_through_first(tmp_path):
    stop, path = threading.Event(), tmp_path / "32000001.fts"
    found = changes(tmp_path, stop)
    assert next(found) is None
    threading.Timer(0.3, lambda: path.write_bytes(b"new")).start()
    told = next(paths for paths in itertools.islice(found, 100) if paths)
    assert {one.resolve() for one in told} == {path.resolve()}
    stop.set()
    assert not any(found)


def test_polling_looks_through_the_whole_folder_each_time(tmp_path):
    stop = threading.Event()
    found = changes(tmp_path, stop, poll=0.01)
    assert [next(found) for _ in range(3)] == [None, None, None]
    stop.set()
    assert list(found) == []


def test_without_the_package_there_is_polling(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(OptionError, match=r"corinpaint\[watch\], or give --poll"):
        next(changes(tmp_path, threading.Event()))
