"""Stars beside holes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from corinpaint.evaluate.measures import stars
from corinpaint.lasco.level05 import blocks


def _copying_the_brightest(around, wanted, _context):
    """A method that takes the brightest observed pixel at most 4 px away: all of a star."""
    known = np.where(around.observed, around.brightness, np.float32(0))
    near = ndimage.maximum_filter(known, 9)
    hole = blocks.to_pixels(wanted)
    return replace(around, brightness=np.where(hole, near, around.brightness))


def _constant(around, wanted, _context):
    return replace(around, brightness=np.where(blocks.to_pixels(wanted), np.float32(1e-10), around.brightness))


def test_a_star_is_three_pixels_outside_of_its_hole_and_not_in_it(holed_frame):
    places = stars.star_places(holed_frame, 0)
    moved = stars.with_stars(holed_frame.holed.frame, places, 6000)
    change = moved.data - holed_frame.holed.frame.data
    for hole, (row, column) in zip(holed_frame.holes, places, strict=True):
        pixels = blocks.to_pixels(hole)
        assert ndimage.distance_transform_cdt(~pixels)[row, column] == stars.DISTANCE
        assert not change[pixels].any()
        assert change[row, column] == 6000
    assert np.count_nonzero(change > 3000) == len(places)


def test_places_depend_on_the_seed_alone(holed_frame):
    assert stars.star_places(holed_frame, 1) == stars.star_places(holed_frame, 1) != stars.star_places(holed_frame, 2)


def test_a_fill_that_copies_the_star_is_moved_by_it_and_one_that_ignores_it_is_not(holed_frame):
    rows = stars.measure(holed_frame, {"copy": _copying_the_brightest, "constant": _constant}, 6000, 0)
    changes = {name: [row["star_change"] for row in rows if row["method"] == name] for name in ("copy", "constant")}
    assert len(changes["copy"]) == 2
    assert min(changes["copy"]) > 64
    assert max(changes["constant"]) == 0


def test_counts_end_at_the_maximum_of_the_converter(holed_frame):
    places = stars.star_places(holed_frame, 0)
    assert stars.with_stars(holed_frame.holed.frame, places, 1e6).data.max() == stars.MAX_COUNTS


def test_the_table_has_median_and_maximum():
    names = {"telescope": "C3", "kind": "full", "size": "1", "method": "a", "star_dn": 6000.0}
    rows = [{**names, "frame": str(i), "hole": "1-0", "star_change": value} for i, value in enumerate((1.0, 2.0, 9.0))]
    (line,) = stars.lines(rows, 20, 0)
    assert line["star_change"].startswith("2 ")
    assert (line["star_change_max"], line["star_dn"], line["holes"]) == ("9", "6000", "3")
