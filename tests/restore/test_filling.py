"""The two ways to fill: by the network, and by a method without it."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco import blocks
from corinpaint.lasco.assets import load_assets
from corinpaint.lasco.frame import read_frame
from corinpaint.restore import fills
from corinpaint.restore.filling import fill_with_method, fill_with_network, problem
from corinpaint.restore.survey import survey


@pytest.fixture(scope="module")
def around(make_frame):
    return survey(read_frame(make_frame(lost=((20, 20), (8, 12)), CROTA1=180.0)), load_assets())


def test_a_method_is_told_hole_noise_and_where_the_sun_is_on_the_detector(around):
    zones = tuple(blocks.zones(around.missing))
    posed = problem(around, zones)
    assert posed.zones == zones
    assert np.array_equal(posed.hole, blocks.expand(around.missing) & around.field)
    assert posed.centre == pytest.approx((517.956, 532.632))  # not turned, though the product will be
    assert np.allclose(posed.sigma**2, around.exposed.variance, rtol=1e-5)


def test_only_the_zones_asked_for_are_filled(around):
    first, second = blocks.zones(around.missing)
    exposed, reached = fill_with_method(around, (first,), fills.METHODS["harmonic"]())
    hole, other = (blocks.expand(zone.missing) & around.field for zone in (first, second))
    assert reached[hole].all()
    assert np.isfinite(exposed.brightness[hole]).all()
    assert np.array_equal(exposed.brightness[~hole], around.brightness[~hole])
    assert np.array_equal(exposed.variance[other], around.exposed.variance[other])


def test_the_network_fills_the_blocks_asked_for(around, echo):
    exposed, reached = fill_with_network(around, around.missing, echo)
    hole = blocks.expand(around.missing) & around.field
    assert reached.all()
    assert (exposed.brightness[hole] > 0).all()
    assert np.array_equal(exposed.brightness[~hole], around.brightness[~hole])
