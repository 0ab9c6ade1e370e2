"""The error of the sum of a fill (mass, photometry): how much larger than that of independent pixels.

The errors of neighbouring filled pixels are alike. Their covariance is summed up in one factor for each method and
size of hole: 1 sigma of the sum of the fill over the sum of its pixels' sigma.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from corinpaint.evaluate.scores import SIGMA_OF_90

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
