"""`corinpaint export`."""

from __future__ import annotations

from pathlib import Path

import pytest

from corinpaint.export import mar, onnx, pt2, torchscript, triton


def test_a_missing_checkpoint_is_named(run, tmp_path):
    result = run("export", "onnx", "--checkpoint", tmp_path / "none.safetensors", "-o", tmp_path)
    assert result.exit_code == 1
    assert "none.safetensors" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def steps(monkeypatch) -> list[tuple[str, tuple[object, ...]]]:
    """Exports that only record their arguments."""
    calls: list[tuple[str, tuple[object, ...]]] = []

    def record(checkpoint: Path, output: Path, *more: object) -> Path:
        assert checkpoint.name == "x.safetensors"
        calls.append((output.name, more))
        return output

    for module in (mar, onnx, pt2, torchscript, triton):
        monkeypatch.setattr(module, "export", record)
    return calls


def test_export_all_writes_every_kind(run, steps, tmp_path):
    result = run("export", "all", "--checkpoint", "x.safetensors", "-o", tmp_path)
    assert result.exit_code == 0
    assert [name for name, _ in steps] == [
        "corinpaint.pt",
        "corinpaint.pt2",
        "corinpaint.onnx",
        "corinpaint.fp16.onnx",
        "corinpaint.mar",
    ]
    assert result.stdout.count("written and verified") == 5


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["onnx"], ("corinpaint.onnx", ())),
        (["onnx", "--half"], ("corinpaint.fp16.onnx", ("mixed",))),
        (["pt2"], ("corinpaint.pt2", ())),
        (["triton", "--kind", "gpu"], ("models", ("gpu",))),
    ],
)
def test_every_kind_of_export_can_be_written_alone(run, steps, tmp_path, arguments, wanted):
    result = run("export", *arguments, "--checkpoint", "x.safetensors", "-o", tmp_path / "models")
    assert result.exit_code == 0
    assert steps == [wanted]
