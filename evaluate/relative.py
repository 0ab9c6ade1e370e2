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
    for keys, chosen in summary.groups(rows, "telescope", "kind", "size"):
        tables = {name: _finite([row for row in chosen if row["method"] == name]) for name in names}
        filling = [name for name in names if tables[name]]
        if first not in filling:
            continue
        common = [key for key in tables[first] if all(key in tables[name] for name in filling)]
        frames, errors = [frame for frame, _ in common], _column(tables[first], common, "rms")
        line = keys | {"holes": str(len(common))}
        for name in (*names, "floor"):
            own = tables[first] if name == "floor" else tables[name]
            kept = common if name == "floor" or name in filling else []
            ratios = _column(own, kept, "floor" if name == "floor" else "rms") / errors[: len(kept)]
            line[name] = _of(name == first, ratios, frames[: len(kept)], draws, seed)
        lines.append(line)
    return lines


def _finite(rows: Sequence[Row]) -> dict[tuple[str, str], Row]:
    return summary.by_hole([row for row in rows if np.isfinite(float(row["rms"]))])


def _column(table: Mapping[tuple[str, str], Row], keys: Sequence[tuple[str, str]], name: str) -> NDArray[np.float64]:
    return np.array([float(table[key][name]) for key in keys], dtype=np.float64)


def _of(is_reference: bool, ratios: NDArray[np.float64], frames: Sequence[str], draws: int, seed: int) -> str:
    if is_reference and ratios.size:
        return "1"
    return str(summary.bootstrap(ratios, frames, draws, seed, geometric_mean))
