"""The standard deviation of a network's fills, corrected by the size of the zone.

A network learns its scale on few frames that are summed, and on holes of up to 64 blocks, most of them small. In summed
frames, and on the runs of blocks that telemetry loses, its intervals are too wide, most of all where it is least
certain. A factor and a power correct them, which were measured on frames of days that it was not trained on, with and
without context (`corinpaint.restore.measured_errors.scale_correction`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.photometry.detector import ObservedFrame, noise_variance
from corinpaint.restore import measured_errors
from corinpaint.restore.context import Context, covers


def scale_correction(
    frame: Frame, zone: blocks.Zone, *, with_context: bool, weights: str
) -> measured_errors.ScaleCorrection | None:
    """Correction of the standard deviation that the network gives its fill of a zone.

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
    ScaleCorrection or None
        None where it was not measured: for other weights, other kinds of frames, or larger zones.
    """
    if weights != measured_errors.weights():
        return None
    return measured_errors.scale_correction(frame, int(zone.missing.sum()), with_context=with_context)


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
        The same frame where nothing is corrected.
    """
    variance = filled.variance
    for zone in zones:
        alone, helped = (
            scale_correction(observed.frame, zone, with_context=given, weights=weights) for given in (False, True)
        )
        found = helped if alone != helped and covers(observed, zone, context) else alone
        if found is None or found == measured_errors.ScaleCorrection():
            continue
        hole = observed.hole(zone.missing)
        noise = noise_variance(observed, filled.brightness[hole], hole)
        given = np.divide(filled.variance[hole], noise, out=np.ones_like(noise), where=noise > 0)
        variance = variance.copy() if variance is filled.variance else variance
        variance[hole] = filled.variance[hole] * (found.factor**2 * given ** (found.power - 1)).astype(np.float32)
    return filled if variance is filled.variance else replace(filled, variance=variance)
