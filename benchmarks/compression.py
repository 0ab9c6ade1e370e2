"""How small compressed products are, how long that takes, and what error 'rice' adds.

    python benchmarks/compression.py [--frames FILE_OR_FOLDER ...] [--runs N]

Prints Markdown tables: medians over the frames of sizes, with their range, and of interleaved times on one core, also
as ratios over those without compression; and the error that is added, in units of the noise, over the image and in the
worst annulus of 8 px.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import timing

from corinpaint.lasco.inputs.files import InputFile, find
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.compression import COMPRESSIONS
from corinpaint.lasco.level1.product import Level1, Level1File, read_level1
from corinpaint.lasco.simulation.scene import simulate, write

PLANES = ("data", "uncertainty", "noise")
ANNULUS = 8
"""Width of the annuli, px."""

FEWEST = 500
"""Pixels of an annulus that is measured."""


def main() -> None:
    """Measure and print."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    parser = argparse.ArgumentParser(description="Measure size, time and added error of compressed products.")
    parser.add_argument("--frames", type=Path, nargs="+", help="Level 0.5 files or folders; by default a simulated one")
    parser.add_argument("--runs", type=int, default=5, help="measurements of each, interleaved (default 5)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs = arguments.frames or [write(simulate(1, missing=0), folder / "32082037.fts")]
        paths = [item.path for item in find(inputs).items if isinstance(item, InputFile)]
        products = [calibrate(read_frame(path)) for path in paths]
        sizes: dict[str, list[float]] = {
            way: [len(product.to_bytes(way)) / 1e6 for product in products] for way in COMPRESSIONS
        }
        errors = [added(product, folder) for product in products]
        times = [timed(product, folder, max(arguments.runs, 1)) for product in products]
    print(
        timing.table(
            ["`--compress`", "MB", "range", "of none", "write, ms", "over none", "read, ms"], _rows(sizes, times)
        )
    )
    print()
    print(timing.table(["'rice' adds, of the noise", "rms", "worst annulus", "worst pixel"], _worst(errors)))
    print(f"\n{len(products)} frames, {arguments.runs} interleaved runs, one core. ", end="")
    print(timing.machine("corinpaint", "numpy", "astropy"))


def timed(product: Level1, folder: Path, runs: int) -> dict[str, float]:
    """Milliseconds for writing and reading a product, by 'write lossless' and the like."""
    targets = {way: folder / way / product.filename for way in COMPRESSIONS}
    tasks: dict[str, timing.Task] = {}
    for way, target in targets.items():
        tasks[f"write {way}"] = lambda way=way, target=target: product.write(
            target.parent, overwrite=True, compress=way
        )
        tasks[f"read {way}"] = lambda target=target: read_level1(target)
    found: dict[str, float] = timing.medians(tasks, runs)
    return found


def added(product: Level1, folder: Path) -> dict[str, tuple[float, float, float]]:
    """What 'rice' adds to each plane, in units of the noise: rms, that of the worst annulus, the worst pixel."""
    found: Level1File = read_level1(product.write(folder / "rice", overwrite=True, compress="rice"))
    seen = np.isfinite(product.data) & np.isfinite(product.noise)
    y, x = np.indices(product.data.shape)
    centre = product.header["CRPIX1"] - 1, product.header["CRPIX2"] - 1
    ring = (np.hypot(x - centre[0], y - centre[1]) / ANNULUS).astype(int)[seen]
    result = {}
    for plane in PLANES:
        before, after = (getattr(one, plane)[seen].astype(float) for one in (product, found))
        square = np.square((after - before) / product.noise[seen])
        count, total = np.bincount(ring), np.bincount(ring, square)
        measured = count > FEWEST
        annuli = np.sqrt(total[measured] / count[measured])
        result[plane] = float(np.sqrt(square.mean())), float(annuli.max()), float(np.sqrt(square.max()))
    return result


def _rows(sizes: Mapping[str, Sequence[float]], times: Sequence[Mapping[str, float]]) -> list[list[object]]:
    rows: list[list[object]] = []
    for way, found in sizes.items():
        share = statistics.median(size / whole for size, whole in zip(found, sizes["none"], strict=True))
        spent = [statistics.median(one[f"{what} {way}"] for one in times) for what in ("write", "read")]
        slower = statistics.median(one[f"write {way}"] / one["write none"] for one in times)
        written = f"{min(found):.2f} to {max(found):.2f}"
        rows.append([way, statistics.median(found), written, share, spent[0], slower, spent[1]])
    return rows


def _worst(errors: Sequence[Mapping[str, tuple[float, float, float]]]) -> list[list[object]]:
    """The largest over the frames, by plane."""
    return [[plane, *(f"{max(one[plane][place] for one in errors):.4f}" for place in range(3))] for plane in PLANES]


if __name__ == "__main__":
    main()
