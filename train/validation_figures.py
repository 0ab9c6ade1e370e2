"""Figures that the validations of both designs share: errors over those of the smooth prior, by group of holes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

MIN_ERROR = 1e-6
"""Errors below it count as equal to it in ratios, so that an error of 0 has one."""


def error_ratios(errors: Sequence[float], references: Sequence[float]) -> list[float]:
    """Errors over those of a reference, one by one; both in the same unit."""
    return [max(own, MIN_ERROR) / max(other, MIN_ERROR) for own, other in zip(errors, references, strict=True)]


def geometric_mean(ratios: Iterable[float]) -> float:
    """Geometric mean of ratios greater than 0."""
    return float(np.exp(np.mean(np.log(list(ratios)))))


def groups(sides: Sequence[int], kinds: Sequence[str]) -> list[tuple[str, list[int]]]:
    """Group holes, or crops with holes: all of them, those of a size, and those of a kind of frame.

    Parameters
    ----------
    sides : sequence of int
        Side of each hole, blocks.
    kinds : sequence of str
        Kind of the frame of each.

    Returns
    -------
    list of (str, list of int)
        Ending of a figure's name ("", "_SIDE" or "_KIND") and the numbers of the members, by ending.
    """
    found: dict[str, list[int]] = {}
    for number, (side, kind) in enumerate(zip(sides, kinds, strict=True)):
        for suffix in ("", f"_{side}", f"_{kind}"):
            found.setdefault(suffix, []).append(number)
    return sorted(found.items())
