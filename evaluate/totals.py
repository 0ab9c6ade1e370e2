"""The error of the sum of a fill (mass, photometry): how much larger than that of independent pixels.

The errors of neighbouring filled pixels are alike. Their covariance is summed up in one factor for each method and
size of hole: 1 sigma of the sum of the fill over the sum of its pixels' sigma.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from corinpaint.evaluate.scores import SIGMA_OF_90
from corinpaint.evaluate.summary import bootstrap, column, groups

Row = Mapping[str, float | str]

Factors = dict[str, dict[str, float]]
"""Factors by size and method."""


def total_factors(rows: Sequence[Row]) -> Factors:
    """Derive the factors from the holes of a benchmark.

    Parameters
    ----------
    rows : sequence of mapping
        As `corinpaint.evaluate.benchmark.run` gives them; those without a fill are left out.

    Returns
    -------
    dict of dict of float
        By size and method: the 90th percentile of the absolute ``total_ratio`` over 1.645.
    """
    found: Factors = {}
    for size, method in dict.fromkeys((str(row["size"]), str(row["method"])) for row in rows):
        ratios = _ratios(rows, size, method)
        if ratios.size:
            found.setdefault(size, {})[method] = float(np.quantile(np.abs(ratios), 0.9)) / SIGMA_OF_90
    return found


def coverage(rows: Sequence[Row], factors: Factors) -> Factors:
    """Share of the holes whose sum lies in its 90 % interval, by size and method."""
    return {
        size: {
            method: float((np.abs(ratios) < SIGMA_OF_90 * factor).mean())
            for method, factor in of_size.items()
            if (ratios := _ratios(rows, size, method)).size
        }
        for size, of_size in factors.items()
    }


def _ratios(rows: Sequence[Row], size: str, method: str) -> NDArray[np.float64]:
    values = [float(row["total_ratio"]) for row in rows if (row["size"], row["method"]) == (size, method)]
    ratios = np.array(values, dtype=np.float64)
    return ratios[np.isfinite(ratios)]


def interval_lines(rows: Sequence[Row], draws: int, seed: int) -> list[dict[str, str]]:
    """How often the truth lies in the 90 % intervals, and how far off sums over holes are.

    Parameters
    ----------
    rows : sequence of mapping
        As `corinpaint.evaluate.benchmark.run` gives them; those without a fill are left out.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    list of dict
        For each telescope, kind of frame, size and method: "inside", share of the pixels of all holes in their 90 %
        interval; "inside_worst", the tenth percentile over the holes; "sum_percent" and "sum_percent_90", median and
        90th percentile of the absolute error of the sum over a hole; "sum_factor", see `total_factors`.
    """
    lines = []
    filled = [row for row in rows if np.isfinite(float(row["total_ratio"]))]
    for keys, chosen in groups(filled, "telescope", "kind", "size", "method"):
        frames = [str(row["frame"]) for row in chosen]
        shares, counts = column(chosen, "coverage"), column(chosen, "pixels")
        pixels = np.stack([shares * counts, counts], axis=1)
        off = np.abs(column(chosen, "bias_percent"))
        factors = total_factors(chosen)[keys["size"]]
        line = keys | {"holes": str(len(chosen)), "inside": str(bootstrap(pixels, frames, draws, seed, _pooled))}
        line["inside_worst"] = f"{np.quantile(shares, 0.1):.3g}"
        line["sum_percent"] = str(bootstrap(off, frames, draws, seed))
        line["sum_percent_90"] = f"{np.quantile(off, 0.9):.3g}"
        line["sum_factor"] = f"{factors[keys['method']]:.3g}"
        lines.append(line)
    return lines


def _pooled(pixels: NDArray[np.float64]) -> float:
    """Share of pixels over holes, from their (number inside, number) in each; shape (N, 2)."""
    inside, count = pixels.sum(axis=0)
    return float(inside / count)
