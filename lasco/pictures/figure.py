"""A figure that notebooks show by itself; imported, as matplotlib is, when one is made."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from corinpaint.lasco.pictures.png import png


class NotebookFigure(Figure):
    """A figure apart from pyplot, on a canvas of Agg; what notebooks and galleries show is its PNG."""

    def __init__(self, width: int, height: int, dpi: int) -> None:
        super().__init__(figsize=(width / dpi, height / dpi), dpi=dpi, facecolor="white")
        FigureCanvasAgg(self)

    def _repr_html_(self) -> str:
        title = escape(self.texts[0].get_text() if self.texts else "figure", quote=True)
        image = b64encode(png(self)).decode()
        return f'<img alt="{title}" style="max-width: 100%" src="data:image/png;base64,{image}">'
