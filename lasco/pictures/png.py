"""Figures as PNG, byte by byte the same for the same figure."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COMPRESS_LEVEL = 2
"""Of the PNG: the default of 6 takes several times as long."""


def png(figure: Figure, dpi: float | None = None) -> bytes:
    """A figure as the content of a PNG file: the same bytes for the same figure, without version or time.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    dpi : float, optional
        By default that of the figure, 100, which shows the pixels of a full frame one by one.
    """
    from PIL import Image

    own = figure.dpi
    try:
        figure.dpi = dpi or own
        figure.canvas.draw()
        pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]  # type: ignore[attr-defined]
    finally:
        figure.dpi = own
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, format="PNG", compress_level=COMPRESS_LEVEL)
    return buffer.getvalue()
