"""The engines: one interface, one answer, clear errors."""

from __future__ import annotations

import json
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from corinpaint.lasco import blocks
from corinpaint.lasco.assets import load_assets
from corinpaint.lasco.errors import CheckpointError, OptionError, WrongShapeError
from corinpaint.lasco.frame import read_frame
from corinpaint.model.metadata import KEY
from corinpaint.restore import backends, fingerprint, pipeline
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


def test_threads_that_ask_for_an_engine_at_once_get_one(tmp_path, monkeypatch):
    opened = []

    class Slow:
        def __init__(self, *_):
            opened.append(self)
            time.sleep(0.2)

    monkeypatch.setattr(backends, "OnnxInpainter", Slow)
    start = Barrier(4)

    def ask(_: int) -> backends.Inpainter:
        start.wait(10)
        return backends.load(tmp_path / "asked.onnx")

    with ThreadPoolExecutor(4) as pool:
        engines = list(pool.map(ask, range(4)))
    assert len(opened) == 1
    assert all(engine is opened[0] for engine in engines)


@pytest.mark.parametrize("name", ["absent.onnx", "absent.pt", "absent.pt2", "absent.safetensors"])
def test_a_missing_model_is_named(name, tmp_path):
    with pytest.raises(CheckpointError, match=name):
        backends.load(tmp_path / name)


@pytest.mark.parametrize("name", ["damaged.onnx", "damaged.pt", "damaged.pt2", "damaged.safetensors"])
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
    assert (told.provider, told.precision) == ("cpu", "float32")


def test_an_incomplete_description_is_refused():
    with pytest.raises(CheckpointError, match="no description"):
        backends.parse_info(Path("x.onnx"), "onnxruntime", json.dumps({"sha256": "0"}))


@pytest.mark.parametrize("key", ["multiple", "reach"])
@pytest.mark.parametrize("value", [0, -64, 10**6, 1.5, True, "64", None, float("inf"), float("nan")])
def test_a_description_with_a_size_that_cannot_be_is_refused_by_name_of_the_key(key, value):
    values = {"corinpaint_version": "1", "sha256": "0", "multiple": 64, "reach": 99, "domain": "noise", key: value}
    with pytest.raises(CheckpointError, match=rf"x\.onnx: its description says {key} "):
        backends.parse_info(Path("x.onnx"), "onnxruntime", json.dumps(values))


def test_a_description_with_an_unknown_domain_is_refused_with_those_there_are():
    values = {"corinpaint_version": "1", "sha256": "0", "multiple": 64, "reach": 99, "domain": "other"}
    with pytest.raises(CheckpointError, match="domain 'other', not equalised or noise"):
        backends.parse_info(Path("x.onnx"), "onnxruntime", json.dumps(values))


@pytest.mark.parametrize("name", ["onnxruntime", "torchscript"])
def test_a_size_that_does_not_fit_is_refused_with_the_multiple(exports, name):
    engine = backends.load(exports[name])
    with pytest.raises(WrongShapeError, match=str(engine.info.multiple)):
        engine.fill(np.zeros((1, 1, 100, 128), np.float32), np.ones((1, 1, 100, 128), np.float32))


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, dtype=np.float32)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((zeros(1, 1, 64, 64), zeros(1, 1, 64, 64), zeros(1, 2)), r"must both be \(N, 2,"),
        ((zeros(1, 2, 64, 64), zeros(1, 1, 64, 64), zeros(1, 2)), r"must both be \(N, 2,"),
        ((zeros(2, 2, 64, 64), zeros(2, 2, 64, 64), zeros(1, 2)), r"place must be \(2, 2\), not \(1, 2\)"),
        ((zeros(1, 2, 64, 64), zeros(1, 2, 64, 64)), r"place must be \(1, 2\), not left out"),
        ((zeros(0, 2, 64, 64), zeros(0, 2, 64, 64), zeros(0, 2)), "does not fit"),
    ],
)
def test_windows_that_do_not_fit_together_are_refused_by_name_of_the_model(straight_onnx, given, message):
    with pytest.raises(WrongShapeError, match=rf"straight\.onnx: .*{message}"):
        backends.load(straight_onnx).fill(*given)


def test_a_place_is_refused_by_a_network_that_takes_none(exports):
    with pytest.raises(WrongShapeError, match="place must be left out"):
        backends.load(exports["onnxruntime"]).fill(zeros(1, 1, 128, 128), zeros(1, 1, 128, 128), zeros(1, 2))


def test_what_stands_under_a_mask_of_zero_does_not_matter_nan_included(straight_onnx):
    image, mask, place = fingerprint.given("noise", 64)
    engine = backends.load(straight_onnx)
    clean, spoiled = (engine.fill(np.where(mask > 0, image, np.float32(under)), mask, place) for under in (0, np.nan))
    for one, other in zip(clean, spoiled, strict=True):
        assert np.isfinite(one).all()
        assert np.array_equal(one, other)


def test_eight_threads_get_what_one_gets(straight_onnx):
    engine = backends.load(straight_onnx, threads=1)
    random = np.random.default_rng(3)
    batches = []
    for size in (1, 2, 4) * 4:
        image = 30 * random.random((size, 2, 128, 64 * size), dtype=np.float32)
        mask = (random.random(image.shape) > 0.1).astype(np.float32)
        batches.append((image * mask, mask, np.full((size, 2), (300, 1), dtype=np.float32)))
    alone = [engine.fill(*batch) for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda batch: engine.fill(*batch), batches))
    for one, other in zip(alone, together, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("place", [0.3, 0.9])
def test_one_bit_changed_in_a_model_is_found_when_it_is_opened(onnx_model, tmp_path, place):
    content = bytearray(onnx_model.read_bytes())
    content[int(place * len(content))] ^= 1
    (tmp_path / "damaged.onnx").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"damaged\.onnx: damaged, or changed"):
        backends.load(tmp_path / "damaged.onnx")


def test_a_model_whose_weights_were_edited_is_refused_by_its_fingerprint_though_its_hash_is_right(
    straight_onnx, tmp_path
):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(straight_onnx))
    weights = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    weights.raw_data = (np.frombuffer(weights.raw_data, "<f4") * np.float32(1.5)).tobytes()
    description = next(entry for entry in model.metadata_props if entry.key == KEY)
    values = json.loads(description.value) | {"file_sha256": fingerprint.BLANK}
    description.value = json.dumps(values, sort_keys=True)
    (tmp_path / "edited.onnx").write_bytes(fingerprint.sealed(model.SerializeToString()))
    with pytest.raises(CheckpointError, match=r"edited\.onnx: onnxruntime \(cpu\) does not make of it"):
        backends.load(tmp_path / "edited.onnx")


def test_a_trace_whose_weights_were_changed_is_refused(trace, tmp_path):
    with zipfile.ZipFile(trace) as archive:
        weights = [member for member in archive.infolist() if "/constants/" in member.filename]
        largest = max(weights, key=lambda member: member.file_size)
        content = bytearray(trace.read_bytes())
        start = content.index(archive.read(largest))
    content[start + 3] ^= 0x40
    (tmp_path / "damaged.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"damaged\.pt: damaged"):
        backends.load(tmp_path / "damaged.pt")


def test_a_model_is_opened_anew_for_another_number_of_threads_and_once_however_it_is_asked_for(onnx_model):
    first = backends.load(onnx_model, 1)
    assert backends.load(path=onnx_model, threads=1, provider="cpu") is first
    assert backends.load(onnx_model, 2) is not first


@pytest.mark.parametrize("name", ["x.pt", "x.pt2", "x.safetensors"])
def test_a_provider_is_refused_by_engines_that_have_none(tmp_path, name):
    with pytest.raises(OptionError, match=r"'cuda' is one of onnxruntime's; give an \.onnx file"):
        backends.load(tmp_path / name, provider="cuda")
