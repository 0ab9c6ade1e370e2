"""Methods of a benchmark by name."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco import blocks
from corinpaint.lasco.assets import load_assets
from corinpaint.lasco.errors import CheckpointError, OptionError
from corinpaint.lasco.frame import read_frame
from corinpaint.restore import backends
from corinpaint.restore.survey import survey
from corinpaint.train.fillers import fillers

HOLE = np.zeros((32, 32), dtype=bool)
HOLE[20, 20] = True


def test_networks_come_by_their_file_and_by_name_and_tell_their_weights(make_frame, onnx_model, echo, monkeypatch):
    opened = backends.load
    monkeypatch.setattr(backends, "load", lambda path, threads: opened(path, threads) if path else echo)
    methods, weights = fillers(["network", "harmonic"], [onnx_model])
    assert list(methods) == [onnx_model.name, "network", "harmonic"]
    assert f"network {echo.info.sha256}" in weights
    around = survey(read_frame(make_frame(lost=((20, 20),))), load_assets())
    hole = blocks.expand(HOLE) & around.field
    for name in ("network", "harmonic"):
        filled = methods[name](around, HOLE)
        assert np.isfinite(filled.brightness[hole]).all()
        assert np.array_equal(filled.brightness[~hole], around.brightness[~hole], equal_nan=True)


def test_an_unknown_method_is_refused_with_the_choices():
    with pytest.raises(OptionError, match="'magic' is unknown; choose of network, fuzzy"):
        fillers(["magic"])


def test_a_missing_network_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"none\.onnx"):
        fillers([], [tmp_path / "none.onnx"])
