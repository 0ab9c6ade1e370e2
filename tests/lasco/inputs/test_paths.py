"""What the inputs of a command name."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest

from corinpaint.lasco.errors import NoFrameError
from corinpaint.lasco.inputs.paths import InputPath, expand


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder, with two files in two folders."""
    monkeypatch.chdir(tmp_path)
    for name in ("a/1.fts", "a/b/2.fts"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def named(*inputs: str, stdin: str | None = None) -> list[str]:
    """Paths that inputs name; fails when there is an error among them."""
    found = list(expand(map(Path, inputs), None if stdin is None else StringIO(stdin)))
    assert all(isinstance(one, InputPath) for one in found), found
    return [str(one.path) for one in found]


@pytest.mark.usefixtures("here")
def test_files_and_folders_are_taken_as_they_are_also_missing_ones():
    assert list(expand([Path("a"), Path("gone.fts")])) == [(Path("a"), True), (Path("gone.fts"), True)]


@pytest.mark.usefixtures("here")
def test_patterns_match_in_order_at_any_depth():
    assert named("a/*.fts") == ["a/1.fts"]
    assert named("**/*.fts") == ["a/1.fts", "a/b/2.fts"]
    assert named("?/b/[0-9].fts") == ["a/b/2.fts"]
    assert [one.by_name for one in expand([Path("a/*")])] == [False, False]


def test_an_absolute_pattern_matches(here):
    assert named(f"{here}/*/1.fts") == [f"{here}/a/1.fts"]


def test_a_file_whose_name_looks_like_a_pattern_or_a_list_is_a_file(here):
    for name in ("x[1].fts", "@x.fts", "-"):
        (here / name).touch()
        assert list(expand([Path(name)])) == [InputPath(Path(name))]


@pytest.mark.usefixtures("here")
def test_a_pattern_without_a_match_is_an_error():
    (error,) = expand([Path("*.fits")])
    assert str(error) == "*.fits: nothing matches the pattern; check the pattern and the current folder"


def test_a_list_has_a_path_or_pattern_a_line_and_remarks(here):
    (here / "list.txt").write_text("# of today\na/1.fts\n\n  a/b/*  \r\n@list.txt\n")
    assert named("@list.txt") == ["a/1.fts", "a/b/2.fts", "@list.txt"]


def test_names_in_a_list_may_be_of_any_bytes(here):
    (here / "list.txt").write_bytes(b"a/\xe9.fts\n")
    assert named("@list.txt") == ["a/\udce9.fts"]


@pytest.mark.usefixtures("here")
def test_standard_input_is_a_list():
    assert named("-", "a", stdin="a/1.fts\na/b\n") == ["a/1.fts", "a/b", "a"]


def test_lists_that_are_missing_or_empty_are_errors_by_name(here):
    (here / "empty.txt").write_text("# nothing\n")
    errors = list(expand([Path("@gone.txt"), Path("@empty.txt"), Path("@a"), Path("-")]))
    assert all(isinstance(error, NoFrameError) for error in errors)
    assert [str(error).split(";")[0] for error in errors] == [
        "@gone.txt: the list of paths cannot be read (No such file or directory)",
        "@empty.txt: the list holds no path",
        "@a: the list of paths cannot be read (Is a directory)",
        "-: the list of paths cannot be read (there is no standard input)",
    ]
