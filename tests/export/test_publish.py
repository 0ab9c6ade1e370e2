"""The descriptions that exports carry, and the fingerprint in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from corinpaint.export.publish import describe_export
from corinpaint.model.checkpoint import load_checkpoint
from corinpaint.restore.engines import fingerprints
from corinpaint.restore.engines.base import parse_info


@pytest.mark.parametrize("fixture", ["checkpoint", "log_polar_checkpoint"])
def test_an_engine_reads_the_description_of_the_checkpoint_from_an_export(request, fixture):
    model, info = load_checkpoint(request.getfixturevalue(fixture))
    text = describe_export(info, model)
    described = parse_info(Path("x.onnx"), "onnxruntime", text)
    assert (described.domain, described.sha256, described.multiple, described.reach) == (
        info.domain,
        info.sha256,
        info.multiple,
        info.reach,
    )
    assert (json.loads(text)["inputs"], json.loads(text)["outputs"]) == (list(model.inputs), list(model.outputs))


def test_a_description_holds_the_precision_and_further_entries(log_polar_checkpoint):
    model, info = load_checkpoint(log_polar_checkpoint)
    described = json.loads(describe_export(info, model, "mixed", opset=20))
    assert (described["precision"], described["opset"], described["uncertainty"]) == ("mixed", 20, "scale")
    assert described["fingerprint"]["tolerance"] == fingerprints.TOLERANCE["mixed"]


def test_the_fingerprint_is_computed_on_one_thread_and_the_threads_of_torch_are_restored(checkpoint, monkeypatch):
    model, info = load_checkpoint(checkpoint)
    threads, seen = torch.get_num_threads(), []
    forward = type(model).forward
    monkeypatch.setattr(type(model), "forward", lambda *a: seen.append(torch.get_num_threads()) or forward(*a))
    torch.set_num_threads(2)
    try:
        describe_export(info, model)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert set(seen) == {1}


def test_a_network_without_uncertainty_has_none_in_its_description(checkpoint):
    model, info = load_checkpoint(checkpoint)
    assert json.loads(describe_export(info, model))["uncertainty"] is None
