"""The network on onnxruntime."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from corinpaint.lasco.errors import CheckpointError, WrongShapeError
from corinpaint.model.metadata import KEY
from corinpaint.restore.engines import fingerprints, loading
from corinpaint.restore.engines.onnx import default_onnx

pytest.importorskip("torch")
pytest.importorskip("onnxscript")


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, dtype=np.float32)


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
        loading.load(tmp_path / "other.onnx")


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
def test_windows_that_do_not_fit_together_are_refused_by_name_of_the_model(log_polar_onnx, given, message):
    with pytest.raises(WrongShapeError, match=rf"straight\.onnx: .*{message}"):
        loading.load(log_polar_onnx).fill(*given)


def test_what_stands_under_a_mask_of_zero_does_not_matter_nan_included(log_polar_onnx):
    image, mask, place = fingerprints.given("noise", 64)
    engine = loading.load(log_polar_onnx)
    clean, spoiled = (engine.fill(np.where(mask > 0, image, np.float32(under)), mask, place) for under in (0, np.nan))
    for one, other in zip(clean, spoiled, strict=True):
        assert np.isfinite(one).all()
        assert np.array_equal(one, other)


def test_eight_threads_get_what_one_gets(log_polar_onnx):
    engine = loading.load(log_polar_onnx, threads=1)
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
        loading.load(tmp_path / "damaged.onnx")


def test_a_model_whose_weights_were_edited_is_refused_by_its_fingerprint_though_its_hash_is_right(
    log_polar_onnx, tmp_path
):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(log_polar_onnx))
    weights = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    weights.raw_data = (np.frombuffer(weights.raw_data, "<f4") * np.float32(1.5)).tobytes()
    description = next(entry for entry in model.metadata_props if entry.key == KEY)
    values = json.loads(description.value) | {"file_sha256": fingerprints.BLANK}
    description.value = json.dumps(values, sort_keys=True)
    (tmp_path / "edited.onnx").write_bytes(fingerprints.sealed(model.SerializeToString()))
    with pytest.raises(CheckpointError, match=r"edited\.onnx: onnxruntime \(cpu\) gives another output"):
        loading.load(tmp_path / "edited.onnx")


def test_the_shipped_export_has_the_format_that_the_oldest_promised_onnxruntime_reads():
    """It runs there in benchmarks/oldest_onnxruntime.py: 1.17 reads format (IR) 9 and operator set 20, none newer."""
    onnx = pytest.importorskip("onnx")
    model = onnx.load(default_onnx())
    assert model.ir_version <= 9
    assert {one.domain: one.version for one in model.opset_import}[""] <= 20
