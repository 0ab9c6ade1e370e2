"""The ONNX model: it equals its checkpoint, describes itself, and holds nothing of the machine it was made on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from corinpaint.export import onnx as onnx_export
from corinpaint.export import verify
from corinpaint.lasco.errors import ExportError
from corinpaint.model.metadata import KEY, default_checkpoint, read_info
from corinpaint.restore import backends


def test_the_model_gives_what_the_checkpoint_gives_on_a_size_and_batch_of_its_own(onnx_model, example):
    restored, mask_out, scale = backends.load(onnx_model).fill(example.image, example.mask)
    assert scale is None
    assert np.abs(restored - example.restored).max() <= backends.TOLERANCE
    assert np.array_equal(mask_out, example.mask_out)
    assert np.array_equal(restored[example.mask > 0], example.image[example.mask > 0])


def test_a_network_for_straightened_windows_gives_what_its_checkpoint_gives(straight_onnx, straight_example):
    engine = backends.load(straight_onnx)
    answer = engine.fill(*straight_example.given)
    assert engine.info.domain == "noise"
    assert np.array_equal(answer.reached, straight_example.wanted.reached)
    for got, wanted in zip((answer.image, answer.scale), straight_example.wanted[::2], strict=True):
        assert np.abs(got - wanted).max() <= backends.TOLERANCE * np.abs(wanted).max()
        assert np.ptp(wanted) > 0.01


def test_the_model_describes_itself_as_its_checkpoint_does(checkpoint, onnx_model):
    info, told = read_info(checkpoint), backends.load(onnx_model).info
    assert (told.sha256, told.multiple, told.reach) == (info.sha256, info.multiple, info.reach)


def test_the_model_is_one_file_with_named_ends_and_no_paths_of_its_maker(checkpoint, onnx_model):
    model = onnx.load(str(onnx_model))
    assert [value.name for value in model.graph.input] == ["image", "mask"]
    assert [value.name for value in model.graph.output] == ["restored", "mask_out"]
    assert model.opset_import[0].version == onnx_export.OPSET
    description = json.loads(next(entry.value for entry in model.metadata_props if entry.key == KEY))
    assert description["domain"] == "equalised"
    assert description["outputs"] == ["restored", "mask_out"]
    assert str(Path(onnx_export.__file__).parents[1]).encode() not in onnx_model.read_bytes()
    assert sorted(path.name for path in onnx_model.parent.glob(f"{checkpoint.stem}.onnx*")) == [onnx_model.name]


def test_a_model_for_straightened_windows_names_its_ends_and_what_it_sees(straight_checkpoint, straight_onnx):
    model, info = onnx.load(str(straight_onnx)), read_info(straight_checkpoint)
    assert [value.name for value in model.graph.input] == ["image", "mask", "place"]
    assert [value.name for value in model.graph.output] == ["filled", "reached", "scale"]
    description = json.loads(next(entry.value for entry in model.metadata_props if entry.key == KEY))
    assert description["domain"] == "noise"
    assert (description["inputs"], description["outputs"]) == (
        ["image", "mask", "place"],
        ["filled", "reached", "scale"],
    )
    told = backends.load(straight_onnx).info
    assert (told.sha256, told.multiple, told.reach) == (info.sha256, info.multiple, info.reach)


def test_a_failing_proof_leaves_nothing_behind(checkpoint, onnx_model, tmp_path, monkeypatch):
    def refuse(*_):
        raise ExportError("differs")

    ready = onnx.load(str(onnx_model))
    del ready.metadata_props[:]
    monkeypatch.setattr(onnx_export, "_translated", lambda *_: ready)
    monkeypatch.setattr(onnx_export, "verify", refuse)
    with pytest.raises(ExportError, match="differs"):
        onnx_export.export(checkpoint, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not default_checkpoint().is_file(), reason="no weights are shipped yet")
def test_the_shipped_model_equals_the_shipped_checkpoint():
    verify.verify(backends.OnnxInpainter(backends.default_onnx()), default_checkpoint())
