"""The pictures of the README and of the documentation, drawn anew.

    python docs/pictures.py [--data FOLDER] [--output FOLDER]

before_after.png is of a simulated frame. The others are of real frames of C2, from which blocks are taken that the
network then fills; it was not trained on frames of these days. FOLDER of the data holds c2_level05/NUMBER.fts.gz.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.files import write_bytes
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.level1.product import Level1
from corinpaint.lasco.pictures import conventions, panels
from corinpaint.lasco.pictures.coordinates import solar_coordinates
from corinpaint.lasco.pictures.layout import Layout
from corinpaint.lasco.pictures.palette import PALETTES
from corinpaint.lasco.pictures.plot import plot, png
from corinpaint.lasco.pictures.stretch import scale
from corinpaint.lasco.simulation import scene
from corinpaint.restore.pipeline import restore

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
DPI = 60
"""Pages show pictures at about half the pixels of a frame."""

Rectangle = tuple[int, int, int, int]
"""First and last block row, first and last block column, on the detector."""

SIMULATED: Sequence[Rectangle] = (
    (20, 20, 7, 7),
    (9, 9, 20, 20),
    (26, 26, 19, 19),
    (24, 24, 10, 13),
    (12, 13, 22, 23),
    (20, 22, 23, 25),
)
"""Those of `make demo`."""

ERUPTION: Sequence[Rectangle] = ((5, 6, 15, 17), (8, 8, 20, 20), (18, 20, 5, 7), (20, 21, 24, 25), (23, 26, 11, 14))
CME: Sequence[Rectangle] = (
    (26, 27, 15, 16),
    (22, 23, 11, 11),
    (23, 24, 17, 18),
    (20, 20, 21, 21),
    (8, 10, 22, 23),
    (13, 15, 3, 4),
    (6, 7, 6, 8),
    (25, 26, 24, 26),
    (17, 18, 26, 27),
)


def main() -> int:
    """Draw them all and return the exit status of the script."""
    parser = argparse.ArgumentParser(description="Draw the pictures of the documentation.")
    parser.add_argument("--data", type=Path, default=DATA, help=f"folder of the real frames (default {DATA})")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder of the pictures")
    arguments = parser.parse_args()
    try:
        draw(arguments.data / "c2_level05", arguments.output)
    except CorInpaintError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


def draw(frames: Path, output: Path) -> None:
    """Draw and write the pictures; those that are there are replaced.

    Raises
    ------
    CorInpaintError
        When a real frame is missing or cannot be used, or a picture cannot be written.
    """
    simulated = scene.simulate(20, missing=block_map(SIMULATED), cme=True).frame
    eruption = without(read_frame(frames / "22529741.fts.gz"), ERUPTION)
    before, during = (read_frame(frames / f"{number}.fts.gz") for number in (22488623, 22488624))
    pictures = {
        "before_after.png": png(plot(restore(simulated).level1), DPI),
        "c2_before_after.png": png(plot(restore(eruption).level1), DPI),
        "running_difference.png": running_difference(before, without(during, CME)),
    }
    for name, content in pictures.items():
        write_bytes(output / name, content, overwrite=True)


def block_map(rectangles: Sequence[Rectangle]) -> blocks.Blocks:
    """The blocks of rectangles; shape (32, 32)."""
    found = np.zeros((blocks.BLOCKS_PER_SIDE, blocks.BLOCKS_PER_SIDE), dtype=bool)
    for low, high, left, right in rectangles:
        found[low : high + 1, left : right + 1] = True
    return found


def without(frame: Frame, rectangles: Sequence[Rectangle]) -> Frame:
    """A frame from which blocks are taken, as if they had been lost."""
    return replace(frame, data=np.where(blocks.to_pixels(block_map(rectangles)), np.float32(0), frame.data))


def running_difference(before: Frame, holed: Frame) -> bytes:
    """A holed frame, filled, minus the one before it: as it is, and with the filled blocks outlined."""
    first, second = restore(before).level1, restore(holed, context=[before]).level1
    difference = scale(second.data - first.data, second.header, "difference")
    image = panels.coloured(difference, _grey_table(), second.mask)
    layout = Layout((False, False))
    figure = layout.figure()
    figure.text(*layout.place(16, 14), _title(first, second), fontsize=15, weight="bold", va="top")
    for index, title in enumerate(("running difference", "the same, the filled blocks outlined")):
        axes = layout.panel(figure, index)
        panels.draw(axes, image)
        conventions.annotate(axes, solar_coordinates(second.header), "#FFFFFF")
        if index:
            panels.draw_outlines(axes, second.mask, PALETTES["C3"], linewidth=1.8)
        axes.set_title(title, fontsize=16, loc="left", pad=6)
    return png(figure, DPI)


def _title(first: Level1, second: Level1) -> str:
    times = [str(product.header["DATE-OBS"])[:19].replace("T", " ") for product in (second, first)]
    return f"LASCO C2   {times[0]} minus {times[1][11:]} UT   {second.header['NFILLED']} missing blocks filled"


def _grey_table() -> Colormap:
    import matplotlib

    return matplotlib.colormaps["gray"]


if __name__ == "__main__":
    sys.exit(main())
