"""What a model file says about itself, and what says too little."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corinpaint.lasco.errors import CheckpointError
from corinpaint.restore.engines import base

pytest.importorskip("torch")
pytest.importorskip("onnxscript")


def test_a_description_tells_what_the_network_sees():
    text = json.dumps({"corinpaint_version": "1", "sha256": "0", "multiple": 64, "reach": 99, "domain": "noise"})
    told = base.parse_info(Path("x.onnx"), "onnxruntime", text)
    assert told == base.ModelInfo(Path("x.onnx"), "onnxruntime", "1", "0", 64, 99, "noise")
    assert (told.provider, told.precision) == ("cpu", "float32")


def test_an_incomplete_description_is_refused():
    with pytest.raises(CheckpointError, match="no description"):
        base.parse_info(Path("x.onnx"), "onnxruntime", json.dumps({"sha256": "0"}))


@pytest.mark.parametrize("key", ["multiple", "reach"])
@pytest.mark.parametrize("value", [0, -64, 10**6, 1.5, True, "64", None, float("inf"), float("nan")])
def test_a_description_with_a_size_that_cannot_be_is_refused_by_name_of_the_key(key, value):
    values = {"corinpaint_version": "1", "sha256": "0", "multiple": 64, "reach": 99, "domain": "noise", key: value}
    with pytest.raises(CheckpointError, match=rf"x\.onnx: its description says {key} "):
        base.parse_info(Path("x.onnx"), "onnxruntime", json.dumps(values))


def test_a_description_with_an_unknown_domain_is_refused_with_those_there_are():
    values = {"corinpaint_version": "1", "sha256": "0", "multiple": 64, "reach": 99, "domain": "other"}
    with pytest.raises(CheckpointError, match="domain 'other', not equalised or noise"):
        base.parse_info(Path("x.onnx"), "onnxruntime", json.dumps(values))
