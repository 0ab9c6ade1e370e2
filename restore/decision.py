"""Which zones of lost blocks are filled and which are refused.

SolarSoft's limits (``reduce_level_1.pro`` 1.68, ``fuzzy_image.pro`` 1.7), applied to each zone by itself: more than 16
missing blocks, missing pixels that outnumber the good ones, or a zone at the edge of the frame. SolarSoft masks every
missing block of a frame then; here only the zone that offends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level05 import blocks

MOST_BLOCKS = 16
"""Most missing blocks in a zone that is filled."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What becomes of a zone.

    Attributes
    ----------
    zone : Zone
    refused : str
        Why it is not filled; empty when it is.
    method : str
        What filled it; empty when nothing did.
    error : float or None
        Median error over noise that was measured for that method on such zones; None where none was.
    """

    zone: blocks.Zone
    refused: str
    method: str = ""
    error: float | None = None


def judge(missing: blocks.Blocks, field: NDArray[np.bool_], observed: NDArray[np.bool_]) -> list[Verdict]:
    """Decide for every zone of a frame.

    Parameters
    ----------
    missing : ndarray of bool, shape (32, 32)
        Lost blocks that reach into the field of view.
    field : ndarray of bool, shape (1024, 1024), less when summed
        Field of view on the detector grid.
    observed : ndarray of bool, shape (1024, 1024)
        Good pixels: sent, not lost, in the field, not saturated.

    Returns
    -------
    list of Verdict
        In the order of `corinpaint.lasco.level05.blocks.zones`.
    """
    return [Verdict(zone, _objection(zone, field, observed)) for zone in blocks.zones(missing)]


def _objection(zone: blocks.Zone, field: NDArray[np.bool_], observed: NDArray[np.bool_]) -> str:
    count = int(zone.missing.sum())
    if count > MOST_BLOCKS:
        return f"{count} missing blocks, more than {MOST_BLOCKS}"
    if zone.touches_edge:
        return "touches the edge of the frame"
    place = blocks.bounds(zone.area, field.shape)
    bad = int((blocks.expand(zone.missing, field.shape)[place] & field[place]).sum())
    good = int((blocks.expand(zone.area, field.shape)[place] & observed[place]).sum())
    if bad > good:
        return f"{bad} missing pixels outnumber {good} good ones"
    return ""
