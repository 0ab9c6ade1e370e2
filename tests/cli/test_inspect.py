"""`corinpaint inspect`."""

from __future__ import annotations

import json


def test_inspect_writes_no_file_and_lists_the_zones(run, frame_path):
    result = run("inspect", frame_path)
    assert result.exit_code == 0
    assert "can be filled; blocks [660]" in result.output
    assert json.loads(run("inspect", "--json", frame_path).output)["lost"] == 1
    assert [p.name for p in frame_path.parent.iterdir()] == ["32082037.fts"]


def test_stars_are_drawn_into_the_folder_that_is_given(run, frame_path, tmp_path):
    result = run("inspect", frame_path, "--stars", "-o", tmp_path / "pictures", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)["stars"]
    assert found["picture"] == str(tmp_path / "pictures" / "35082037_stars.png")
    assert (tmp_path / "pictures" / "35082037_stars.png").read_bytes().startswith(b"\x89PNG")
    assert run("inspect", frame_path, "--stars", "-o", tmp_path / "pictures").exit_code == 1
