"""The standard deviation of a network's fills, corrected by the size of the zone.

A network learns its scale on holes of up to 64 blocks, most of them small. On the runs of blocks that telemetry loses
its intervals are too wide, or too narrow: by a factor that was measured on frames of days that it was not trained on,
with and without context (`corinpaint.restore.measured_errors.scale_factor`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.photometry.detector import ObservedFrame
from corinpaint.restore import measured_errors
from corinpaint.restore.context import Context, covers


def scale_factor(frame: Frame, zone: blocks.Zone, *, with_context: bool, weights: str) -> float | None:
    """Factor between the standard deviation of a fill and the one that the network gives.

    Parameters
    ----------
    frame : Frame
    zone : Zone
    with_context : bool
        Whether context frames observed all of the zone.
    weights : str
        sha256 of the network's weights.

    Returns
    -------
    float or None
        None where it was not measured: for other weights, other kinds of frames, or larger zones.
    """
    if weights != measured_errors.weights():
        return None
    return measured_errors.scale_factor(frame, int(zone.missing.sum()), with_context=with_context)


def corrected(
    observed: ObservedFrame,
    filled: ObservedFrame,
    zones: Sequence[blocks.Zone],
    context: Sequence[Context],
    weights: str,
) -> ObservedFrame:
    """A frame that a network filled, with the variance of the fills corrected by the sizes of their zones.

    Parameters
    ----------
    observed, filled : ObservedFrame
        The frame before and after the fill; the variance of the filled one is the network's.
    zones : sequence of Zone
        What was filled.
    context : sequence of Context
        What the network was given.
    weights : str
        sha256 of its weights.

    Returns
    -------
    ObservedFrame
        The same frame where no factor was measured, or all are 1.
    """
    variance = filled.variance
    for zone in zones:
        seen = covers(observed, zone, context)
        factor = scale_factor(observed.frame, zone, with_context=seen, weights=weights)
        if factor not in (None, 1.0):
            variance = np.where(observed.hole(zone.missing), variance * np.float32(factor) ** 2, variance)
    return filled if variance is filled.variance else replace(filled, variance=variance)
