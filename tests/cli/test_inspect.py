"""`corinpaint inspect`."""

from __future__ import annotations

import json


def test_inspect_writes_no_file_and_lists_the_zones(run, frame_path):
    result = run("inspect", frame_path)
    assert result.exit_code == 0
    assert "can be filled; blocks [660]" in result.output
    assert json.loads(run("inspect", "--json", frame_path).output)["lost"] == 1
    assert [p.name for p in frame_path.parent.iterdir()] == ["32082037.fts"]
