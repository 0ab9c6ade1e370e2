"""Fixtures of `corinpaint archive`."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def frames(make_frame, tmp_path) -> Path:
    """Three frames, a copy, and a file that cannot be read."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(3):
        content = make_frame(missing=((20, 20 + number),), TIME_OBS=f"0{3 - number}:00:00")
        (folder / f"{32000000 + number}.fts").write_bytes(content)
    (folder / "32000009.fts").write_bytes(b"")
    (folder / "copy").mkdir()
    (folder / "copy" / "32000000.fts").write_bytes((folder / "32000000.fts").read_bytes())
    return folder
