"""Methods of a benchmark by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corinpaint.evaluate.context_frames import ContextFrames, Sides
from corinpaint.evaluate.methods import load_methods, networks
from corinpaint.lasco.errors import CheckpointError, OptionError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.engines import loading

HOLE = np.zeros((32, 32), dtype=bool)
HOLE[20, 20] = True


def test_networks_come_by_their_file_and_by_name_and_report_their_weights(make_frame, onnx_model, echo, monkeypatch):
    opened = loading.load
    monkeypatch.setattr(loading, "load", lambda path, threads: opened(path, threads) if path else echo)
    methods, weights = load_methods(["network", "harmonic"], [onnx_model])
    assert list(methods) == [onnx_model.name, "network", "harmonic"]
    assert f"network {echo.info.sha256}" in weights
    around = calibrate_on_detector(read_frame(make_frame(missing=((20, 20),))), load_calibration_set())
    hole = blocks.to_pixels(HOLE) & around.field
    for name in ("network", "harmonic"):
        filled = methods[name](around, HOLE, ())
        assert np.isfinite(filled.brightness[hole]).all()
        assert np.array_equal(filled.brightness[~hole], around.brightness[~hole], equal_nan=True)


def test_an_unknown_method_is_refused_with_the_choices():
    with pytest.raises(OptionError, match="'magic' is unknown; choose of network, network"):
        load_methods(["magic"])


def test_a_missing_network_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"none\.onnx"):
        load_methods([], [tmp_path / "none.onnx"])


def test_methods_with_context_fill_from_it_and_find_nothing_without(sequence):
    frame = read_frame(sequence[2])
    holed = replace(frame, data=np.where(blocks.to_pixels(HOLE), np.float32(0), frame.data))
    around = calibrate_on_detector(holed, load_calibration_set())
    hole = blocks.to_pixels(HOLE) & around.field
    with_context = load_methods(["temporal"])[0]["temporal"](around, HOLE, ContextFrames(sequence, 2).before(around))
    assert np.isfinite(with_context.brightness[hole]).all()
    without = load_methods(["temporal"])[0]["temporal"](around, HOLE, ())
    assert np.isnan(without.brightness[hole]).all()
    assert np.array_equal(without.brightness[~hole], around.brightness[~hole], equal_nan=True)


def test_each_kind_of_context_is_a_method_of_its_own_and_is_given_its_frames(sequence):
    holed = replace(frame := read_frame(sequence[1]), data=np.where(blocks.to_pixels(HOLE), np.float32(0), frame.data))
    around = calibrate_on_detector(holed, load_calibration_set())
    methods, _ = load_methods(["temporal", "harmonic"], sides=[Sides(2), Sides(1, 1)])
    assert list(methods) == ["temporal", "temporal 1+1", "harmonic"]
    hole = blocks.to_pixels(HOLE) & around.field
    for later, filled in ((0, False), (1, True)):
        context = ContextFrames(sequence, 2, later).of(around)
        assert np.isfinite(methods["temporal"](around, HOLE, context).brightness[hole]).all()
        assert np.isfinite(methods["temporal 1+1"](around, HOLE, context).brightness[hole]).all() == filled


@pytest.mark.slow
def test_networks_of_both_designs_are_benchmarked_from_their_checkpoints(make_frame, checkpoint, log_polar_checkpoint):
    methods, weights = load_methods([], [checkpoint, log_polar_checkpoint])
    around = calibrate_on_detector(read_frame(make_frame(missing=((20, 20),))), load_calibration_set())
    hole = blocks.to_pixels(HOLE) & around.field
    fills = [method(around, HOLE, ()).brightness[hole] for method in methods.values()]
    assert len(fills) == weights.count(".safetensors") == 2
    assert np.isfinite(fills).all()
    assert not np.array_equal(*fills)


def test_networks_are_named_with_their_files_and_hashes(checkpoint, echo, monkeypatch):
    opened = loading.load
    monkeypatch.setattr(loading, "load", lambda path, threads: opened(path, threads) if path else echo)
    found = networks(["harmonic", "network+context"], [checkpoint])
    assert found["network"] == (None, echo.info.sha256)
    assert found[checkpoint.name] == (checkpoint, opened(checkpoint).info.sha256)
    assert networks(["harmonic"]) == {}
