"""Pictures: right way up, missing blocks marked."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.restore import pictures, pipeline


def test_row_zero_is_at_the_bottom_of_the_picture():
    data = np.full((4, 4), 1e-12, np.float32)
    data[0] = 1e-9
    assert pictures.stretch(data)[-1].min() == 255
    assert pictures.stretch(data)[0].max() == 0


def test_nan_is_black_and_an_empty_image_does_not_fail():
    assert pictures.stretch(np.full((3, 3), np.nan)).max() == 0


def test_before_and_after_stand_side_by_side_with_the_missing_blocks_marked(make_frame, echo):
    product = pipeline.restore(read_frame(make_frame(missing=((20, 20), (31, 16)))), inpainter=echo).level1
    picture = np.asarray(Image.open(io.BytesIO(pictures.before_after(product))))
    assert picture.shape == (1024 + pictures.CAPTION, 2 * 1024 + pictures.GAP, 3)
    row, column = pictures.CAPTION + 1023 - (20 * 32 + 16), 20 * 32 + 16
    assert tuple(picture[row, column]) == pictures.MISSING_COLOUR
    right = picture[row, column + 1024 + pictures.GAP]
    assert right[0] == right[1] == right[2] > 0
    edge = pictures.CAPTION + 1023 - (31 * 32 + 10)
    assert tuple(picture[edge, 16 * 32 + 16 + 1024 + pictures.GAP]) == pictures.REFUSED_COLOUR
