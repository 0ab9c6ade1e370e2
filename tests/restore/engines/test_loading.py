"""The engines: one interface, one answer, clear errors."""

from __future__ import annotations

import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from corinpaint.lasco.errors import CheckpointError, OptionError, WrongShapeError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore import pipeline
from corinpaint.restore.engines import base, loading
from corinpaint.restore.network.adapters import adapt

pytest.importorskip("torch")
pytest.importorskip("onnxscript")


@pytest.fixture(scope="module")
def exports(checkpoint, trace, onnx_model) -> dict[str, Path]:
    """A small network with random weights, for each engine."""
    return {"torch": checkpoint, "torchscript": trace, "onnxruntime": onnx_model}


def test_every_engine_gives_the_same_answer_on_a_frame(exports, make_frame):
    frame = read_frame(make_frame(missing=((20, 20), (20, 21), (8, 12), (6, 20))))
    products = {}
    for name, path in exports.items():
        engine = loading.load(path)
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
    answers = {name: loading.load(path).fill(image, mask) for name, path in exports.items()}
    for answer in answers.values():
        assert np.array_equal(answer.image[mask > 0], image[mask > 0])
        assert np.array_equal(answer.reached, answers["torch"].reached)
        assert np.abs(answer.image - answers["torch"].image).max() < base.TOLERANCE


def test_every_engine_fills_a_frame_by_log_polar_windows_alike(
    log_polar_checkpoint, log_polar_trace, log_polar_onnx, make_frame
):
    calibrated = calibrate_on_detector(
        read_frame(make_frame(missing=((20, 20), (20, 21), (8, 12)))), load_calibration_set()
    )
    zones = tuple(blocks.zones(calibrated.missing_in_field))
    engines = [loading.load(path) for path in (log_polar_checkpoint, log_polar_trace, log_polar_onnx)]
    assert {engine.info.domain for engine in engines} == {"noise"}
    (reference, reached), *others = [adapt(engine).fill(calibrated, zones) for engine in engines]
    hole = blocks.to_pixels(calibrated.missing_in_field) & calibrated.field
    assert np.array_equal(reached, hole)
    for exposed, reached_too in others:
        assert np.array_equal(reached_too, reached)
        assert np.allclose(exposed.brightness[hole], reference.brightness[hole], rtol=1e-3)
        assert np.allclose(exposed.variance[hole], reference.variance[hole], rtol=1e-2)


def test_every_engine_names_the_same_weights(exports):
    assert len({loading.load(path).info.sha256 for path in exports.values()}) == 1


def test_an_engine_is_opened_once_per_process(exports):
    assert loading.load(exports["onnxruntime"]) is loading.load(exports["onnxruntime"])


def test_threads_that_ask_for_an_engine_at_once_get_one(tmp_path, monkeypatch):
    opened = []

    class Slow:
        def __init__(self, *_):
            opened.append(self)
            time.sleep(0.2)

    monkeypatch.setattr(loading, "OnnxInpainter", Slow)
    start = Barrier(4)

    def ask(_: int) -> base.Inpainter:
        start.wait(10)
        return loading.load(tmp_path / "asked.onnx")

    with ThreadPoolExecutor(4) as pool:
        engines = list(pool.map(ask, range(4)))
    assert len(opened) == 1
    assert all(engine is opened[0] for engine in engines)


@pytest.mark.parametrize("name", ["absent.onnx", "absent.pt", "absent.pt2", "absent.safetensors"])
def test_a_missing_model_is_named(name, tmp_path):
    with pytest.raises(CheckpointError, match=name):
        loading.load(tmp_path / name)


@pytest.mark.parametrize("name", ["damaged.onnx", "damaged.pt", "damaged.pt2", "damaged.safetensors"])
def test_a_damaged_model_is_named(name, tmp_path):
    (tmp_path / name).write_bytes(b"\x08\x01 nothing of the kind " * 50)
    with pytest.raises(CheckpointError, match=name):
        loading.load(tmp_path / name)


def test_an_unknown_kind_of_model_is_refused_with_the_kinds_there_are(tmp_path):
    with pytest.raises(OptionError, match=r"\.onnx"):
        loading.load(tmp_path / "model.h5")


@pytest.mark.parametrize("name", ["onnxruntime", "torchscript"])
def test_a_size_that_does_not_fit_is_refused_with_the_multiple(exports, name):
    engine = loading.load(exports[name])
    with pytest.raises(WrongShapeError, match=str(engine.info.multiple)):
        engine.fill(np.zeros((1, 1, 100, 128), np.float32), np.ones((1, 1, 100, 128), np.float32))


def test_a_place_is_refused_by_a_network_that_takes_none(exports):
    with pytest.raises(WrongShapeError, match="place must be left out"):
        loading.load(exports["onnxruntime"]).fill(
            *(np.zeros(shape, np.float32) for shape in ((1, 1, 128, 128), (1, 1, 128, 128), (1, 2)))
        )


def test_a_trace_whose_weights_were_changed_is_refused(trace, tmp_path):
    with zipfile.ZipFile(trace) as archive:
        weights = [member for member in archive.infolist() if "/constants/" in member.filename]
        largest = max(weights, key=lambda member: member.file_size)
        content = bytearray(trace.read_bytes())
        start = content.index(archive.read(largest))
    content[start + 3] ^= 0x40
    (tmp_path / "damaged.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"damaged\.pt: damaged"):
        loading.load(tmp_path / "damaged.pt")


def test_a_model_is_opened_anew_for_another_number_of_threads_and_once_however_it_is_asked_for(onnx_model):
    first = loading.load(onnx_model, 1)
    assert loading.load(path=onnx_model, threads=1, provider="cpu") is first
    assert loading.load(onnx_model, 2) is not first


@pytest.mark.parametrize("name", ["x.pt", "x.pt2", "x.safetensors"])
def test_a_provider_is_refused_by_engines_that_have_none(tmp_path, name):
    with pytest.raises(OptionError, match=r"'cuda' is one of onnxruntime's; give an \.onnx file"):
        loading.load(tmp_path / name, provider="cuda")
