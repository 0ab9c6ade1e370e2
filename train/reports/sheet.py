"""Labels for the sheets of pictures that a validation leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

STRIP = 18
"""Height of the strip of text above each row of pictures, px."""


@dataclass(frozen=True)
class Labels:
    """What the pictures of a sheet show.

    Attributes
    ----------
    columns : tuple of str
        From left to right.
    rows : tuple of str
        From top to bottom.
    """

    columns: tuple[str, ...]
    rows: tuple[str, ...]


def labelled(sheet: NDArray[np.uint8], labels: Labels) -> NDArray[np.uint8]:
    """Put a strip of text above each row of pictures.

    Parameters
    ----------
    sheet : ndarray of uint8, shape (H, W)
        Pictures of one size, side by side in rows.
    labels : Labels

    Returns
    -------
    ndarray of uint8, shape (H + rows * STRIP, W)
        Above each picture the name of its column, above the first also that of its row.
    """
    wide, font = sheet.shape[1] // len(labels.columns), ImageFont.load_default(size=12)
    parts = []
    for name, pictures in zip(labels.rows, np.split(sheet, len(labels.rows)), strict=True):
        strip = Image.new("L", (sheet.shape[1], STRIP), 0)
        draw = ImageDraw.Draw(strip)
        for place, column in enumerate(labels.columns):
            text = column if place else f"{column}: {name}"
            draw.text((place * wide + 4, 2), _shortened(text, wide - 8, font), fill=255, font=font)
        parts += [np.asarray(strip), pictures]
    return np.vstack(parts)


def _shortened(text: str, width: float, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """As much of a text as fits into a width, px, so that it does not run into the next picture's."""
    while text and font.getlength(text) > width:
        text = text[:-1]
    return text
