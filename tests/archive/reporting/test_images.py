"""Pictures of a product: aligned, and the same but for the filled pixels."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from corinpaint.archive.reporting import images, products
from corinpaint.lasco.level1.product import Flag


def opened(content):
    return np.asarray(Image.open(io.BytesIO(content)))


def test_the_cover_hides_the_filled_pixels_and_nothing_else(make_product, tmp_path):
    made = make_product()
    drawn = images.pictures(products.read(made.write(tmp_path)))
    cover = opened(drawn.cover)
    np.testing.assert_array_equal(cover[..., 3] == 255, (made.mask == Flag.FILLED)[::-1])
    assert set(np.unique(cover[..., 3])) == {0, 255}
    assert opened(drawn.image).shape == (*made.data.shape, 3)
    assert max(opened(drawn.thumbnail).shape) == images.THUMBNAIL
    assert set(drawn.flags) == {Flag.FILLED, Flag.REFUSED}


def test_a_product_without_a_fill_has_no_cover(make_product, tmp_path):
    made = make_product()
    made.mask[...] = 0
    drawn = images.pictures(products.read(made.write(tmp_path)))
    assert (drawn.cover, drawn.flags) == (b"", {})


def test_outlines_count_rows_from_the_top():
    where = np.zeros((8, 8), bool)
    where[0:2, 3:5] = True
    path = images.svg_path(where)
    assert path.startswith("M")
    assert path.endswith("z")
    assert path.count("z") == 1
    start = path[1:].split("h")[0].split("v")[0].split()
    assert (int(start[0]) in (3, 5), int(start[1]) in (6, 8)) == (True, True)
