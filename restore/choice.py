"""Which method fills a zone when the choice is left to what was measured (``--fill auto``).

``measured.json`` holds the median error over noise of every method on real frames, from ``corinpaint benchmark``, by
telescope (summed frames by themselves), size of the hole and whether context was at hand.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from corinpaint.lasco.frame import Frame

MEASURED = Path(__file__).parent / "measured.json"

SIZES = (("1", 1), ("2x2", 4), ("3x3", 9), ("4x4", 16))
"""Sizes that were measured and the most blocks that each stands for."""


def ranked(frame: Frame, count: int, *, with_context: bool) -> tuple[str, ...]:
    """Methods for a zone, the one with the least measured error first.

    Parameters
    ----------
    frame : Frame
    count : int
        Lost blocks of the zone.
    with_context : bool
        Whether context frames are at hand.

    Returns
    -------
    tuple of str
        'network' and names of `corinpaint.restore.fills.METHODS` that need no package of an extra.
    """
    table = _table()[kind(frame)]
    size = next((name for name, most in SIZES if count <= most), SIZES[-1][0])
    errors = dict(table["alone"][size])
    if with_context:
        errors |= table.get("context", {}).get(size, {})
    return tuple(sorted(errors, key=lambda name: (errors[name], name)))


def kind(frame: Frame) -> str:
    """What a frame counts as in the table: its telescope, or that it is summed."""
    return "summed" if frame.sums.pixels > 1 else frame.detector


@cache
def _table() -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    table: dict[str, dict[str, dict[str, dict[str, float]]]] = json.loads(MEASURED.read_text())["errors"]
    return table
