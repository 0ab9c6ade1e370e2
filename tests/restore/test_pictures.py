"""The picture beside a product."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.restore import pictures, pipeline


@pytest.mark.slow
def test_before_and_after_stand_side_by_side_when_blocks_are_missing(make_frame, echo):
    holed, whole = (
        Image.open(io.BytesIO(pictures.before_after(pipeline.restore(read_frame(frame), inpainter=echo).level1)))
        for frame in (make_frame(missing=((20, 20), (31, 16))), make_frame())
    )
    assert holed.width > 2 * 1024 > whole.width > 1024
    assert np.asarray(holed).std() > 10
