"""Derives factors of a network's scale on runs of blocks from `corinpaint benchmark`, and checks them on other days.

    corinpaint benchmark FRAMES -o OUT --sizes run32,run64,run128 --context 2 --context-sides earlier \\
        --context-sides 1+1 --method network --method network+context
    python benchmarks/scale_by_size.py OUT/holes.csv [--write restore/measured.json --kind C2]

The frames must be of days that the weights were not trained on, and the table must have no factors of these sizes yet,
or the ones found here come on top of them. With the factor the 90 % intervals hold 90 % of the pixels of all holes of a
size, if the errors of each hole are distributed normally. The factors of all days but one are checked on that one.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import erf

from corinpaint.evaluate.methods import CONTEXT_SUFFIX
from corinpaint.evaluate.scores import SIGMA_OF_90
from corinpaint.restore.measured_errors import LARGER

Holes = NDArray[np.float64]
"""Factors by which the intervals of holes would have to be wider, and numbers of their pixels; shape (2, holes)."""


def inside(holes: Holes, factor: float) -> float:
    """Share of the pixels that lie in the intervals when these are wider by a factor."""
    wider, pixels = holes
    return float(np.average(erf(SIGMA_OF_90 * factor / wider / np.sqrt(2)), weights=pixels))


def factor_of(holes: Holes) -> float:
    """The factor at which 9 of 10 pixels lie in the intervals."""
    return float(brentq(lambda factor: inside(holes, factor) - 0.9, 0.05, 20))


def main() -> None:
    """Print the factors with what they would hold on days held out, and write them where asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("holes", type=Path, nargs="+", help="CSV files of `corinpaint benchmark`")
    parser.add_argument("--write", type=Path, help="the table of measured errors that receives the factors")
    parser.add_argument("--kind", choices=["C2", "C3", "summed"], help="the row of the table")
    given = parser.parse_args()
    found: dict[tuple[str, str], dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for path in given.holes:
        for row in csv.DictReader(path.open(newline="")):
            if row["size"] in dict(LARGER) and np.isfinite(float(row["interval"])):
                part = "context" if CONTEXT_SUFFIX in row["method"] else "alone"
                found[part, row["size"]][row["date"][:10]].append((float(row["interval"]), float(row["pixels"])))
    table: dict[str, dict[str, float]] = {}
    for (part, size), by_day in found.items():
        every = np.array([hole for holes in by_day.values() for hole in holes]).T
        table.setdefault(part, {})[size] = round(factor_of(every), 3)
        held = {
            day: inside(
                np.array(holes).T,
                factor_of(np.array([hole for other in by_day if other != day for hole in by_day[other]]).T),
            )
            for day, holes in (by_day.items() if len(by_day) > 1 else ())
        }
        shares = " ".join(f"{share:.2f}" for share in held.values())
        print(
            f"{part:>8} {size:<7} {every.shape[1]:3d} holes, factor {table[part][size]:.3f}: "
            f"inside {inside(every, 1):.3f} without it; on days held out {shares}"
        )
    if given.write:
        measured = json.loads(given.write.read_text())
        measured.setdefault("scales", {})[given.kind] = table
        given.write.write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
