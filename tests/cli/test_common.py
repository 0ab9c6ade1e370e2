"""Batches, in which files that fail are reported and the others processed, and renamed options."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import click
import level05
import pytest
from click.testing import CliRunner

from corinpaint.cli import common


def test_paths_come_from_standard_input_where_it_is_asked_for(tmp_path, make_frame, monkeypatch):
    (tmp_path / "32082037.fts").write_bytes(make_frame())
    monkeypatch.setattr("sys.stdin", StringIO(f"{tmp_path}/32082037.fts\n"))
    (found,) = common.frames([Path("-")])
    assert found.path == tmp_path / "32082037.fts"


def test_a_folder_gives_the_frames_in_it(run, frame_path, tmp_path):
    assert run("restore", frame_path.parent, "-o", tmp_path / "out").exit_code == 0
    assert (tmp_path / "out" / "35082037.fits").is_file()


def test_a_file_that_fails_does_not_stop_the_batch_and_the_exit_status_is_1(run, frame_path, tmp_path):
    bad = tmp_path / "in" / "00bad.fts"
    bad.write_text("<html>")
    result = run("restore", bad, frame_path, tmp_path / "absent.fts", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "00bad.fts" in result.stderr
    assert "absent.fts" in result.stderr
    assert "1 made, 2 failed" in result.stderr
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["35082037.fits"]
    assert bad.read_text() == "<html>"


@pytest.mark.slow
def test_every_kind_of_damaged_file_is_named_and_the_undamaged_one_is_restored(run, frame_path, tmp_path):
    names = {}
    for index, (kind, (damage, _)) in enumerate(level05.ALL.items()):
        path = frame_path.parent / f"bad{index:02d}.fts"
        path.write_bytes(damage())
        names[path.name] = kind
    result = run("restore", frame_path.parent, "-o", tmp_path / "out")
    assert result.exit_code == 1
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    over = [line for line in result.stderr.splitlines() if line.startswith("Passed over: ")]
    other = sum(int(line.split()[2]) for line in over if "cop" not in line)
    assert 0 < other < 20
    assert len(lines) + other + sum(int(line.split()[2]) for line in over if "cop" in line) == len(names)
    assert all(any(name in line for line in (*lines, *over)) for name in names)
    assert not [line for line in lines if "unexpected" in line or "Traceback" in line]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["35082037.fits"]


def test_a_folder_without_frames_is_an_error_and_the_batch_continues(run, frame_path, tmp_path):
    (tmp_path / "nothing").mkdir()
    result = run("restore", tmp_path / "nothing", frame_path, "x" * 300, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "has no .fts" in result.stderr
    assert "1 made, 2 failed" in result.stderr
    assert (tmp_path / "out" / "35082037.fits").is_file()


def test_messages_begin_with_the_whole_path(run, tmp_path):
    bad = tmp_path / "deep" / "down.fts"
    bad.parent.mkdir()
    bad.write_text("hello")
    assert f"Error: {bad}: not a FITS file" in run("inspect", bad).stderr


@click.command()
@common.deprecated_alias("--most-error", "--max-error")
@click.option("--max-error", type=click.FloatRange(0, min_open=True), help="Maximum error.")
def command(max_error: float | None) -> None:
    """A command whose option was renamed."""
    click.echo(max_error)


@pytest.mark.parametrize(("words", "value"), [([], ""), (["--max-error", "1.5"], "1.5")])
def test_the_new_spelling_of_an_option_is_used_without_a_warning(words, value):
    result = CliRunner().invoke(command, words)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{value}\n", "")


def test_the_old_spelling_of_an_option_works_and_one_line_on_stderr_says_that_it_is_deprecated():
    result = CliRunner().invoke(command, ["--most-error", "1.5"])
    assert (result.exit_code, result.stdout) == (0, "1.5\n")
    assert result.stderr == "--most-error is deprecated; use --max-error\n"


def test_both_spellings_of_an_option_are_an_error():
    for words in (["--most-error", "1", "--max-error", "2"], ["--max-error", "2", "--most-error", "1"]):
        result = CliRunner().invoke(command, words)
        assert result.exit_code == 2
        assert "--most-error is the old name of --max-error" in result.stderr


def test_the_old_spelling_of_an_option_has_the_same_range_and_is_hidden_from_help():
    assert CliRunner().invoke(command, ["--most-error", "-1"]).exit_code == 2
    help_text = CliRunner().invoke(command, ["--help"]).output
    assert "--max-error" in help_text
    assert "--most-error" not in help_text


@pytest.mark.parametrize(
    ("name", "words"),
    [("restore", ["--most-error", "0"]), ("simulate", ["--lost", "401"])],
    ids=["restore", "simulate"],
)
def test_the_old_spellings_of_the_commands_are_still_options(run, frame_path, tmp_path, name, words):
    files = [frame_path] if name == "restore" else []
    result = run(name, *files, "-o", tmp_path / "out", *words)
    assert result.exit_code == 2
    assert "range" in result.stderr


@pytest.mark.parametrize(("count", "words"), [(0, "0 missing blocks"), (1, "1 missing block"), (2, "2 missing blocks")])
def test_numbers_of_missing_blocks_are_written_in_the_singular_or_plural(count, words):
    assert common.missing_blocks(count) == words
