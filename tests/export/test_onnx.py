"""The ONNX model: it gives the results of its checkpoint, describes itself, and holds no paths of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from corinpaint.export import onnx as onnx_export
from corinpaint.export import publish, verify
from corinpaint.lasco.errors import ExportError, OptionError
from corinpaint.lasco.version import __version__
from corinpaint.model.checkpoint import load_checkpoint, save_checkpoint
from corinpaint.model.metadata import KEY, default_checkpoint, read_info
from corinpaint.model.stack import LayerStack, StackConfig
from corinpaint.model.unet import UNetConfig
from corinpaint.restore.engines import base, loading
from corinpaint.restore.engines.onnx import OnnxInpainter, default_onnx
from corinpaint.restore.engines.torch import TorchInpainter

pytestmark = pytest.mark.slow


def test_the_model_gives_the_results_of_the_checkpoint_for_another_size_and_batch(onnx_model, example):
    restored, mask_out, scale = loading.load(onnx_model).fill(example.image, example.mask)
    assert scale is None
    assert np.abs(restored - example.restored).max() <= base.TOLERANCE
    assert np.array_equal(mask_out, example.mask_out)
    assert np.array_equal(restored[example.mask > 0], example.image[example.mask > 0])


def test_a_network_for_log_polar_windows_gives_the_results_of_its_checkpoint(log_polar_onnx, log_polar_example):
    engine = loading.load(log_polar_onnx)
    output = engine.fill(*log_polar_example.inputs)
    assert engine.info.domain == "noise"
    assert np.array_equal(output.reached, log_polar_example.expected.reached)
    for actual, expected in zip((output.image, output.scale), log_polar_example.expected[::2], strict=True):
        assert np.abs(actual - expected).max() <= base.TOLERANCE * np.abs(expected).max()
        assert np.ptp(expected) > 0.01


@pytest.fixture(scope="module")
def moderate(tmp_path_factory) -> Path:
    """A small network whose values stay in the range of half precision, as those of trained ones do."""
    torch.manual_seed(0)
    stack = LayerStack(StackConfig(unet=UNetConfig(base=4, depth=3, max_width=8, bottom=1), prior="none", layers=1))
    torch.nn.init.normal_(stack.layers[0].last.weight, std=0.01)
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.mul_(0.5)
    path = tmp_path_factory.mktemp("moderate") / "moderate.safetensors"
    save_checkpoint(path, stack)
    return path


@pytest.fixture(scope="module")
def half(moderate) -> Path:
    return onnx_export.export(moderate, moderate.with_suffix(".fp16.onnx"), "mixed")


def test_the_model_in_half_precision_has_float32_outputs_and_nearly_the_same_results(moderate, half, example):
    engine = loading.load(half)
    assert engine.info.precision == "mixed"
    restored, mask_out, _ = engine.fill(example.image, example.mask)
    expected = TorchInpainter(moderate).fill(example.image, example.mask)
    assert restored.dtype == mask_out.dtype == np.float32
    assert 0 < np.abs(restored - expected.image).max() <= 1e-3
    assert np.array_equal(mask_out, expected.reached)


def test_the_model_in_half_precision_holds_its_weights_in_half_precision(moderate, half):
    parameters = sum(parameter.numel() for parameter in load_checkpoint(moderate)[0].parameters() if parameter.ndim > 1)
    halves = [part for part in onnx.load(str(half)).graph.initializer if part.data_type == onnx.TensorProto.FLOAT16]
    assert sum(len(part.raw_data) for part in halves) == 2 * parameters


def test_an_unknown_precision_is_refused(checkpoint, tmp_path):
    with pytest.raises(OptionError, match="float32 or mixed"):
        onnx_export.export(checkpoint, tmp_path / "x.onnx", "float8")


def test_a_model_in_half_precision_beside_the_checkpoint_is_not_copied_in_place_of_float32(
    moderate, half, tmp_path, monkeypatch
):
    for suffix, source in ((".safetensors", moderate), (".onnx", half)):
        (tmp_path / f"x{suffix}").write_bytes(source.read_bytes())
    made = []
    monkeypatch.setattr(onnx_export, "export", lambda *given: made.append(given))
    onnx_export.copy_or_export(tmp_path / "x.safetensors", tmp_path / "out.onnx")
    assert made == [(tmp_path / "x.safetensors", tmp_path / "out.onnx")]


def test_onnxruntime_has_every_operator_of_the_model_for_cuda_too(log_polar_onnx, onnx_model):
    """The CUDA provider has no kernel for Asinh, which the network uses, nor for similar operators."""
    for path in (log_polar_onnx, onnx_model):
        operators = {node.op_type for node in onnx.load(str(path)).graph.node}
        assert not operators & {"Asinh", "Acosh", "Atanh", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Tan"}


def test_the_shipped_model_and_every_export_open_in_onnxruntime_1_17(log_polar_onnx, half):
    """It reads the file format up to version 9 and the operator set up to 20, of no other domain than ONNX's own."""
    for path in (default_onnx(), log_polar_onnx, half):
        model = onnx.load(str(path))
        assert model.ir_version == onnx_export.IR_VERSION == 9
        assert [(operators.domain, operators.version) for operators in model.opset_import] == [("", 20)]
        assert not model.functions


def test_the_description_holds_everything_that_a_pipeline_needs(log_polar_onnx, log_polar_checkpoint):
    model = onnx.load(str(log_polar_onnx))
    described = json.loads(next(entry.value for entry in model.metadata_props if entry.key == KEY))
    info = read_info(log_polar_checkpoint)
    assert described["sha256"] == info.sha256
    assert (described["domain"], described["multiple"], described["reach"]) == ("noise", info.multiple, info.reach)
    assert (described["opset"], described["precision"], described["uncertainty"]) == (
        onnx_export.OPSET,
        "float32",
        "scale",
    )
    assert described["exported_by"] == __version__
    assert [len(values) for values in described["fingerprint"]["values"]] == [64, 64, 64]
    assert log_polar_onnx.read_bytes().count(described["file_sha256"].encode()) == 1


def test_the_model_describes_itself_as_its_checkpoint_does(checkpoint, onnx_model):
    info, described = read_info(checkpoint), loading.load(onnx_model).info
    assert (described.sha256, described.multiple, described.reach) == (info.sha256, info.multiple, info.reach)


def test_the_model_is_one_file_with_named_inputs_and_outputs_and_no_paths_of_this_machine(checkpoint, onnx_model):
    model = onnx.load(str(onnx_model))
    assert [value.name for value in model.graph.input] == ["image", "mask"]
    assert [value.name for value in model.graph.output] == ["restored", "mask_out"]
    assert model.opset_import[0].version == onnx_export.OPSET
    description = json.loads(next(entry.value for entry in model.metadata_props if entry.key == KEY))
    assert description["domain"] == "equalised"
    assert description["outputs"] == ["restored", "mask_out"]
    assert str(Path(onnx_export.__file__).parents[1]).encode() not in onnx_model.read_bytes()
    assert sorted(path.name for path in onnx_model.parent.glob(f"{checkpoint.stem}.onnx*")) == [onnx_model.name]


def test_a_model_for_log_polar_windows_names_its_inputs_outputs_and_domain(log_polar_checkpoint, log_polar_onnx):
    model, info = onnx.load(str(log_polar_onnx)), read_info(log_polar_checkpoint)
    assert [value.name for value in model.graph.input] == ["image", "mask", "place"]
    assert [value.name for value in model.graph.output] == ["filled", "reached", "scale"]
    description = json.loads(next(entry.value for entry in model.metadata_props if entry.key == KEY))
    assert description["domain"] == "noise"
    assert (description["inputs"], description["outputs"]) == (
        ["image", "mask", "place"],
        ["filled", "reached", "scale"],
    )
    described = loading.load(log_polar_onnx).info
    assert (described.sha256, described.multiple, described.reach) == (info.sha256, info.multiple, info.reach)


def test_a_failed_verification_leaves_no_file_behind(checkpoint, onnx_model, tmp_path, monkeypatch):
    def refuse(*_):
        raise ExportError("differs")

    ready = onnx.load(str(onnx_model))
    del ready.metadata_props[:]
    monkeypatch.setattr(onnx_export, "_convert", lambda *_: ready)
    monkeypatch.setattr(publish, "verify", refuse)
    with pytest.raises(ExportError, match="differs"):
        onnx_export.export(checkpoint, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not default_checkpoint().is_file(), reason="no weights are shipped yet")
def test_the_shipped_model_gives_the_results_of_the_shipped_checkpoint():
    verify.verify(OnnxInpainter(default_onnx()), default_checkpoint())


def test_a_network_for_sequences_gives_the_results_of_its_checkpoint(sequence_checkpoint, tmp_path):
    path = onnx_export.export(sequence_checkpoint, tmp_path / "sequence.onnx")
    random = np.random.default_rng(5)
    side = 3 * read_info(sequence_checkpoint).multiple
    image = 30 * random.random((2, 5, side, side), dtype=np.float32)
    mask = np.ones_like(image)
    mask[:, 0, 20:50, 30:60] = 0
    mask[1, 2:] = 0
    place = np.array([(100, 1, 0.2, 0.4, -0.2, -0.5), (300, 1.5, 1.0, 0, 0, 0)], dtype=np.float32)

    engines = loading.load(path), TorchInpainter(sequence_checkpoint)
    found, expected = (engine.fill(image * mask, mask, place) for engine in engines)

    assert engines[0].info.domain == "sequence"
    assert np.allclose(found.image, expected.image, atol=2e-3)
    assert np.allclose(found.scale, expected.scale, rtol=1e-3)
