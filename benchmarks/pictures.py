"""How long the picture of a product takes, over what matplotlib takes for the same two images alone.

    python benchmarks/pictures.py [--product FILE] [--runs N]

Prints a Markdown table. The peer shows the image twice by `imshow` on a figure of the same size and writes a PNG; the
two take turns, and a first round is not counted. By default the product is of a simulated frame with missing blocks.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
import timing

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level1.product import Level1, Level1File, read_planes
from corinpaint.lasco.pictures.layout import DPI, Layout
from corinpaint.lasco.pictures.plot import plot, png
from corinpaint.lasco.pictures.stretch import scale
from corinpaint.lasco.simulation import scene
from corinpaint.restore.pipeline import restore

MISSING = ((20, 7), (9, 20), (26, 19), (24, 10), (24, 11), (24, 12), (12, 22), (13, 22), (20, 23), (21, 24))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time the picture of a product, over two images by matplotlib alone.")
    parser.add_argument("--product", type=Path, help="Level 1 file; by default a simulated one")
    parser.add_argument("--runs", type=int, default=9, help="measurements of each, interleaved (default 9)")
    arguments = parser.parse_args()
    product = simulated() if arguments.product is None else read_planes(arguments.product)
    tasks = {
        "`imshow` and `savefig` of two images": lambda: peer(product),
        "`png(plot(product))`": lambda: png(plot(product)),
        "of it the stretch `nrgf`": lambda: scale(product.data, product.header, "nrgf"),
    }
    runs = max(arguments.runs, 1)
    found = timing.medians(tasks, runs)
    first = next(iter(found.values()))
    rows = [(name, median, median / first) for name, median in found.items()]
    print(timing.table(["picture", "median, ms", "over the peer"], rows))
    print(f"\n{runs} interleaved runs. {timing.machine('corinpaint', 'matplotlib', 'numpy', 'pillow')}")


def simulated() -> Level1:
    """Product of a simulated frame with missing blocks, filled without a network."""
    missing = np.zeros((blocks.BLOCKS_PER_SIDE, blocks.BLOCKS_PER_SIDE), dtype=bool)
    missing[tuple(np.transpose(MISSING))] = True
    return restore(scene.simulate(20, missing=missing, cme=True).frame, fill="polynomial").level1


def peer(product: Level1 | Level1File) -> bytes:
    """PNG of the image, twice."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    layout = Layout((False, True), 1)
    figure = Figure(figsize=(layout.width / DPI, layout.height / DPI), dpi=DPI)
    FigureCanvasAgg(figure)
    low, high = np.nanpercentile(product.data, [1, 99])
    for axes in figure.subplots(1, 2):
        axes.imshow(product.data, origin="lower", vmin=low, vmax=high)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


if __name__ == "__main__":
    main()
