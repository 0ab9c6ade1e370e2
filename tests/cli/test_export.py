"""`corinpaint export`."""

from __future__ import annotations


def test_export_says_what_is_missing(run, tmp_path):
    result = run("export", "onnx", "--checkpoint", tmp_path / "none.safetensors", "-o", tmp_path)
    assert result.exit_code == 1
    assert "none.safetensors" in result.stderr
    assert list(tmp_path.iterdir()) == []
