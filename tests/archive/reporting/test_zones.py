"""Zones are found in the image of a product and numbered as on the detector."""

from __future__ import annotations

import pytest

from corinpaint.archive.reporting import products, zones
from corinpaint.lasco.level1.product import Flag


def test_zones_have_their_places_and_the_predicted_error_of_the_filled_ones(make_product, tmp_path):
    made = make_product()
    made.noise[32:64, 64:96] = 3e-12
    found = products.read(made.write(tmp_path))
    filled, refused = zones.rows(found, {})
    assert filled.place == pytest.approx((79.5, 47.5))
    assert (filled.predicted, filled.ratio) == pytest.approx((3e-12, 3), rel=1e-3)
    assert filled.history.error == 1.14
    assert refused.place == pytest.approx((159.5, 207.5))
    assert (refused.predicted, refused.history.refused) == (None, "touches the edge of the frame")


def test_a_json_report_gives_all_digits(make_product, tmp_path):
    found = products.read(make_product().write(tmp_path))
    told = {"zones": [{"zone": 1, "measured_error": 1.139, "predicted_error": 1.244, "sum": None}]}
    assert zones.rows(found, told)[0].history.error == 1.139
    assert zones.rows(found, told)[0].history.predicted == 1.244


def test_zones_that_cannot_be_told_apart_have_no_place(make_product, tmp_path):
    made = make_product()
    made.mask[...] = Flag.FILLED
    assert all(row.place is None for row in zones.rows(products.read(made.write(tmp_path)), {}))
