"""Writing aside, then renaming."""

from __future__ import annotations

import errno
import os
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from corinpaint.lasco import files
from corinpaint.lasco.errors import CalibrationError, OutputError


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


@pytest.mark.parametrize("value", ["a/b", Path("a/b"), PurePosixPath("a/b")])
def test_a_path_argument_may_be_text_or_a_path(value):
    path = files.as_path(value, "folder")
    assert (type(path), path) == (type(Path()), Path("a/b"))


class _BytesPath(os.PathLike):
    def __fspath__(self):
        return b"a"


@pytest.mark.parametrize("value", [5, None, b"a", np.zeros(2), _BytesPath()])
def test_anything_else_is_refused_as_a_path_by_the_name_of_the_argument(value):
    with pytest.raises(TypeError) as refused:
        files.as_path(value, "folder")
    assert str(refused.value) == f"folder must be a path (str or os.PathLike), not {type(value).__name__}"


def test_folders_are_made_and_rights_follow_the_umask(tmp_path):
    path = files.write_bytes(tmp_path / "x" / "y", b"1")
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "deep" / "C3ramp.fts"
    with files.aside(path) as part:
        part.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert [file.name for file in path.parent.iterdir()] == ["C3ramp.fts"]


def test_a_failure_leaves_only_the_old_file(tmp_path):
    path = tmp_path / "C3ramp.fts"
    path.write_text("old")

    def fail(error: Exception) -> None:
        with files.aside(path) as part:
            part.write_text("half")
            raise error

    with pytest.raises(CalibrationError):
        fail(CalibrationError("damaged"))
    with pytest.raises(OutputError, match=r"C3ramp\.fts: cannot be written \(No space left on device\)"):
        fail(OSError(28, "No space left on device"))
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["C3ramp.fts"]


def test_a_file_in_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "soho").write_text("")
    with (
        pytest.raises(OutputError, match=r"C3ramp\.fts: cannot be written"),
        files.aside(tmp_path / "soho" / "C3ramp.fts"),
    ):
        pass


def test_a_file_appears_after_success(tmp_path):
    with files.aside(tmp_path / "new" / "model.pt") as path:
        path.write_bytes(b"model")
        assert not (tmp_path / "new" / "model.pt").exists()
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["model.pt"]
    assert (tmp_path / "new" / "model.pt").read_bytes() == b"model"


def fail_half_way(target):
    with files.aside(target) as path:
        path.write_bytes(b"half")
        raise RuntimeError


def test_the_existing_file_stays_after_an_error(tmp_path):
    target = tmp_path / "model.pt"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError):
        fail_half_way(target)
    assert target.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["model.pt"]
