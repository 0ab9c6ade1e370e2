"""Derives corrections of a network's scale by size from `corinpaint benchmark`, and checks them on other days.

    corinpaint benchmark FRAMES -o OUT --sizes run32,run64,run128 --context 2 --context-sides earlier \\
        --context-sides 1+1 --method network --method network+context
    python benchmarks/scale_by_size.py OUT/holes.csv [--write restore/measured.json --kind C2]

The frames must be of days that the weights were not trained on, and the table must have no corrections of these sizes
yet, or the ones found here come on top of them. The power is that by which the scale of a hole that would be right goes
with the scale that the network gave it; with the factor the 90 % intervals hold 90 % (`--share`) of the pixels of all
holes of a size, if the errors of each hole are distributed normally. The corrections of all days but one are checked on
that one.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import erf

from corinpaint.evaluate.methods import CONTEXT_SUFFIX
from corinpaint.evaluate.scores import SIGMA_OF_90
from corinpaint.restore.measured_errors import LARGER, SIZES
from corinpaint.restore.plan import NETWORK

POWERS = (0.3, 1.0)
"""Limits of the power."""

Holes = NDArray[np.float64]
"""For each hole the factor by which its interval would have to be wider, the scale that the network predicted, and the
number of its pixels; shape (3, holes)."""


def inside(holes: Holes, factor: float, power: float) -> float:
    """Share of the pixels that lie in the corrected intervals."""
    wider, predicted, pixels = holes
    width = factor * predicted ** (power - 1) / wider
    return float(np.average(erf(SIGMA_OF_90 * width / np.sqrt(2)), weights=pixels))


def correction(holes: Holes, share: float, power: float | None = None) -> tuple[float, float]:
    """Factor and power at which this share of the pixels lies in the intervals, whatever the network predicted."""
    wider, predicted, pixels = holes
    if power is None:
        slope = np.polyfit(np.log(predicted), np.log(wider * predicted), 1, w=np.sqrt(pixels))[0]
        power = float(np.clip(slope, *POWERS))
    return float(brentq(lambda factor: inside(holes, factor, power) - share, 0.01, 50)), power


def _holes(parts: Iterable[list[tuple[float, ...]]]) -> Holes:
    return np.array([hole for part in parts for hole in part]).T


def main() -> None:
    """Print the corrections with what they would hold on days held out, and write them where asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("holes", type=Path, nargs="+", help="CSV files of `corinpaint benchmark`")
    parser.add_argument("--write", type=Path, help="the table of measured errors that receives the corrections")
    parser.add_argument("--kind", choices=["C2", "C3", "summed"], help="the row of the table")
    parser.add_argument("--share", type=float, default=0.9, help="of the pixels; more where few days were measured")
    parser.add_argument(
        "--power", type=float, help="by default as it goes; 1 where a lower one leaves holes that are far off"
    )
    given = parser.parse_args()
    found: dict[tuple[str, str], dict[str, list[tuple[float, ...]]]] = defaultdict(lambda: defaultdict(list))
    for path in given.holes:
        for row in csv.DictReader(path.open(newline="")):
            known = row["method"].startswith(NETWORK) and np.isfinite(float(row["interval"]))
            if row["size"] in dict(SIZES + LARGER) and known:
                part = "context" if CONTEXT_SUFFIX in row["method"] else "alone"
                values = tuple(float(row[name]) for name in ("interval", "predicted", "pixels"))
                found[part, row["size"]][row["date"][:10]].append(values)
    table: dict[str, dict[str, tuple[float, float]]] = {}
    for (part, size), by_day in found.items():
        every = _holes(by_day.values())
        factor, power = correction(every, given.share, given.power)
        table.setdefault(part, {})[size] = round(factor, 3), round(power, 3)
        shares = []
        for day in by_day if len(by_day) > 1 else ():
            others = correction(_holes(by_day[one] for one in by_day if one != day), given.share, given.power)
            shares.append(f"{inside(_holes([by_day[day]]), *others):.2f}")
        print(
            f"{part:>8} {size:<7} {every.shape[1]:3d} holes, factor {factor:.3f}, power {power:.2f}: "
            f"inside {inside(every, 1, 1):.3f} without it; on days held out {' '.join(shares)}"
        )
    if given.write:
        measured = json.loads(given.write.read_text())
        measured.setdefault("scales", {})[given.kind] = table
        given.write.write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
