"""The page of the benchmark."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from corinpaint.evaluate import benchmark, gallery
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.simulation.scene import simulate


@pytest.fixture(scope="module")
def one():
    frame = simulate(3, missing=0).frame
    return benchmark.make_holes(frame, "2x2", benchmark.Plan(holes=2), load_calibration_set())


def _dark(around, wanted, _context):
    hole = blocks.to_pixels(wanted)
    return replace(around, brightness=np.where(hole, np.float32(0), around.brightness))


@pytest.mark.slow
def test_a_strip_shows_truth_fill_and_error_of_every_method(one):
    strip = gallery.strip("hole", one, 0, {"dark": _dark})
    assert strip.captions == ["truth", "dark", "error / noise"]
    truth, fill, error = (panel.astype(float) for panel in strip.panels)
    middle = slice(gallery.PANEL // 2 - 10, gallery.PANEL // 2 + 10)
    assert fill[middle, middle].mean() < 5 < truth[middle, middle].mean()
    assert (error[middle, middle] == (0, 0, 255)).all()
    assert (error[:10, :10] == 255).all()


def test_strips_make_one_picture(one):
    strips = [gallery.strip(title, one, number, {"dark": _dark}) for number, title in enumerate(("worst", "best"))]
    with Image.open(io.BytesIO(gallery.picture(strips))) as picture:
        assert picture.size == (
            3 * (gallery.PANEL + gallery.GAP),
            2 * (gallery.PANEL + 2 * gallery.CAPTION + gallery.GAP),
        )


def test_the_page_holds_its_tables_and_pictures_and_escapes_what_it_is_given():
    text = gallery.page(
        ["<b>about</b>"], {"Medians": [{"size": "1", "error": "<1>"}]}, {"1": b"\x89PNG"}, {"error": "over <noise>"}
    )
    assert "&lt;b&gt;about" in text
    assert "<td>&lt;1&gt;</td>" in text
    assert "<dt>error</dt><dd>over &lt;noise&gt;</dd>" in text
    assert "data:image/png;base64,iVBORw==" in text
