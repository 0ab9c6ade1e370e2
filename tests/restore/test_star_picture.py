"""The picture with the expected places of stars."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from corinpaint.lasco.errors import OutputError
from corinpaint.lasco.geometry.star_offsets import measure
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore import star_picture


@pytest.mark.slow
def test_every_expected_star_has_a_circle(make_frame):
    product = calibrate(read_frame(make_frame()))
    found = measure(product.data, product.header)
    picture = np.asarray(Image.open(io.BytesIO(star_picture.picture(product, found))))
    assert picture.shape == (1024 + star_picture.CAPTION, 1024, 3)
    missed = found.expected.hip.size - found.matched.sum()
    for column, row, matched in zip(found.expected.column, found.expected.row, found.matched, strict=True):
        colour = star_picture.FOUND_COLOUR if matched else star_picture.MISSED_COLOUR
        x, y = round(column), round(star_picture.CAPTION + 1023 - row)
        around = picture[y - 12 : y + 13, x - 12 : x + 13]
        assert (around == colour).all(axis=2).sum() > 20
    assert missed > 0  # the made-up frame has no stars


@pytest.mark.slow
def test_numbers_without_stars_are_none_and_the_rest_is_plain(make_frame, tmp_path):
    path = tmp_path / "32082037.fts"
    path.write_bytes(make_frame())
    found = json.loads(json.dumps(star_picture.draw_stars(path, load_calibration_set(), tmp_path)))
    assert found["picture"] == str(tmp_path / "35082037_stars.png")
    assert found["expected"] > 20
    assert found["roll_deg"] is None
    with pytest.raises(OutputError):
        star_picture.draw_stars(path, load_calibration_set(), tmp_path)
    star_picture.draw_stars(path, load_calibration_set(), tmp_path, overwrite=True)
