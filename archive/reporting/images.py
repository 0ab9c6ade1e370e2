"""Pictures of a product for its page: the image, what covers it before the fill, outlines of flags, and a thumbnail.

Observed pixels are the same before and after, so that one image serves for both: a second one, transparent elsewhere,
covers what was never received. Both are aligned by their size, and nothing but the filled pixels differs.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from corinpaint.lasco.level05.keywords import text
from corinpaint.lasco.level1.product import Flag, Level1File, flagged
from corinpaint.lasco.pictures.colour_tables import colours
from corinpaint.lasco.pictures.outlines import outlines
from corinpaint.lasco.pictures.stretch import grey, scale

STRETCH = "nrgf"
"""Radial normalisation, by which streamers and CMEs show at all distances."""

THUMBNAIL = 128
"""Side of thumbnails, px."""

QUALITY = 88
"""Of WebP: no artefacts that can be seen, a tenth of the bytes of one without loss."""

HATCH = ((34, 34, 34), (119, 119, 119))
"""Colours of pixels without a value; their hatching tells them from dark ones."""

HATCH_PERIOD, HATCH_WIDTH = 12, 3
"""Of its lines, px."""


@dataclass(frozen=True)
class Pictures:
    """Pictures of a product.

    Attributes
    ----------
    image : bytes
        WebP of the image after the fill; refused pixels are hatched.
    cover : bytes
        WebP that is transparent but for the filled pixels, which it hatches; empty when none was filled.
    thumbnail : bytes
        WebP.
    shape : tuple of int
        Rows and columns of the image, px.
    flags : dict of Flag to str
        SVG path around the pixels with each flag that occurs, row 0 at the top.
    """

    image: bytes
    cover: bytes
    thumbnail: bytes
    shape: tuple[int, int]
    flags: dict[Flag, str]


def pictures(product: Level1File) -> Pictures:
    """Draw a product.

    Parameters
    ----------
    product : Level1File
        With MASK.

    Returns
    -------
    Pictures
    """
    mask = np.zeros(product.data.shape, np.uint8) if product.mask is None else product.mask
    coloured = _colours(product)
    _hatch(coloured, (flagged(mask, Flag.REFUSED) & product.masked)[::-1])
    filled = flagged(mask, Flag.FILLED)[::-1]
    picture = Image.fromarray(coloured)
    small = picture.resize(_thumbnail_size(coloured.shape), Image.Resampling.BOX)
    return Pictures(
        _webp(picture, quality=QUALITY),
        _cover(filled) if filled.any() else b"",
        _webp(small, quality=QUALITY),
        (mask.shape[0], mask.shape[1]),
        {flag: svg_path(where) for flag in Flag if (where := flagged(mask, flag)).any()},
    )


def svg_path(where: NDArray[np.bool_]) -> str:
    """Outlines of the selected pixels as an SVG path.

    Parameters
    ----------
    where : ndarray of bool, shape (H, W)

    Returns
    -------
    str
        In pixels from the top left corner of the image; its sides are horizontal and vertical.
    """
    return "".join(_closed(np.rint(polygon + 0.5).astype(int), len(where)) for polygon in outlines(where))


def _closed(corners: NDArray[np.int_], height: int) -> str:
    column, row = corners[:, 0], height - corners[:, 1]
    steps = zip(np.diff(column).tolist(), np.diff(row).tolist(), strict=True)
    sides = "".join(f"h{across}" if across else f"v{down}" for across, down in steps)
    return f"M{column[0]} {row[0]}{sides}z"


def _colours(product: Level1File) -> NDArray[np.uint8]:
    """The image in the colours of its telescope, shape (H, W, 3), row 0 at the top."""
    scaled = scale(product.data, product.header, STRETCH)
    return np.ascontiguousarray(colours(text(product.header, "DETECTOR"))[grey(scaled)])


def _lines(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    row, column = np.indices(shape[:2])
    return np.asarray((row + column) % HATCH_PERIOD < HATCH_WIDTH)


def _hatch(colours: NDArray[np.uint8], where: NDArray[np.bool_]) -> None:
    """Hatch pixels, in place."""
    if where.any():
        lines = _lines(where.shape)
        colours[where & ~lines], colours[where & lines] = HATCH


def _cover(filled: NDArray[np.bool_]) -> bytes:
    layer = np.zeros((*filled.shape, 4), np.uint8)
    _hatch(layer[..., :3], filled)
    layer[..., 3] = np.where(filled, 255, 0)
    return _webp(Image.fromarray(layer), lossless=True)


def _thumbnail_size(shape: tuple[int, ...]) -> tuple[int, int]:
    factor = THUMBNAIL / max(shape[:2])
    return max(round(shape[1] * factor), 1), max(round(shape[0] * factor), 1)


def _webp(picture: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", method=3, **options)
    return buffer.getvalue()
