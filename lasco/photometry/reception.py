"""Which pixels of a frame were received: missing blocks, blocks that are never sent, and counts that cannot be.

The converter adds the bias to every count, so that a count far below the bias was not measured: it is a part of a
block that was lost, or damaged on its way. SolarSoft asks only whether one pixel of a block is zero
(``find_miss_blocks``) or its mean at most 0.1 DN (``get_miss_blocks``), which a single stray count changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.photometry import noise

MIN_SIGMA = 10.0
"""How far below the bias a count can be, in units of the noise without light. The compression of real frames makes
single counts that are up to 9.4 below (90 DN, C2 frames of 2013); of 166 complete frames one has a count that is
farther below."""


@dataclass(frozen=True, eq=False)
class Reception:
    """What was received of a frame.

    Attributes
    ----------
    missing : ndarray of bool, shape (H / 32, W / 32)
        Missing blocks: more than half of their pixels that were read out have no possible count. Blocks that LASCO
        never sends are not missing.
    unsent : ndarray of bool, shape (H, W)
        Pixels that LASCO did not send: those of the never-sent blocks and those outside of the subfield. A never-sent
        block of which more than half has counts was sent after all.
    impossible : ndarray of bool, shape (H, W)
        Pixels without a possible count in blocks that are neither missing nor unsent.
    """

    missing: blocks.Blocks
    unsent: NDArray[np.bool_]
    impossible: NDArray[np.bool_]


def received(frame: Frame, bias: float) -> Reception:
    """Find out what was received of a frame.

    Parameters
    ----------
    frame : Frame
    bias : float
        Bias of a pixel, the sum of its read-outs, DN.

    Returns
    -------
    Reception
        Images made from several exposures contain no bias and may be negative: there a block is missing when every
        pixel is zero, and no count is impossible.
    """
    composite = frame.monthly or frame.polarised_product
    bad = frame.data == 0 if composite else frame.data < _lowest_count(frame, bias)
    inside = frame.read_out
    sent_share = blocks.block_means(inside)
    bad_share = blocks.block_means(bad & inside)
    without_counts = (bad_share == sent_share) if composite else (2 * bad_share > sent_share)
    listed = blocks.never_sent(frame.detector, frame.sums)
    missing = without_counts & (sent_share > 0) & ~listed
    unsent = blocks.to_pixels(listed & (2 * bad_share >= sent_share)) | ~inside
    impossible = np.zeros_like(bad) if composite else bad & ~unsent & ~blocks.to_pixels(missing)
    return Reception(missing, unsent, impossible)


def _lowest_count(frame: Frame, bias: float) -> np.float32:
    return np.float32(bias - MIN_SIGMA * np.sqrt(noise.floor(frame)))
