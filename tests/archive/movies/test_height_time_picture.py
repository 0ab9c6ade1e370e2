"""Height-time maps as pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
import sequences
from PIL import Image as Pillow

from corinpaint.archive.movies.height_time import Sector, height_time
from corinpaint.archive.movies.height_time_picture import over_scatter, plot, png
from corinpaint.lasco.level1.product import Flag


def make(folder, kind="running"):
    setting, members = sequences.members(folder)
    return height_time(setting, members, Sector(60.0, 10.0), kind)


@pytest.mark.parametrize("kind", ["original", "running"])
def test_values_are_drawn_over_their_scatter(tmp_path, kind):
    found = make(sequences.write(tmp_path), kind)
    scaled = over_scatter(found)
    assert scaled.shape == found.values.shape
    assert np.array_equal(np.isnan(scaled), np.isnan(found.values))
    if kind == "running":
        assert np.array_equal(np.sign(scaled), np.sign(found.values), equal_nan=True)


def test_a_map_without_scatter_is_flat(tmp_path):
    found = make(sequences.write(tmp_path, (0, 12)))
    assert (over_scatter(found)[np.isfinite(found.values)] == 0).all()


@pytest.mark.slow
def test_gaps_are_blank_filled_parts_hatched_and_speeds_drawn(tmp_path):
    folder = sequences.write(tmp_path, (0, 12, 24, 36, 120, 132))
    sequences.flag(folder / "25000002.fits", np.s_[48:70, 10:40], Flag.FILLED)
    figure = plot(make(folder), [500.0, 1000.0])
    axes = figure.axes[0]
    (mesh, *_) = axes.collections
    values = np.asarray(mesh.get_array().filled(np.nan)).reshape(-1, 6)
    assert np.isnan(values[:, 3]).all()
    assert np.isfinite(values[:, 4]).any()
    assert any(collection.get_hatch() for collection in axes.collections)
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["filled, in part or all", "no value: refused, or no frame", "500 km/s", "1000 km/s"]
    line = axes.lines[0]
    (begin, end), (low, high) = line.get_xdata(), line.get_ydata()
    assert (high - low) * 6.957e5 / ((end - begin) * 86400) == pytest.approx(500, rel=1e-6)
    with Pillow.open(io.BytesIO(png(figure, {"Software": "CorInpaint"}))) as picture:
        assert picture.size == (1000, 550)
        assert picture.text["Software"] == "CorInpaint"
