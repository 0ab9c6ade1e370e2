"""Batches: what fails is told, the rest goes on."""

from __future__ import annotations

import level05


def test_a_folder_stands_for_its_frames(run, frame_path, tmp_path):
    assert run("restore", frame_path.parent, "-o", tmp_path / "out").exit_code == 0
    assert (tmp_path / "out" / "35082037.fits").is_file()


def test_a_file_that_fails_does_not_stop_the_rest_and_the_exit_code_says_so(run, frame_path, tmp_path):
    bad = tmp_path / "in" / "00bad.fts"
    bad.write_text("<html>")
    result = run("restore", bad, frame_path, tmp_path / "absent.fts", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "00bad.fts" in result.stderr
    assert "absent.fts" in result.stderr
    assert "2 of 3 files failed" in result.stderr
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["35082037.fits"]
    assert bad.read_text() == "<html>"


def test_every_kind_of_damaged_file_is_one_clear_line_and_the_good_one_comes_through(run, frame_path, tmp_path):
    names = {}
    for index, (kind, (damage, _)) in enumerate(level05.ALL.items()):
        path = frame_path.parent / f"bad{index:02d}.fts"
        path.write_bytes(damage())
        names[path.name] = kind
    result = run("restore", frame_path.parent, "-o", tmp_path / "out")
    assert result.exit_code == 1
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == len(names)
    assert all(any(name in line for line in lines) for name in names)
    assert not [line for line in lines if "unexpected" in line or "Traceback" in line]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["35082037.fits"]


def test_a_folder_without_frames_is_an_error_and_the_rest_goes_on(run, frame_path, tmp_path):
    (tmp_path / "nothing").mkdir()
    result = run("restore", tmp_path / "nothing", frame_path, "x" * 300, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "holds no .fts" in result.stderr
    assert "2 of 3 files failed" in result.stderr
    assert (tmp_path / "out" / "35082037.fits").is_file()


def test_messages_begin_with_the_whole_path(run, tmp_path):
    bad = tmp_path / "deep" / "down.fts"
    bad.parent.mkdir()
    bad.write_text("hello")
    assert f"Error: {bad}: not a FITS file" in run("inspect", bad).stderr
