"""Zones of missing blocks in the image of a product, numbered as HISTORY numbers them."""

from __future__ import annotations

import numpy as np
import products
import pytest
from astropy.io import fits

import corinpaint
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.flags import Flag, flagged
from corinpaint.lasco.notebook.zones import zones_in
from corinpaint.restore.pipeline import restore


def middle(zone):
    rows, columns = np.nonzero(zone.where)
    return rows.mean(), columns.mean()


@pytest.mark.slow
@pytest.mark.parametrize("crota", [170.0, 180.0, 5.0])
def test_zones_of_rotated_frames_have_their_numbers_too(make_frame, crota):
    missing = ((20, 20), (10, 22), (10, 6), (24, 9))
    product = restore(read_frame(make_frame(missing=missing, CROTA1=crota)), fill="polynomial").level1
    found = zones_in(product.mask, product.header)
    expected = blocks.zones(blocks.parse_misslist(product.header["MISSLIST"]))
    assert [zone.history.count for zone in found] == [zone.missing.sum() for zone in expected]
    assert [zone.number for zone in found] == [zone.number for zone in expected]
    sun = np.array([product.header["CRPIX2"], product.header["CRPIX1"]]) - 1
    turn = np.radians(product.header["RECTIFY"])
    for zone, block in zip(found, expected, strict=True):
        rows, columns = np.nonzero(block.missing)
        offset = np.array([rows.mean() * 32 + 15.5, columns.mean() * 32 + 15.5]) - 511.5
        if abs(product.header["RECTIFY"]) > 90:
            offset, angle = -offset, turn - np.pi
        else:
            angle = turn
        row, column = offset + 511.5 - sun
        offset = np.array([row * np.cos(angle) + column * np.sin(angle), column * np.cos(angle) - row * np.sin(angle)])
        place = sun + offset
        assert middle(zone) == pytest.approx(place, abs=8)


def test_blocks_outside_of_the_field_of_view_have_no_number(make_frame):
    missing = ((10, 22), (15, 15), (20, 8))
    restored = restore(read_frame(make_frame(missing=missing)), fill="harmonic")
    assert restored.counts.occulted == 1, "behind the occulter"
    product = restored.level1
    found = zones_in(product.mask, product.header)
    assert [(zone.number, zone.history.number) for zone in found] == [(1, 1), (2, 2)]
    assert middle(found[0]) == pytest.approx((10 * 32 + 16, 22 * 32 + 16), abs=4)
    assert middle(found[1]) == pytest.approx((20 * 32 + 16, 8 * 32 + 16), abs=4)


@pytest.mark.parametrize("crota", [0.0, 180.0])
def test_blocks_that_a_user_masked_count_as_in_history(make_frame, crota):
    mask = np.zeros((1024, 1024), bool)
    mask[8 * 32 + 3 : 8 * 32 + 9, 20 * 32 + 3 : 20 * 32 + 9] = True
    mask[20 * 32 + 3 : 20 * 32 + 9, 10 * 32 + 3 : 10 * 32 + 9] = True
    frame = read_frame(make_frame(missing=((20, 8), (26, 16)), CROTA1=crota))
    product = corinpaint.restore(frame, fill="harmonic", mask=mask).level1
    found = zones_in(product.mask, product.header)
    assert [(zone.number, zone.history.count) for zone in found] == [(1, 1), (2, 2), (3, 1)]
    own = [bool(flagged(product.mask, Flag.USER)[zone.where].all()) for zone in found]
    assert own == [True, False, False]
    assert np.array_equal(np.sum([zone.where for zone in found], axis=0), flagged(product.mask, Flag.FILLED))


def test_without_a_list_of_blocks_the_place_on_the_detector_counts(holed_product):
    header = holed_product.header.copy()
    listed = zones_in(holed_product.mask, header)
    header["MISSLIST"] = blocks.SUMMED_MISSLIST
    found = zones_in(holed_product.mask, header)
    assert [zone.history for zone in found] == [zone.history for zone in listed]
    assert all(np.array_equal(one.where, other.where) for one, other in zip(found, listed, strict=True))


@pytest.fixture(params=[0.0, 170.0], ids=["upright", "rolled"])
def holed_product(request, make_frame):
    missing = ((20, 8), (20, 10), (10, 22), (26, 16))
    return restore(read_frame(make_frame(missing=missing, CROTA1=request.param)), fill="harmonic").level1


def test_pixels_that_do_not_fit_history_have_no_number():
    mask = np.zeros((256, 256), np.uint8)
    mask[64:96, 32:64] = mask[64:96, 96:128] = Flag.FILLED
    made = products.made_up(35000001, "2002-01-08T01:00:00", np.ones((256, 256)), mask)
    assert [(zone.number, zone.history) for zone in zones_in(mask, made.header)] == [(0, None)]
    mask[160:192, 64:96] = Flag.REFUSED
    mask[160:192, 200:232] = Flag.REFUSED | Flag.OCCULTED
    found = zones_in(mask, made.header)
    assert [zone.where.sum() for zone in found] == [2048, 1024]
    assert zones_in(np.zeros_like(mask), fits.Header()) == []


def test_what_is_occulted_joins_the_parts_of_a_zone():
    mask = np.zeros((256, 256), np.uint8)
    mask[64:96, 32:160] = Flag.FILLED
    mask[64:96, 64:128] = Flag.REFUSED | Flag.OCCULTED
    made = products.made_up(35000001, "2002-01-08T01:00:00", np.ones((256, 256)), mask)
    (zone,) = zones_in(mask, made.header)
    assert zone.where.sum() == 2048
