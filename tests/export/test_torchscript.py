"""The TorchScript trace: it gives the results of its checkpoint, describes itself, and is never left incomplete."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from corinpaint.export import publish, torchscript
from corinpaint.lasco.errors import ExportError, OutputError
from corinpaint.model.metadata import read_info
from corinpaint.restore.engines import base, loading
from corinpaint.restore.engines.torch import TorchScriptInpainter


def test_the_trace_gives_the_results_of_the_checkpoint_for_another_size_and_batch(trace, example):
    restored, mask_out, scale = loading.load(trace).fill(example.image, example.mask)
    assert scale is None
    assert np.abs(restored - example.restored).max() <= base.TOLERANCE
    assert np.array_equal(mask_out, example.mask_out)
    assert np.array_equal(restored[example.mask > 0], example.image[example.mask > 0])


def test_a_network_for_log_polar_windows_gives_the_results_of_its_checkpoint(log_polar_trace, log_polar_example):
    engine = loading.load(log_polar_trace)
    output = engine.fill(*log_polar_example.inputs)
    assert engine.info.domain == "noise"
    assert np.array_equal(output.reached, log_polar_example.expected.reached)
    for actual, expected in zip((output.image, output.scale), log_polar_example.expected[::2], strict=True):
        assert np.abs(actual - expected).max() <= base.TOLERANCE * np.abs(expected).max()
        assert np.ptp(expected) > 0.01


def test_the_trace_describes_itself_as_its_checkpoint_does(checkpoint, trace):
    info, described = read_info(checkpoint), loading.load(trace).info
    assert (described.sha256, described.multiple, described.reach) == (info.sha256, info.multiple, info.reach)


def test_the_trace_holds_no_paths_of_this_machine(log_polar_trace):
    with zipfile.ZipFile(log_polar_trace) as archive:
        for name in archive.namelist():
            assert str(Path(torchscript.__file__).parents[1]).encode() not in archive.read(name), name


def test_the_serialization_id_is_replaced_by_zeros(trace):
    with zipfile.ZipFile(trace) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("serialization_id")]
        assert archive.read(name) == b"0" * 40


def test_an_export_replaces_an_existing_file(checkpoint, trace, tmp_path):
    target = tmp_path / "model.pt"
    target.write_bytes(b"old")
    assert torchscript.export(checkpoint, target) == target
    assert TorchScriptInpainter(target).info.sha256 == TorchScriptInpainter(trace).info.sha256


@pytest.mark.slow
def test_a_failed_verification_leaves_no_file_behind(checkpoint, tmp_path, monkeypatch):
    def refuse(*_):
        raise ExportError("differs")

    monkeypatch.setattr(publish, "verify", refuse)
    with pytest.raises(ExportError, match="differs"):
        torchscript.export(checkpoint, tmp_path / "model.pt")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_created_is_an_error_with_a_remedy(checkpoint, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        torchscript.export(checkpoint, tmp_path / "file" / "model.pt")
