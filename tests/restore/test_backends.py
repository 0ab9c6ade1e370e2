"""The engines: one interface, one answer, clear errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from corinpaint.lasco import blocks
from corinpaint.lasco.assets import load_assets
from corinpaint.lasco.errors import CheckpointError, OptionError, WrongShapeError
from corinpaint.lasco.frame import read_frame
from corinpaint.restore import backends, pipeline
from corinpaint.restore.filling import fill_with_network
from corinpaint.restore.survey import survey

pytest.importorskip("torch")
pytest.importorskip("onnxscript")


@pytest.fixture(scope="module")
def exports(checkpoint, trace, onnx_model) -> dict[str, Path]:
    """A small network with random weights, for each engine."""
    return {"torch": checkpoint, "torchscript": trace, "onnxruntime": onnx_model}


def test_every_engine_gives_the_same_answer_on_a_frame(exports, make_frame):
    frame = read_frame(make_frame(lost=((20, 20), (20, 21), (8, 12), (6, 20))))
    products = {}
    for name, path in exports.items():
        engine = backends.load(path)
        assert engine.info.engine == name
        products[name] = pipeline.restore(frame, inpainter=engine).level1
    reference = products["torch"]
    filled = reference.mask & 1 > 0
    assert filled.sum() > 4000
    for product in products.values():
        assert np.array_equal(product.mask, reference.mask)
        assert np.array_equal(product.data[~filled], reference.data[~filled], equal_nan=True)
        assert np.abs(product.data[filled] / reference.data[filled] - 1).max() < 1e-2


def test_every_engine_keeps_observed_pixels_and_agrees_within_the_tolerance(exports):
    rng = np.random.default_rng(0)
    image = rng.random((2, 1, 192, 256), dtype=np.float32)
    mask = np.ones_like(image)
    mask[0, 0, 64:96, 32:160] = 0
    mask[1, 0, 100:, 200:] = 0
    answers = {name: backends.load(path).fill(image, mask) for name, path in exports.items()}
    for answer in answers.values():
        assert np.array_equal(answer.image[mask > 0], image[mask > 0])
        assert np.array_equal(answer.reached, answers["torch"].reached)
        assert np.abs(answer.image - answers["torch"].image).max() < backends.TOLERANCE


def test_every_engine_fills_a_frame_by_straightened_windows_alike(
    straight_checkpoint, straight_trace, straight_onnx, make_frame
):
    around = survey(read_frame(make_frame(lost=((20, 20), (20, 21), (8, 12)))), load_assets())
    zones = tuple(blocks.zones(around.missing))
    engines = [backends.load(path) for path in (straight_checkpoint, straight_trace, straight_onnx)]
    assert {engine.info.domain for engine in engines} == {"noise"}
    (reference, reached), *others = [fill_with_network(around, zones, engine) for engine in engines]
    hole = blocks.expand(around.missing) & around.field
    assert np.array_equal(reached, hole)
    for exposed, reached_too in others:
        assert np.array_equal(reached_too, reached)
        assert np.allclose(exposed.brightness[hole], reference.brightness[hole], rtol=1e-3)
        assert np.allclose(exposed.variance[hole], reference.variance[hole], rtol=1e-2)


def test_every_engine_names_the_same_weights(exports):
    assert len({backends.load(path).info.sha256 for path in exports.values()}) == 1


def test_an_engine_is_opened_once_per_process(exports):
    assert backends.load(exports["onnxruntime"]) is backends.load(exports["onnxruntime"])


@pytest.mark.parametrize("name", ["absent.onnx", "absent.pt", "absent.safetensors"])
def test_a_missing_model_is_named(name, tmp_path):
    with pytest.raises(CheckpointError, match=name):
        backends.load(tmp_path / name)


@pytest.mark.parametrize("name", ["damaged.onnx", "damaged.pt", "damaged.safetensors"])
def test_a_damaged_model_is_named(name, tmp_path):
    (tmp_path / name).write_bytes(b"\x08\x01 nothing of the kind " * 50)
    with pytest.raises(CheckpointError, match=name):
        backends.load(tmp_path / name)


def test_an_onnx_model_of_somebody_else_is_refused(tmp_path):
    onnx = pytest.importorskip("onnx")
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["x"], ["y"])],
        "other",
        [value],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    onnx.save_model(model, str(tmp_path / "other.onnx"))
    with pytest.raises(CheckpointError, match="not an export of CorInpaint"):
        backends.load(tmp_path / "other.onnx")


def test_an_unknown_kind_of_model_is_refused_with_the_kinds_there_are(tmp_path):
    with pytest.raises(OptionError, match=r"\.onnx"):
        backends.load(tmp_path / "model.h5")


def test_a_description_tells_what_the_network_sees():
    text = json.dumps({"corinpaint_version": "1", "sha256": "0", "multiple": 64, "reach": 99, "domain": "noise"})
    told = backends.parse_info(Path("x.onnx"), "onnxruntime", text)
    assert told == backends.ModelInfo(Path("x.onnx"), "onnxruntime", "1", "0", 64, 99, "noise")


def test_an_incomplete_description_is_refused():
    with pytest.raises(CheckpointError, match="no description"):
        backends.parse_info(Path("x.onnx"), "onnxruntime", json.dumps({"sha256": "0"}))


def test_a_size_that_does_not_fit_is_refused_with_the_multiple(exports):
    engine = backends.load(exports["onnxruntime"])
    with pytest.raises(WrongShapeError, match=str(engine.info.multiple)):
        engine.fill(np.zeros((1, 1, 100, 128), np.float32), np.ones((1, 1, 100, 128), np.float32))
