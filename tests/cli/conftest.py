"""Fixtures of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from corinpaint.cli.main import main
from corinpaint.restore.engines import loading


@pytest.fixture
def run(monkeypatch, echo):
    """Run `corinpaint ...` in this process, with a replacement for the network."""
    monkeypatch.setattr(loading, "load", lambda *_: echo)
    monkeypatch.delenv("CORINPAINT_CALIBRATION", raising=False)

    def invoke(*words: object) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words])

    return invoke


@pytest.fixture
def frame_path(make_frame, tmp_path) -> Path:
    path = tmp_path / "in" / "32082037.fts"
    path.parent.mkdir()
    path.write_bytes(make_frame(missing=((20, 20),)))
    return path
