"""The TorchScript trace: it equals its checkpoint, describes itself, and appears whole or not at all."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from corinpaint.export import torchscript
from corinpaint.lasco.errors import ExportError, OutputError
from corinpaint.model.metadata import read_info
from corinpaint.restore.engines import base, loading
from corinpaint.restore.engines.torch import TorchScriptInpainter


def test_the_trace_gives_what_the_checkpoint_gives_on_a_size_and_batch_of_its_own(trace, example):
    restored, mask_out, scale = loading.load(trace).fill(example.image, example.mask)
    assert scale is None
    assert np.abs(restored - example.restored).max() <= base.TOLERANCE
    assert np.array_equal(mask_out, example.mask_out)
    assert np.array_equal(restored[example.mask > 0], example.image[example.mask > 0])


def test_a_network_for_straightened_windows_gives_what_its_checkpoint_gives(straight_trace, straight_example):
    engine = loading.load(straight_trace)
    answer = engine.fill(*straight_example.given)
    assert engine.info.domain == "noise"
    assert np.array_equal(answer.reached, straight_example.wanted.reached)
    for got, wanted in zip((answer.image, answer.scale), straight_example.wanted[::2], strict=True):
        assert np.abs(got - wanted).max() <= base.TOLERANCE * np.abs(wanted).max()
        assert np.ptp(wanted) > 0.01


def test_the_trace_describes_itself_as_its_checkpoint_does(checkpoint, trace):
    info, told = read_info(checkpoint), loading.load(trace).info
    assert (told.sha256, told.multiple, told.reach) == (info.sha256, info.multiple, info.reach)


def test_the_trace_holds_no_paths_of_its_maker(straight_trace):
    with zipfile.ZipFile(straight_trace) as archive:
        for name in archive.namelist():
            assert str(Path(torchscript.__file__).parents[1]).encode() not in archive.read(name), name


def test_the_trace_has_no_serialization_id_of_its_own(trace):
    with zipfile.ZipFile(trace) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("serialization_id")]
        assert archive.read(name) == b"0" * 40


def test_an_export_replaces_the_one_that_is_there(checkpoint, trace, tmp_path):
    target = tmp_path / "model.pt"
    target.write_bytes(b"old")
    assert torchscript.export(checkpoint, target) == target
    assert TorchScriptInpainter(target).info.sha256 == TorchScriptInpainter(trace).info.sha256


def test_a_failing_proof_leaves_nothing_behind(checkpoint, tmp_path, monkeypatch):
    def refuse(*_):
        raise ExportError("differs")

    monkeypatch.setattr(torchscript, "verify", refuse)
    with pytest.raises(ExportError, match="differs"):
        torchscript.export(checkpoint, tmp_path / "model.pt")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error_with_a_remedy(checkpoint, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        torchscript.export(checkpoint, tmp_path / "file" / "model.pt")
