"""The table of all methods beside the network without context: ratios of errors on the same holes, and their floor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from corinpaint.evaluate import summary

Row = Mapping[str, float | str]

REFERENCE = "network"
"""The method whose errors the others are divided by, where it is measured; else the first."""


def geometric_mean(ratios: NDArray[np.float64]) -> float:
    """Geometric mean of ratios greater than 0."""
    return float(np.exp(np.mean(np.log(ratios))))


def relative(rows: Sequence[Row], draws: int, seed: int) -> list[dict[str, str]]:
    """One line for each telescope, kind of frame and size.

    Parameters
    ----------
    rows : sequence of mapping
        As `corinpaint.evaluate.benchmark.run` gives them.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    list of dict
        telescope, kind, size, holes; for each method that fills any of them the geometric mean over the holes of the
        rms error over that of the reference, with its interval; and "floor", that of the rms of the truth about its own
        smooth version. Only holes that all these methods fill are counted, so that all columns are of the same holes:
        where there is context from both sides for two methods, and from earlier frames for two others, those with both.
    """
    names = list(dict.fromkeys(str(row["method"]) for row in rows))
    first = REFERENCE if REFERENCE in names else names[0]
    lines = []
    for keys, chosen in summary.groups(summary.filled_by_all(rows, "rms"), "telescope", "kind", "size"):
        errors = {
            method["method"]: summary.column(_by_hole(of), "rms") for method, of in summary.groups(chosen, "method")
        }
        if first not in errors:
            continue
        of_first = _by_hole([row for row in chosen if row["method"] == first])
        errors["floor"] = summary.column(of_first, "floor")
        frames = [str(row["frame"]) for row in of_first]
        line = keys | {"holes": str(len(of_first))}
        for name in (*names, "floor"):
            ratios = errors.get(name, np.full(len(of_first), np.nan)) / errors[first]
            found = summary.bootstrap(ratios, frames, draws, seed, geometric_mean)
            line[name] = "1" if name == first else str(found)
        lines.append(line)
    return lines


def _by_hole(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (str(row["frame"]), str(row["hole"])))
