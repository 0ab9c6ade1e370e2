"""Holes anywhere, not on the grid of telemetry blocks, through the Python interface: how far off, and how certain.

    python benchmarks/masked_holes.py FRAMES [--sizes 32,64] [--holes 3] [--seed 0]

Squares of complete frames are masked, filled by the network without context as the middle of the blocks that hold them,
and compared with what the product has there otherwise. Aligned squares are whole blocks.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import corinpaint
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.level05.blocks import BLOCK_SIZE
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.product import Flag, Level1

NEAREST, FARTHEST = 0.2, 0.47
"""Distances of the middles of the squares from that of the frame, as shares of its side."""

FEWEST = 50
"""Minimum number of pixels to compare."""

Mask = NDArray[np.bool_]


def squares(rng: np.random.Generator, side: int, size: int, count: int, *, aligned: bool) -> Iterator[Mask]:
    """Masks of a square each."""
    found = 0
    while found < count:
        row, column = (int(place) for place in rng.integers(0, side - size, 2))
        if aligned:
            row, column = (place // BLOCK_SIZE * BLOCK_SIZE for place in (row, column))
        distance = np.hypot(row + (size - side) / 2, column + (size - side) / 2)
        if NEAREST * side + size / 2 < distance < FARTHEST * side - size / 2:
            mask = np.zeros((side, side), dtype=bool)
            mask[row : row + size, column : column + size] = True
            found += 1
            yield mask


def compared(truth: Level1, filled: Level1) -> tuple[float, float] | None:
    """Median error over noise, and share of the pixels in the 90 % interval; None where too little was filled."""
    if truth.mask is None or filled.mask is None or truth.noise is None or filled.noise is None:
        return None
    where = (filled.mask & Flag.FILLED > 0) & np.isfinite(filled.data) & (truth.mask == 0)
    if where.sum() < FEWEST:
        return None
    error = np.abs(filled.data - truth.data)[where]
    level = float(np.median(error)) / 0.6745 / float(np.median(truth.noise[where]))
    return level, float((error < 1.645 * filled.noise[where]).mean())


def main() -> None:
    """Print the figures by size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", type=Path, help="folder of complete Level 0.5 frames of one size")
    parser.add_argument("--sizes", default="32,64", help="sides of the squares, px")
    parser.add_argument("--holes", type=int, default=3, help="squares of a size in each frame")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    found: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for path in sorted(given.frames.iterdir()):
        try:
            frame = read_frame(path)
            truth = corinpaint.restore(frame, fill="none").level1
        except CorInpaintError as error:
            print(f"left out: {error}")
            continue
        for size in map(int, given.sizes.split(",")):
            for name in ("aligned", "anywhere"):
                for mask in squares(rng, frame.data.shape[0], size, given.holes, aligned=name == "aligned"):
                    figures = compared(truth, corinpaint.restore(frame, mask=mask).level1)
                    found[name, size] += [figures] if figures else []
    for (name, size), figures_of in sorted(found.items()):
        errors, shares = zip(*figures_of, strict=True)
        print(
            f"{name:>8} {size:3d} px: {len(errors):3d} squares, error {np.median(errors):.2f} x noise, "
            f"{100 * np.mean(shares):.0f} % in the 90 % interval"
        )


if __name__ == "__main__":
    main()
