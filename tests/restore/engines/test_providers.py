"""Where onnxruntime runs: what was asked for, or an error that says what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from corinpaint.lasco.errors import CheckpointError, CorInpaintError, OptionError
from corinpaint.restore.engines import fingerprints, providers
from corinpaint.restore.engines.onnx import OnnxInpainter

ALL = [providers.TENSORRT, providers.CUDA, providers.CPU]


class Session(onnxruntime.InferenceSession):
    """A session on the CPU that says it got the providers it was asked for, as one on a GPU does."""

    asked: list[object]
    kept: tuple[str, ...] = tuple(ALL)

    def __init__(self, content, options, providers, enable_fallback):
        Session.asked = [providers, enable_fallback]
        super().__init__(content, options, providers=["CPUExecutionProvider"])

    def get_providers(self):
        return [name for name in [name for name, _ in Session.asked[0]] + [providers.CPU] if name in self.kept]


@pytest.fixture
def gpu(monkeypatch) -> type[Session]:
    """onnxruntime as it is on a machine with a GPU, but for where the sums are done."""
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ALL)
    bound = providers._bound
    monkeypatch.setattr(providers, "_bound", lambda session, given, _: bound(session, given, "cpu"))
    return Session


def test_the_cpu_is_the_default_and_is_told(onnx_model):
    assert OnnxInpainter(onnx_model).info.provider == "cpu"


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_gpu_that_the_package_was_not_built_for_is_an_error_with_the_remedy(onnx_model, provider):
    if providers.CUDA in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime is built for GPUs")
    with pytest.raises(OptionError, match=rf"'{provider}'.*built without.*install corinpaint\[gpu\]"):
        OnnxInpainter(onnx_model, provider=provider)


@pytest.mark.parametrize(("provider", "missing"), [("cuda", providers.CUDA), ("tensorrt", providers.TENSORRT)])
def test_a_gpu_that_is_listed_but_not_there_is_an_error_and_no_silent_fall_to_the_cpu(
    onnx_model, gpu, monkeypatch, provider, missing
):
    monkeypatch.setattr(gpu, "kept", (providers.CPU,))
    with pytest.raises(OptionError, match=rf"{missing} is unavailable.*fell back to CPUExecutionProvider.*choose"):
        OnnxInpainter(onnx_model, provider=provider)


def test_tensorrt_without_cuda_beside_it_is_an_error(onnx_model, gpu, monkeypatch):
    monkeypatch.setattr(gpu, "kept", (providers.TENSORRT, providers.CPU))
    with pytest.raises(OptionError, match=r"CUDAExecutionProvider is unavailable.*nvidia-smi"):
        OnnxInpainter(onnx_model, provider="tensorrt")


def test_a_gpu_session_that_fails_to_open_is_an_error_of_the_gpu(onnx_model, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("CUDA failure 35: driver too old\nmore")

    monkeypatch.setattr(onnxruntime, "InferenceSession", fail)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ALL)
    with pytest.raises(OptionError, match=r"driver too old\).*nvidia-smi"):
        OnnxInpainter(onnx_model, provider="cuda")


@pytest.mark.parametrize(("provider", "names"), [("cuda", ALL[1:2]), ("tensorrt", ALL[:2])])
def test_a_gpu_is_asked_for_in_full_precision_and_without_a_fallback(onnx_model, gpu, provider, names):
    engine = OnnxInpainter(onnx_model, provider=provider)
    asked, fallback = gpu.asked
    assert engine.info.provider == provider
    assert [name for name, _ in asked] == names
    assert dict(asked)[providers.CUDA] == {"use_tf32": "0"}
    assert not fallback


@pytest.mark.usefixtures("gpu")
def test_a_batch_that_is_bound_to_a_device_gives_the_same(onnx_model, example):
    plain, bound = OnnxInpainter(onnx_model), OnnxInpainter(onnx_model, provider="cuda")
    for one, other in zip(plain.fill(*example), bound.fill(*example), strict=True):
        assert (one is None and other is None) or np.array_equal(one, other)


@pytest.fixture(scope="module")
def example() -> tuple[np.ndarray, np.ndarray]:
    """An image with a hole, a batch of two."""
    image = np.random.default_rng(0).random((2, 1, 128, 128), dtype=np.float32)
    mask = np.ones_like(image)
    mask[..., 40:72, 40:72] = 0
    return image * mask, mask


def test_an_unknown_provider_is_refused_with_those_there_are(onnx_model):
    with pytest.raises(OptionError, match=r"'rocm'.*cpu, cuda, tensorrt"):
        OnnxInpainter(onnx_model, provider="rocm")


def test_what_onnxruntime_fails_on_is_an_error_that_names_the_model_and_the_shapes(onnx_model):
    session = providers.open_session(onnx_model, onnx_model.read_bytes(), 1, "cpu")
    wrong = np.zeros((1, 2, 64, 64), np.float32)
    with pytest.raises(CorInpaintError, match=r"small\.onnx: onnxruntime failed on image \(1, 2, 64, 64\)"):
        providers.run(session, onnx_model, {"image": wrong, "mask": wrong}, None)


def test_want_of_memory_is_an_error_with_a_remedy():
    class Full:
        def run(self, *_):
            raise RuntimeError("Failed to allocate memory for requested buffer of size 99\ntrace")

    with pytest.raises(CorInpaintError, match=r"m\.onnx: .*requested buffer of size 99\); .*fewer windows"):
        providers.run(Full(), Path("m.onnx"), {"image": np.zeros((1, 1, 8, 8), np.float32)}, None)


def test_threads_are_those_asked_for_and_one_between_operators(onnx_model):
    session = providers.open_session(onnx_model, onnx_model.read_bytes(), 3, "cpu")
    options = session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)


@pytest.mark.parametrize("spin", [True, False])
def test_threads_that_wait_spin_only_where_they_may(onnx_model, spin):
    session = providers.open_session(onnx_model, onnx_model.read_bytes(), 2, "cpu", spin)
    options = session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == str(int(spin))


def test_a_file_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"bad\.onnx: not a readable ONNX model"):
        providers.open_session(tmp_path / "bad.onnx", b"nothing", 1, "cpu")


@pytest.mark.usefixtures("gpu")
def test_engines_that_round_to_tf32_are_given_the_tolerance_of_half_precision(onnx_model, monkeypatch):
    told = []
    monkeypatch.setattr(fingerprints, "check", lambda *given: told.append(given[-1]))
    for provider in ("cpu", "cuda", "tensorrt"):
        OnnxInpainter(onnx_model, provider=provider)
    assert told == [0.0, 0.0, fingerprints.TOLERANCE["mixed"]]
