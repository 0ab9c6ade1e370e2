"""Writes the table of measured errors of `--fill auto` and `--max-error` from the holes of `corinpaint benchmark`.

    corinpaint benchmark FRAMES -o OUT --sizes 1,2x2,3x3,4x4 --context 2
    python benchmarks/measured_errors.py OUT/holes.csv --kind C2 --weights SHA256 --write restore/measured.json

The frames must be of days that the weights were not trained on. Methods that take context go into the part of the table
for frames with context, on the frames that have it.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np

from corinpaint.evaluate.methods import CONTEXT_SUFFIX
from corinpaint.restore.measured_errors import SIZES
from corinpaint.restore.methods import registry


def errors(rows: list[dict[str, str]]) -> dict[str, dict[str, dict[str, float]]]:
    """Median error over noise, by 'alone' or 'context', size and method."""
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for row in rows:
        method, size, error = row["method"], row["size"], float(row["error"])
        if np.isfinite(error) and size in dict(SIZES):
            name = method.removesuffix(CONTEXT_SUFFIX)
            given = "context" if name != method or name in registry.NEED_CONTEXT else "alone"
            found[given, size, name].append(error)
    table: dict[str, dict[str, dict[str, float]]] = {}
    for (given, size, name), values in found.items():
        table.setdefault(given, {}).setdefault(size, {})[name] = round(float(np.median(values)), 3)
    return table


def main() -> None:
    """Print the errors, and write them where asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("holes", type=Path, nargs="+", help="CSV files of `corinpaint benchmark`")
    parser.add_argument("--write", type=Path, help="the table that receives the errors")
    parser.add_argument("--kind", choices=["C2", "C3", "summed"], help="the row of the table")
    parser.add_argument("--weights", help="sha256 of the weights that were measured")
    given = parser.parse_args()
    rows = [row for path in given.holes for row in csv.DictReader(path.open(newline=""))]
    found = errors(rows)
    print(json.dumps(found, indent=1))
    if given.write:
        table = json.loads(given.write.read_text())
        table["errors"][given.kind] = found
        if given.weights:
            table["weights"] = given.weights
        given.write.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
