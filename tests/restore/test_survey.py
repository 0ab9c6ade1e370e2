"""What is known of a frame before anything is filled."""

from __future__ import annotations

import numpy as np

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.optics import load_assets
from corinpaint.restore.survey import survey


def test_lost_never_sent_saturated_and_occulted_pixels_are_not_observed(make_frame):
    frame = read_frame(make_frame(lost=((20, 20),)))
    around = survey(frame, load_assets())
    assert not around.observed[blocks.expand(around.lost | blocks.never_sent())].any()
    assert not around.observed[530, 516]
    assert not (around.observed & around.exposed.saturated).any()
    assert 0.6 < around.observed.mean() < 0.9


def test_a_lost_block_behind_the_occulter_is_lost_but_not_missing(make_frame):
    around = survey(read_frame(make_frame(lost=((16, 16), (20, 20)))), load_assets())
    assert np.argwhere(around.lost).tolist() == [[16, 16], [20, 20]]
    assert np.argwhere(around.missing).tolist() == [[20, 20]]
