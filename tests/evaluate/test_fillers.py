"""Methods of a benchmark by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from level05 import smooth_counts

from corinpaint.evaluate.fillers import Album, fillers
from corinpaint.lasco.errors import CheckpointError, OptionError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.optics import load_assets
from corinpaint.restore.engines import loading
from corinpaint.restore.survey import survey

HOLE = np.zeros((32, 32), dtype=bool)
HOLE[20, 20] = True


def test_networks_come_by_their_file_and_by_name_and_tell_their_weights(make_frame, onnx_model, echo, monkeypatch):
    opened = loading.load
    monkeypatch.setattr(loading, "load", lambda path, threads: opened(path, threads) if path else echo)
    methods, weights = fillers(["network", "harmonic"], [onnx_model])
    assert list(methods) == [onnx_model.name, "network", "harmonic"]
    assert f"network {echo.info.sha256}" in weights
    around = survey(read_frame(make_frame(lost=((20, 20),))), load_assets())
    hole = blocks.to_pixels(HOLE) & around.field
    for name in ("network", "harmonic"):
        filled = methods[name](around, HOLE)
        assert np.isfinite(filled.brightness[hole]).all()
        assert np.array_equal(filled.brightness[~hole], around.brightness[~hole], equal_nan=True)


def test_an_unknown_method_is_refused_with_the_choices():
    with pytest.raises(OptionError, match="'magic' is unknown; choose of network, network"):
        fillers(["magic"])


def test_a_missing_network_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"none\.onnx"):
        fillers([], [tmp_path / "none.onnx"])


@pytest.fixture
def sequence(make_frame, tmp_path):
    """Three C2 frames, 12 minutes apart, and one of another day."""
    counts = np.maximum(smooth_counts(), 400)
    paths = []
    for number, (day, time) in enumerate(
        (("2002/01/08", "01:54:05.594"), ("2002/01/08", "02:06:05.594"), ("2002/01/08", "02:18:05.594"))
    ):
        path = tmp_path / f"2200000{number}.fts"
        path.write_bytes(make_frame(counts, DETECTOR="C2", FILTER="Orange", DATE_OBS=day, TIME_OBS=time))
        paths.append(path)
    other = tmp_path / "22000009.fts"
    other.write_bytes(make_frame(counts, DETECTOR="C2", FILTER="Orange", DATE_OBS="2002/01/05"))
    return [*paths, other]


def test_context_is_the_nearest_earlier_frames_that_are_fit(sequence):
    last = survey(read_frame(sequence[2]), load_assets())
    assert [round(one.hours * 60) for one in Album(sequence, 2).before(last)] == [12, 24]
    assert [round(one.hours * 60) for one in Album(sequence, 1).before(last)] == [12]
    assert Album(sequence, 2).before(survey(read_frame(sequence[0]), load_assets())) == ()


def test_methods_with_context_fill_from_the_album_and_find_nothing_without(sequence):
    frame = read_frame(sequence[2])
    holed = replace(frame, data=np.where(blocks.to_pixels(HOLE), np.float32(0), frame.data))
    around = survey(holed, load_assets())
    hole = blocks.to_pixels(HOLE) & around.field
    with_album = fillers(["temporal"], album=Album(sequence, 2))[0]["temporal"](around, HOLE)
    assert np.isfinite(with_album.brightness[hole]).all()
    without = fillers(["temporal"])[0]["temporal"](around, HOLE)
    assert np.isnan(without.brightness[hole]).all()
    assert np.array_equal(without.brightness[~hole], around.brightness[~hole], equal_nan=True)
