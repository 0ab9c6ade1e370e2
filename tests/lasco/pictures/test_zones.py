"""Zones of missing blocks in the image of a product."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.flags import Flag, flagged
from corinpaint.lasco.notebook.history import ZoneHistory
from corinpaint.lasco.pictures.zones import MARGIN, fate, summary, zones_in
from corinpaint.restore.pipeline import restore


def middle(zone):
    rows, columns = np.nonzero(zone.where)
    return rows.mean(), columns.mean()


def test_zones_have_the_numbers_and_the_fates_of_history(holed):
    found = zones_in(holed.mask, holed.header)
    assert [(zone.number, zone.history.count, bool(zone.history.method)) for zone in found] == [
        (1, 2, True),
        (2, 1, True),
        (3, 1, False),
    ]
    assert middle(found[0]) == pytest.approx((8 * 32 + 16, 10 * 32), abs=4)
    assert middle(found[1]) == pytest.approx((20 * 32 + 16, 20 * 32 + 16), abs=4)
    assert found[2].caption == "zone 3: 1 block, refused: touches the edge of the frame"
    assert found[0].caption.startswith("zone 1: 2 blocks, filled by polynomial, measured error ")


def test_every_filled_or_refused_pixel_in_sight_is_of_one_zone(holed):
    found = zones_in(holed.mask, holed.header)
    seen = flagged(holed.mask, Flag.FILLED | Flag.REFUSED) & ~flagged(holed.mask, Flag.OCCULTED | Flag.NEVER_SENT)
    assert np.array_equal(np.sum([zone.where for zone in found], axis=0), seen)


def test_windows_are_squares_with_a_margin_and_inside_of_the_image(holed):
    for zone in zones_in(holed.mask, holed.header):
        part = zone.where[zone.window]
        assert part.sum() == zone.where.sum()
        assert part.shape[0] == part.shape[1] >= 32 + 2 * MARGIN


def test_pixels_that_a_user_masked_are_of_no_zone(holed):
    mask = holed.mask | np.uint8(Flag.USER)
    assert zones_in(mask, holed.header) == []
    assert zones_in(np.zeros_like(mask), holed.header) == []


def test_the_summary_names_the_methods_that_filled_and_no_other(holed, whole, with_cards):
    assert summary(holed.header) == "2 zones filled by polynomial, 1 zone refused"
    assert summary(whole.header) == "no missing blocks"
    without = with_cards(holed, HISTORY=None)
    assert summary(without.header) == "3 of 4 missing blocks filled"
    assert summary(with_cards(without, NFILLED=0).header) == "4 missing blocks, none filled"
    assert summary(with_cards(without, NMISSING=None).header) == ""


def test_a_network_is_named_only_where_it_ran(make_frame):
    product = restore(read_frame(make_frame(missing=((31, 16),))), fill="network").level1
    assert product.header["FILL"] == "network"
    assert summary(product.header) == "1 zone refused"


def test_a_fate_says_how_many_blocks_and_what_filled_them():
    zone = ZoneHistory(1, 1, method="temporal")
    assert fate(zone) == "1 block, filled by temporal"
    assert fate(replace(zone, error=1.234)) == "1 block, filled by temporal, measured error 1.23 x noise"
