"""Figures that notebooks show by themselves."""

from __future__ import annotations

import base64

from corinpaint.lasco.pictures.figure import NotebookFigure
from corinpaint.lasco.pictures.png import png


def test_notebooks_show_the_png_with_its_title_for_those_who_cannot_see_it():
    figure = NotebookFigure(300, 200, 100)
    figure.text(0.1, 0.5, 'C3 & "C2"')
    shown = figure._repr_html_()
    assert 'alt="C3 &amp; &quot;C2&quot;"' in shown
    assert base64.b64encode(png(figure)).decode() in shown
    assert "://" not in shown


def test_a_figure_has_the_size_in_pixels_that_it_was_given():
    assert NotebookFigure(300, 200, 100).bbox.size.tolist() == [300, 200]
    assert NotebookFigure(300, 200, 100)._repr_html_().startswith('<img alt="figure"')
