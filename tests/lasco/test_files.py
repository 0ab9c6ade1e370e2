"""Writing aside, then renaming."""

from __future__ import annotations

import errno
import os

import pytest

from corinpaint.lasco import files
from corinpaint.lasco.errors import OutputError


def test_files_that_belong_together_are_all_written_or_none(tmp_path):
    (tmp_path / "b").write_text("old")
    with pytest.raises(OutputError, match="b: is there already"):
        files.write_all({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    assert [p.name for p in tmp_path.iterdir()] == ["b"]
    files.write_all({tmp_path / "a": b"1", tmp_path / "b": b"2"}, overwrite=True)
    assert (tmp_path / "b").read_bytes() == b"2"


def test_a_full_disk_leaves_nothing_and_the_old_file_whole(tmp_path, monkeypatch):
    target = tmp_path / "a"
    target.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        files.write_bytes(target, b"new", overwrite=True)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a", b"old")]


def test_folders_are_made_and_rights_follow_the_umask(tmp_path):
    path = files.write_bytes(tmp_path / "x" / "y", b"1")
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask
