"""A picture of a frame with the expected places of bright stars, and how far the stars lie from them."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from corinpaint.lasco import files
from corinpaint.lasco.geometry.star_offsets import StarOffsets, measure
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.product import Level1
from corinpaint.lasco.pictures.stretch import grey, scale
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet

CAPTION = 28
"""Height of the line above the image, px."""

RING_PX = 9
"""Radius of the circle about an expected place, px."""

FOUND_COLOUR, MISSED_COLOUR = (90, 230, 120), (230, 170, 60)
"""Circles of stars that were found and of those that were not."""

MEAN_PX, CONTRAST = 31, (0.93, 1.25)
"""Side of the square that the corona is averaged over, px, and the ratios to it that are black and white."""

NAMED_MAGNITUDE = 4.5
"""Stars at least as bright as this have their Hipparcos number beside them, mag."""


def draw_stars(
    path: str | os.PathLike[str], calibration: CalibrationSet, directory: Path, *, overwrite: bool = False
) -> dict[str, Any]:
    """Draw the expected places of stars on a frame, and write it as NAME_stars.png to a folder.

    Parameters
    ----------
    path : str or os.PathLike
        A Level 0.5 file.
    calibration : CalibrationSet
    directory : Path
        Folder of the picture.
    overwrite : bool
        Replace an existing picture.

    Returns
    -------
    dict
        Plain values: the picture, stars expected and found, median offset and shift in px, roll in degrees, scale.

    Raises
    ------
    FrameError
        When the file is not a frame that can be calibrated.
    OutputError
        When the picture exists or cannot be written.
    """
    product = calibrate(read_frame(path), calibration)
    found = measure(product.data, product.header)
    target = directory / f"{Path(product.filename).stem}_stars.png"
    files.write_bytes(target, picture(product, found), overwrite=overwrite)
    return {"picture": str(target), **describe(found)}


def describe(found: StarOffsets) -> dict[str, Any]:
    """Numbers of stars and their offsets as plain values; None where there are too few stars."""
    roll, scale = found.roll_and_scale
    numbers = {
        "median_offset_px": found.median_offset,
        "shift_columns_px": found.shift[0],
        "shift_rows_px": found.shift[1],
        "roll_deg": roll,
        "scale": scale,
    }
    counts = {"expected": len(found.matched), "found": int(np.count_nonzero(found.matched))}
    return counts | {key: round(value, 4) if np.isfinite(value) else None for key, value in numbers.items()}


def picture(product: Level1, found: StarOffsets) -> bytes:
    """PNG of a product with a circle about the expected place of each star: green where it was found."""
    image = Image.fromarray(_without_corona(product.data)).convert("RGB")
    height = product.data.shape[0]
    canvas = Image.new("RGB", (image.width, image.height + CAPTION), (20, 20, 20))
    canvas.paste(image, (0, CAPTION))
    draw = ImageDraw.Draw(canvas)
    places = found.expected
    for hip, column, row, magnitude, matched in zip(
        places.hip, places.column, places.row, places.magnitude, found.matched, strict=True
    ):
        x, y = float(column), CAPTION + height - 1 - float(row)
        colour = FOUND_COLOUR if matched else MISSED_COLOUR
        draw.ellipse((x - RING_PX, y - RING_PX, x + RING_PX, y + RING_PX), outline=colour)
        if magnitude <= NAMED_MAGNITUDE:
            draw.text((x + RING_PX + 2, y - RING_PX), f"HIP {hip}", fill=colour)
    count = f"{np.count_nonzero(found.matched)} of {len(found.matched)} stars"
    caption = f"{product.header['FILENAME']}  {str(product.header['DATE-OBS'])[:19]}  {count}"
    if found.matched.any():
        caption += f", {found.median_offset:.2f} px from their places (median)"
    draw.text((8, 4), caption, fill=(230, 230, 230), font=ImageFont.load_default(size=18))
    buffer = io.BytesIO()
    canvas.save(buffer, format="PNG")
    return buffer.getvalue()


def _without_corona(data: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The image over its mean about each pixel, so that stars show on the corona; row 0 at the top."""
    finite = np.isfinite(data)
    total = ndimage.uniform_filter(np.where(finite, data, 0.0).astype(np.float64), MEAN_PX)
    share = ndimage.uniform_filter(finite.astype(np.float64), MEAN_PX)
    mean = np.maximum(total / np.maximum(share, 1e-6), np.finfo(np.float64).tiny)
    return grey(scale(np.where(finite, data, np.nan) / mean, None, "linear", CONTRAST))
