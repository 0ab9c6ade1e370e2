"""Derives the error of the sum of a fill from the holes of `corinpaint benchmark`, and checks it on other days.

    corinpaint benchmark FRAMES -o OUT --sizes 1,2x2,3x3,4x4
    python benchmarks/fill_totals.py OUT/holes.csv [--write restore/measured.json --kind C2]

The factors of all days but one are checked on that one, for each day in turn: the share of the holes whose sum lies
in the 90 % interval. What is written is derived from all days, and replaces the sizes and methods that were measured.
The network given context goes into a part of its own, whatever the sides of its context.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np

from corinpaint.evaluate.methods import CONTEXT_SUFFIX
from corinpaint.evaluate.totals import coverage, total_factors


def _joined(row: dict[str, str]) -> dict[str, str]:
    """The row of a network given context without the sides of the context in its name."""
    name = row["method"]
    return {**row, "method": name.split(CONTEXT_SUFFIX)[0] + CONTEXT_SUFFIX} if CONTEXT_SUFFIX in name else row


def _held_out_coverage(rows: list[dict[str, str]], days: list[str]) -> dict[tuple[str, str], float]:
    """Share of the holes in the intervals that the other days give, by size and method."""
    inside: dict[tuple[str, str], list[float]] = {}
    for day in days:
        held = [row for row in rows if row["date"][:10] == day]
        factors = total_factors([row for row in rows if row["date"][:10] != day])
        for size, of_size in coverage(held, factors).items():
            for method, share in of_size.items():
                holes = sum((row["size"], row["method"]) == (size, method) for row in held)
                inside.setdefault((size, method), []).extend([share] * holes)
    return {key: float(np.mean(shares)) for key, shares in inside.items()}


def main() -> None:
    """Print the factors and their coverage, and write them where asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("holes", type=Path, nargs="+", help="CSV files of `corinpaint benchmark`")
    parser.add_argument("--write", type=Path, help="the table of measured errors that receives the factors")
    parser.add_argument("--kind", choices=["C2", "C3", "summed"], help="the row of the table")
    given = parser.parse_args()
    rows = [_joined(row) for path in given.holes for row in csv.DictReader(path.open(newline=""))]
    days = sorted({row["date"][:10] for row in rows})
    factors, covered = total_factors(rows), _held_out_coverage(rows, days)
    print(f"{len(rows)} rows of {len(days)} days; factor and share of the holes of days held out in the 90 % interval")
    for size, of_size in factors.items():
        for method, factor in of_size.items():
            print(f"{size:>8} {method:<14} {factor:.3f}  {covered[size, method]:.2f}")
    for method in dict.fromkeys(row["method"] for row in rows):
        print(f"all sizes {method:<13}        {np.mean([covered[size, method] for size in factors]):.2f}")
    if given.write:
        table = json.loads(given.write.read_text())
        for size, row in factors.items():
            for method, value in row.items():
                part = "totals_context" if method.endswith(CONTEXT_SUFFIX) else "totals"
                sizes = table.setdefault(part, {}).setdefault(given.kind, {})
                sizes.setdefault(size, {})[method.removesuffix(CONTEXT_SUFFIX)] = round(value, 3)
        given.write.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
