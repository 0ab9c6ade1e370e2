"""Measured errors of the methods: which one fills a zone best (``--fill auto``) and how well (``--max-error``).

``measured.json`` holds the median error over noise of every method on real frames, from ``corinpaint benchmark``, by
telescope (summed frames by themselves), size of the hole and whether context frames were given.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

from corinpaint.lasco.files import package_data
from corinpaint.lasco.level05.frame import Frame

MEASURED = package_data("corinpaint.restore", "measured.json")

SIZES = (("1", 1), ("2x2", 4), ("3x3", 9), ("4x4", 16))
"""Sizes of holes that were measured, and the maximum number of blocks that each stands for."""


LARGER = (("run32", 32), ("run64", 64), ("run128", 128))
"""Sizes of runs of blocks in which the network's standard deviation was measured, likewise."""


def ranked(frame: Frame, count: int, *, with_context: bool) -> tuple[str, ...]:
    """Methods for a zone, in the order of their measured errors, the smallest first.

    Parameters
    ----------
    frame : Frame
    count : int
        Missing blocks of the zone.
    with_context : bool
        Whether context frames observed the zone.

    Returns
    -------
    tuple of str
        'network' and names of `corinpaint.restore.methods.registry.METHODS` that need no package of an extra.
    """
    errors = measured(frame, count, with_context=with_context)
    return tuple(sorted(errors, key=lambda name: (errors[name], name)))


def measured(frame: Frame, count: int, *, with_context: bool) -> dict[str, float]:
    """Median error over noise of every method on zones like this one; parameters as for `ranked`.

    Returns
    -------
    dict of str to float
        1 is the noise of a pixel. The error of 'network' is that of the weights `weights`, with context or without,
        whichever is smaller.
    """
    alone, context = _errors(frame, count)
    if not with_context:
        return alone
    return {**alone, **{name: min(error, alone.get(name, error)) for name, error in context.items()}}


def total_factors(frame: Frame, count: int, *, with_context: bool) -> dict[str, float]:
    """1 sigma of the sum of a fill over the sum of its pixels' sigma, of every method that was measured.

    Errors of neighbouring filled pixels are alike, so that the error of their sum is much larger than that of
    independent ones: this is 1 where all pixels are off by the same number of sigma, and one over the root of their
    number where their errors are independent. It is the 90th percentile over holes of the absolute value of (sum of
    the fill less sum of the truth) / (sum of sigma), over 1.645.

    Parameters
    ----------
    frame : Frame
    count : int
        Missing blocks of the zone.
    with_context : bool
        Whether context frames observed the zone: the network's factor is another one then, where it was measured.

    Returns
    -------
    dict of str to float
        Up to 16 blocks of every method; up to 128 of the network, where it was measured.
    """
    table, size = _table(), _size(count) or _larger(count)
    of_context = table.get("totals_context", {}).get(kind(frame), {}) if with_context else {}
    return {**table["totals"][kind(frame)].get(size, {}), **of_context.get(size, {})}


class ScaleCorrection(NamedTuple):
    """What the standard deviation of a fill is, given the one that the network gives.

    Attributes
    ----------
    factor, power : float
        In units of the noise of a pixel it is the factor times the power of the network's.
    """

    factor: float = 1.0
    power: float = 1.0


def scale_correction(frame: Frame, count: int, *, with_context: bool) -> ScaleCorrection | None:
    """How the standard deviations that the network `weights` gives are to be corrected in zones like this one.

    Parameters
    ----------
    frame : Frame
    count : int
        Missing blocks of the zone.
    with_context : bool
        Whether context frames observed the zone.

    Returns
    -------
    ScaleCorrection or None
        Up to 16 blocks none is needed where none was found, since the 90 % intervals hold 87 to 94 % of the pixels of
        C2 and C3; None for larger zones where nothing was measured.
    """
    table = _table().get("scales", {}).get(kind(frame), {}).get("context" if with_context else "alone", {})
    size = _size(count)
    found = table.get(size, (1.0, 1.0)) if size else table.get(_larger(count))
    return None if found is None else ScaleCorrection(*found)


def context_helps(frame: Frame, count: int) -> bool:
    """Whether the network was measured to fill such zones no worse with context; True where nothing was measured."""
    alone, context = (errors.get("network") for errors in _errors(frame, count))
    return alone is None or context is None or context <= alone


def _errors(frame: Frame, count: int) -> tuple[dict[str, float], dict[str, float]]:
    """Errors without and with context."""
    table = _table()["errors"][kind(frame)]
    size = _size(count)
    return dict(table["alone"].get(size, {})), dict(table.get("context", {}).get(size, {}))


def _size(count: int) -> str:
    """The measured size that stands for a zone of so many missing blocks; empty for larger ones than were measured."""
    return next((name for name, most in SIZES if count <= most), "")


def _larger(count: int) -> str:
    """The measured size of runs, likewise."""
    return next((name for name, most in LARGER if count <= most), "")


def weights() -> str:
    """sha256 of the weights that the errors of 'network' were measured with."""
    return str(_table().get("weights", ""))


def kind(frame: Frame) -> str:
    """The row of the table that holds for a frame: its telescope, or `summed`."""
    return "summed" if frame.sums.pixels > 1 else frame.detector


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(MEASURED.read_text())
    return table
