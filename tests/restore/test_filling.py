"""The two ways to fill: by the network, and by a method without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from corinpaint.lasco.errors import CheckpointError, OptionError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.optics import load_assets
from corinpaint.lasco.simulation.scene import simulate
from corinpaint.restore.context import Context
from corinpaint.restore.engines.base import Filled
from corinpaint.restore.filling import fill_with_method, fill_with_network, problem
from corinpaint.restore.methods import registry
from corinpaint.restore.network import equalisation, log_polar, log_polar_grid
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
    exposed, reached = fill_with_method(around, (first,), registry.METHODS["harmonic"]())
    hole, other = (blocks.expand(zone.missing) & around.field for zone in (first, second))
    assert reached[hole].all()
    assert np.isfinite(exposed.brightness[hole]).all()
    assert np.array_equal(exposed.brightness[~hole], around.brightness[~hole])
    assert np.array_equal(exposed.variance[other], around.exposed.variance[other])


def test_the_network_fills_the_zones_asked_for(around, echo):
    first, second = blocks.zones(around.missing)
    exposed, reached = fill_with_network(around, (first,), echo)
    hole, other = (blocks.expand(zone.missing) & around.field for zone in (first, second))
    assert reached.all()
    assert (exposed.brightness[hole] > 0).all()
    assert np.array_equal(exposed.brightness[~hole], around.brightness[~hole])
    assert np.array_equal(exposed.variance[other], around.exposed.variance[other])


def test_a_network_for_straightened_windows_fills_the_zones_asked_for_and_tells_their_variance(around, straight_echo):
    first, second = blocks.zones(around.missing)
    exposed, reached = fill_with_network(around, (first,), straight_echo)
    hole, other = (blocks.expand(zone.missing) & around.field for zone in (first, second))
    assert straight_echo.calls == 1
    assert reached[hole].all()
    assert not reached[other].any()
    assert (exposed.brightness[hole] > 0).all()
    assert (exposed.variance[hole] > 0).all()
    assert np.array_equal(exposed.brightness[~hole], around.brightness[~hole])
    assert np.array_equal(exposed.variance[~hole], around.exposed.variance[~hole])


@pytest.fixture
def earlier(around):
    """The frame itself, all of it seen, as its own context."""
    return (Context("earlier", 0.5, around.brightness, np.ones(around.field.shape, dtype=bool), 1.0),)


def test_context_is_handed_to_a_network_that_takes_it(around, straight_echo, earlier):
    masks, fill = [], straight_echo.fill
    straight_echo.fill = lambda image, mask, place: masks.append(mask) or fill(image, mask, place)
    fill_with_network(around, tuple(blocks.zones(around.missing)), straight_echo, earlier)
    assert masks
    assert all(mask[:, 1].mean() > 0.9 for mask in masks)


def test_context_is_refused_by_a_network_that_takes_none(around, echo, earlier):
    with pytest.raises(OptionError, match=r"echo\.onnx.*takes no context"):
        fill_with_network(around, tuple(blocks.zones(around.missing)), echo, earlier)
    assert echo.calls == 0


@pytest.mark.parametrize("engine", ["echo", "straight_echo"])
def test_a_network_that_gives_no_numbers_is_refused(around, request, engine):
    engine = request.getfixturevalue(engine)
    fill = engine.fill
    engine.fill = lambda *given: (filled := fill(*given))._replace(image=filled.image * np.float32(np.nan))
    with pytest.raises(CheckpointError, match="not finite"):
        fill_with_network(around, tuple(blocks.zones(around.missing)), engine)


def test_a_fill_is_no_surer_than_the_noise_of_its_pixels_where_the_vignetting_is_strong(straight_echo):
    lost = np.zeros((32, 32), dtype=bool)
    lost[10, 10] = lost[11, 11] = True  # on the pylon
    complete = survey(simulate(4, lost=0).frame, load_assets())
    frame = replace(complete.exposed.frame, data=np.where(blocks.expand(lost), 0, complete.exposed.frame.data))
    holed = survey(frame, load_assets())
    truth = fill_from(complete, holed, straight_echo)
    exposed, reached = fill_with_network(holed, tuple(blocks.zones(holed.missing)), truth)
    hole = blocks.expand(holed.missing) & holed.field & reached & complete.observed
    ratio = np.sqrt(exposed.variance[hole] / complete.exposed.variance[hole])
    assert hole.sum() > 500
    assert np.quantile(ratio, 0.02) > 0.9
    assert np.median(ratio) < 1.3


def fill_from(complete, holed, engine):
    """An engine that gives the truth, smoothed, with the scatter of usual noise."""
    scale = equalisation.fit_noise(holed.brightness, np.sqrt(holed.exposed.variance), holed.observed)
    level = ndimage.gaussian_filter(scale.forward(complete.brightness), 3)
    centre = problem(holed, tuple(blocks.zones(holed.missing))).centre

    def fill(_image, mask, _place):
        zones = blocks.zones(holed.missing)
        windows = [
            log_polar_grid.around(*np.nonzero(blocks.expand(z.missing) & holed.field), centre, log_polar.ROOM)
            for z in zones
        ]
        images = [log_polar_grid.sampler(one, level.shape).values(level, True)[None] for one in windows]
        ones = np.ones_like(mask[:, :1])
        return Filled(np.array(images), ones, ones)

    engine.fill = fill
    return engine
