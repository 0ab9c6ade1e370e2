"""Figures as PNG."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from corinpaint.lasco.pictures.layout import SIDE
from corinpaint.lasco.pictures.plot import plot
from corinpaint.lasco.pictures.png import png


@pytest.mark.slow
def test_the_same_product_gives_the_same_bytes_without_a_version_in_them(holed):
    first, second = png(plot(holed)), png(holed.plot())
    assert first == second
    assert Image.open(io.BytesIO(first)).info == {}


@pytest.mark.slow
def test_pictures_can_be_smaller(holed):
    figure = plot(holed)
    small, full = (Image.open(io.BytesIO(png(figure, dpi))).size for dpi in (50, None))
    assert small == pytest.approx([size / 2 for size in full], abs=1)
    assert full[0] > 2 * SIDE
