"""What exports say about themselves; files that appear whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from corinpaint.export.publish import aside, describe
from corinpaint.model.checkpoint import load_checkpoint
from corinpaint.restore.engines import fingerprints
from corinpaint.restore.engines.base import parse_info


@pytest.mark.parametrize("fixture", ["checkpoint", "straight_checkpoint"])
def test_a_description_tells_an_engine_what_the_checkpoint_says(request, fixture):
    model, info = load_checkpoint(request.getfixturevalue(fixture))
    text = describe(info, model)
    told = parse_info(Path("x.onnx"), "onnxruntime", text)
    assert (told.domain, told.sha256, told.multiple, told.reach) == (
        info.domain,
        info.sha256,
        info.multiple,
        info.reach,
    )
    assert (json.loads(text)["inputs"], json.loads(text)["outputs"]) == (list(model.inputs), list(model.outputs))


def test_a_description_tells_the_precision_and_whatever_else_there_is_to_say(straight_checkpoint):
    model, info = load_checkpoint(straight_checkpoint)
    told = json.loads(describe(info, model, "mixed", opset=20))
    assert (told["precision"], told["opset"], told["uncertainty"]) == ("mixed", 20, "scale")
    assert told["fingerprint"]["tolerance"] == fingerprints.TOLERANCE["mixed"]


def test_the_fingerprint_is_taken_on_one_thread_and_torch_keeps_its_own(checkpoint, monkeypatch):
    model, info = load_checkpoint(checkpoint)
    threads, seen = torch.get_num_threads(), []
    forward = type(model).forward
    monkeypatch.setattr(type(model), "forward", lambda *a: seen.append(torch.get_num_threads()) or forward(*a))
    torch.set_num_threads(2)
    try:
        describe(info, model)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert set(seen) == {1}


def test_a_network_without_uncertainty_says_so(checkpoint):
    model, info = load_checkpoint(checkpoint)
    assert json.loads(describe(info, model))["uncertainty"] is None


def test_a_file_appears_when_all_went_well(tmp_path):
    with aside(tmp_path / "new" / "model.pt") as path:
        path.write_bytes(b"model")
        assert not (tmp_path / "new" / "model.pt").exists()
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["model.pt"]
    assert (tmp_path / "new" / "model.pt").read_bytes() == b"model"


def fail_half_way(target):
    with aside(target) as path:
        path.write_bytes(b"half")
        raise RuntimeError


def test_what_was_there_stays_when_something_goes_wrong(tmp_path):
    target = tmp_path / "model.pt"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError):
        fail_half_way(target)
    assert target.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["model.pt"]
