"""Derives the error of the sum of a fill from the holes of `corinpaint benchmark`, and checks it on other days.

    corinpaint benchmark FRAMES -o OUT --sizes 1,2x2,3x3,4x4
    python benchmarks/fill_totals.py OUT/holes.csv [--write restore/measured.json --kind C2]

The days are dealt to two halves in turn. The factors of each half are checked on the other: the share of its holes
whose sum lies in the 90 % interval. What is written is derived from all.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

from corinpaint.evaluate.totals import coverage, total_factors


def main() -> None:
    """Print the factors and their coverage, and write them where asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("holes", type=Path, nargs="+", help="CSV files of `corinpaint benchmark`")
    parser.add_argument("--write", type=Path, help="the table of measured errors that receives the factors")
    parser.add_argument("--kind", choices=["C2", "C3", "summed"], help="the row of the table")
    given = parser.parse_args()
    rows = [row for path in given.holes for row in csv.DictReader(path.open(newline=""))]
    days = sorted({row["date"][:10] for row in rows})
    halves = [[row for row in rows if days.index(row["date"][:10]) % 2 == half] for half in (0, 1)]
    factors = total_factors(rows)
    checks = [coverage(halves[1 - half], total_factors(halves[half])) for half in (0, 1)]
    print(f"{len(rows)} rows of {len(days)} days; factor (coverage of the 90 % interval on the other half of the days)")
    for size, of_size in factors.items():
        for method, factor in of_size.items():
            shares = [check.get(size, {}).get(method, float("nan")) for check in checks]
            print(f"{size:>8} {method:<14} {factor:.3f}  {shares[0]:.2f} {shares[1]:.2f}")
    if given.write:
        table = json.loads(given.write.read_text())
        rounded = {size: {method: round(value, 3) for method, value in row.items()} for size, row in factors.items()}
        table.setdefault("totals", {})[given.kind] = rounded
        given.write.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
