"""The benchmark's page: tables, and for each size the worst, the middle and the best hole, as every method fills it."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from corinpaint.evaluate.benchmark import HoledFrame, Method, filled
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.pictures.stretch import grey, scale

PANEL = 150
"""Side of a panel, px."""

GAP, CAPTION = 6, 18
MAX_ERROR = 5.0
"""Error over noise at which the colours are deepest."""


@dataclass(frozen=True, eq=False)
class Strip:
    """One hole: a row of panels.

    Attributes
    ----------
    title : str
    captions : list of str
    panels : list of ndarray of uint8, shape (PANEL, PANEL, 3)
    """

    title: str
    captions: list[str]
    panels: list[NDArray[np.uint8]]


def strip(title: str, holed_frame: HoledFrame, number: int, methods: Mapping[str, Method]) -> Strip:
    """Truth, then fill and error over noise of every method, around one hole of a frame."""
    hole = blocks.to_pixels(holed_frame.holes[number])
    window = _window(hole)
    exposed = holed_frame.complete
    truth, noise = exposed.brightness[window], np.sqrt(exposed.variance[window])
    low, high = np.percentile(truth[holed_frame.complete.observed[window]], [1, 99])
    limits = (float(low), float(high))
    captions, panels = ["truth"], [_grey(truth, limits)]
    for name, method in methods.items():
        result, _ = filled(holed_frame, method)
        image = np.where(hole[window], result.brightness[window], truth)
        captions += [name, "error / noise"]
        panels += [_grey(image, limits), _signed((image - truth) / noise)]
    return Strip(title, captions, panels)


def _window(hole: NDArray[np.bool_]) -> tuple[slice, slice]:
    """The hole with a block around it."""
    rows, columns = np.nonzero(hole)
    first, second = (
        slice(max(int(places.min()) - blocks.BLOCK_SIZE, 0), int(places.max()) + blocks.BLOCK_SIZE + 1)
        for places in (rows, columns)
    )
    return first, second


def _grey(image: NDArray[np.floating], limits: tuple[float, float]) -> NDArray[np.uint8]:
    levels = grey(scale(image, None, "linear", limits))[::-1]
    return _sized(np.repeat(levels[..., None], 3, axis=2))


def _signed(error: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Blue below zero, white at zero, red above."""
    depth = np.nan_to_num(np.clip(error / MAX_ERROR, -1, 1), nan=0.0)
    fade = (255 * (1 - np.abs(depth))).astype(np.uint8)
    red, blue = np.where(depth >= 0, 255, fade), np.where(depth <= 0, 255, fade)
    return _sized(np.stack([red, fade, blue], axis=2).astype(np.uint8))


def _sized(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Enlarged to the side of a panel, row 0 at the bottom, without interpolation."""
    height, width = rgb.shape[:2]
    scale = PANEL / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    canvas = Image.new("RGB", (PANEL, PANEL), (20, 20, 20))
    canvas.paste(Image.fromarray(np.ascontiguousarray(rgb[::-1])).resize(size, Image.Resampling.NEAREST))
    return np.asarray(canvas)


def picture(strips: Sequence[Strip]) -> bytes:
    """PNG of strips, one below the other."""
    columns = max(len(one.panels) for one in strips)
    row = PANEL + 2 * CAPTION + GAP
    canvas = Image.new("RGB", (columns * (PANEL + GAP), len(strips) * row), (20, 20, 20))
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=12)
    for index, one in enumerate(strips):
        draw.text((4, index * row + 2), one.title, fill=(255, 220, 120), font=font)
        for place, (caption, panel) in enumerate(zip(one.captions, one.panels, strict=True)):
            left, top = place * (PANEL + GAP), index * row + CAPTION
            draw.text((left + 4, top + 2), caption, fill=(230, 230, 230), font=font)
            canvas.paste(Image.fromarray(panel), (left, top + CAPTION))
    buffer = io.BytesIO()
    canvas.save(buffer, format="PNG")
    return buffer.getvalue()


def page(
    about: Sequence[str],
    tables: Mapping[str, Sequence[Mapping[str, str]]],
    pictures: Mapping[str, bytes],
    columns: Mapping[str, str],
) -> str:
    """One HTML page that holds its pictures.

    Parameters
    ----------
    about : sequence of str
        What was measured; a paragraph each.
    tables : mapping of str to sequence of mapping
        Lines of each table by its title.
    pictures : mapping of str to bytes
        PNG by title.
    columns : mapping of str to str
        What the columns of the tables mean.

    Returns
    -------
    str
    """
    parts = [f"<p>{html.escape(text)}</p>" for text in about]
    for title, lines in tables.items():
        parts.append(f"<h2>{html.escape(title)}</h2>{_table(lines, columns)}")
    meanings = (f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>" for name, text in columns.items())
    parts.append(f"<h2>Columns</h2><dl>{''.join(meanings)}</dl>")
    for title, png in pictures.items():
        data = base64.b64encode(png).decode()
        parts.append(
            f'<h2>{html.escape(title)}</h2><img alt="{html.escape(title)}" src="data:image/png;base64,{data}">'
        )
    style = "body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}"
    style += "td,th{border:1px solid #ccc;padding:2px 6px}dt{font-weight:bold}"
    return f"<!doctype html><meta charset=utf-8><title>Fills compared</title><style>{style}</style>{''.join(parts)}\n"


def _table(lines: Sequence[Mapping[str, str]], columns: Mapping[str, str]) -> str:
    if not lines:
        return "<p>nothing</p>"
    head = "".join(f'<th title="{html.escape(columns.get(name, ""))}">{html.escape(name)}</th>' for name in lines[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(value)}</td>" for value in line.values()) + "</tr>" for line in lines
    )
    return f"<table><tr>{head}</tr>{body}</table>"
