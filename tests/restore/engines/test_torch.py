"""The engines that need torch."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from corinpaint.lasco.errors import CheckpointError
from corinpaint.restore.engines import torch as torch_backends

torch = pytest.importorskip("torch")


def test_the_threads_asked_for_are_torchs(checkpoint):
    before = torch.get_num_threads()
    try:
        torch_backends.TorchInpainter(checkpoint, threads=1)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_an_input_is_not_changed_and_need_not_be_writable(trace):
    image = np.random.default_rng(0).random((1, 1, 128, 128), dtype=np.float32)
    mask = np.ones_like(image)
    mask[..., 40:72, 40:72] = 0
    kept = image.copy()
    image.setflags(write=False)
    restored = torch_backends.TorchScriptInpainter(trace).fill(image, mask).image
    assert np.array_equal(image, kept)
    assert not np.array_equal(restored, image)


def test_a_network_for_log_polar_windows_gives_a_scale_beside_its_fill(log_polar_checkpoint, log_polar_trace):
    image = 30 * np.random.default_rng(0).random((1, 2, 64, 128), dtype=np.float32)
    given = image, np.ones_like(image), np.array([(300, 1)], dtype=np.float32)
    engines = torch_backends.TorchInpainter(log_polar_checkpoint), torch_backends.TorchScriptInpainter(log_polar_trace)
    first, second = (engine.fill(*given) for engine in engines)
    assert {engine.info.domain for engine in engines} == {"noise"}
    assert first.image.shape == first.reached.shape == first.scale.shape == (1, 1, 64, 128)
    for one, other in zip(first, second, strict=True):
        assert np.allclose(one, other, atol=1e-3)


def test_a_missing_torch_is_an_error_with_the_remedy(monkeypatch, checkpoint):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(CheckpointError, match=r"corinpaint\[train\]"):
        torch_backends.TorchInpainter(checkpoint)


def test_a_trace_without_a_description_is_refused(tmp_path):
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        torch.jit.save(torch.jit.trace(torch.nn.Identity(), torch.zeros(1)), str(tmp_path / "other.pt"))
    with pytest.raises(CheckpointError, match="not an export of CorInpaint"):
        torch_backends.TorchScriptInpainter(tmp_path / "other.pt")
