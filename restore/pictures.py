"""Pictures of a product: before and after, side by side."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from corinpaint.lasco.level1 import product as level1

GAP = 8
CAPTION = 28
MISSING_COLOUR = (170, 60, 60)
REFUSED_COLOUR = (200, 140, 0)
OUTLINE = (90, 200, 255)


def stretch(data: NDArray[np.floating], reference: NDArray[np.floating] | None = None) -> NDArray[np.uint8]:
    """Logarithmic stretch between the 1st and the 99.7th percentile.

    Parameters
    ----------
    data : ndarray of float, shape (H, W)
        Any unit; NaN becomes black.
    reference : ndarray, optional
        Where the limits are taken from; by default the data.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Row 0 at the top of the picture, so the FITS row order is reversed.
    """
    sample = np.asarray(data if reference is None else reference)
    sample = sample[np.isfinite(sample) & (sample > 0)]
    if not sample.size:
        return np.zeros(data.shape, dtype=np.uint8)
    low, high = np.log(np.percentile(sample, [1, 99.7]))
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = (np.log(np.maximum(data, np.exp(low))) - low) / max(high - low, 1e-6)
    grey = np.nan_to_num(np.clip(scaled, 0, 1) * 255, nan=0.0)
    return np.asarray(grey[::-1], dtype=np.uint8)


def before_after(product: level1.Level1) -> bytes:
    """PNG of a product: missing blocks marked on the left, filled on the right.

    Parameters
    ----------
    product : Level1

    Returns
    -------
    bytes
        PNG, two panels of the product's size. Missing blocks are red on the left; on the right refused ones are orange.
    """
    missing = level1.flagged(product.mask, level1.Flag.FILLED | level1.Flag.REFUSED)
    seen = ~level1.flagged(product.mask, level1.Flag.OCCULTED)
    after = stretch(product.data)
    left = _coloured(after, (missing & seen)[::-1], MISSING_COLOUR)
    right = _coloured(after, (level1.flagged(product.mask, level1.Flag.REFUSED) & seen)[::-1], REFUSED_COLOUR)
    number, date = product.header["FILENAME"], str(product.header["DATE-OBS"])[:19]
    return _png(_panels([left, right], [f"{number}  {date}  before", f"after: {product.header.get('FILL', '')}"]))


def _coloured(grey: NDArray[np.uint8], where: NDArray[np.bool_], colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    rgb = np.repeat(grey[..., None], 3, axis=2)
    rgb[where] = colour
    return rgb


def _panels(images: list[NDArray[np.uint8]], captions: list[str]) -> Image.Image:
    height, width = images[0].shape[:2]
    canvas = Image.new("RGB", (len(images) * width + (len(images) - 1) * GAP, height + CAPTION), (20, 20, 20))
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(size=18)
    for index, (image, caption) in enumerate(zip(images, captions, strict=True)):
        canvas.paste(Image.fromarray(image), (index * (width + GAP), CAPTION))
        draw.text((index * (width + GAP) + 8, 4), caption, fill=(230, 230, 230), font=font)
    return canvas


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=False)
    return buffer.getvalue()
