"""Adapters: one for each kind of input that a network sees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.simulation.scene import simulate
from corinpaint.model.metadata import DOMAINS
from corinpaint.restore.context import Context
from corinpaint.restore.engines.base import Filled
from corinpaint.restore.methods.problem import problem_of
from corinpaint.restore.network import equalisation, log_polar, log_polar_grid
from corinpaint.restore.network.adapters import DESCRIPTIONS, adapt


@pytest.fixture(scope="module")
def calibrated(make_frame):
    return calibrate_on_detector(
        read_frame(make_frame(missing=((20, 20), (8, 12)), CROTA1=180.0)), load_calibration_set()
    )


def test_the_network_fills_the_zones_asked_for(calibrated, echo):
    first, second = blocks.zones(calibrated.missing_in_field)
    found, reached = adapt(echo).fill(calibrated, (first,))
    hole, other = (blocks.to_pixels(zone.missing) & calibrated.field for zone in (first, second))
    assert reached.all()
    assert (found.brightness[hole] > 0).all()
    assert np.array_equal(found.brightness[~hole], calibrated.brightness[~hole])
    assert np.array_equal(found.variance[other], calibrated.variance[other])


def test_a_network_for_log_polar_windows_fills_the_zones_asked_for_and_tells_their_variance(calibrated, log_polar_echo):
    first, second = blocks.zones(calibrated.missing_in_field)
    found, reached = adapt(log_polar_echo).fill(calibrated, (first,))
    hole, other = (blocks.to_pixels(zone.missing) & calibrated.field for zone in (first, second))
    assert log_polar_echo.calls == 1
    assert reached[hole].all()
    assert not reached[other].any()
    assert (found.brightness[hole] > 0).all()
    assert (found.variance[hole] > 0).all()
    assert np.array_equal(found.brightness[~hole], calibrated.brightness[~hole])
    assert np.array_equal(found.variance[~hole], calibrated.variance[~hole])


@pytest.fixture
def earlier(calibrated):
    """The frame itself, all of it seen, as its own context."""
    return (Context("earlier", 0.5, calibrated.brightness, np.ones(calibrated.field.shape, dtype=bool), 1.0),)


def test_context_is_handed_to_a_network_that_takes_it(calibrated, log_polar_echo, earlier):
    masks, fill = [], log_polar_echo.fill
    log_polar_echo.fill = lambda image, mask, place: masks.append(mask) or fill(image, mask, place)
    adapt(log_polar_echo).fill(calibrated, tuple(blocks.zones(calibrated.missing_in_field)), earlier)
    assert masks
    assert all(mask[:, 1].mean() > 0.9 for mask in masks)


def test_history_has_words_for_every_domain():
    assert DESCRIPTIONS.keys() == DOMAINS.keys()


def test_context_is_refused_by_a_network_that_takes_none(calibrated, echo, earlier):
    with pytest.raises(OptionError, match=r"echo\.onnx.*takes no context"):
        adapt(echo).fill(calibrated, tuple(blocks.zones(calibrated.missing_in_field)), earlier)
    assert echo.calls == 0


@pytest.mark.slow
def test_a_fill_is_no_surer_than_the_noise_of_its_pixels_where_the_vignetting_is_strong(log_polar_echo):
    missing = np.zeros((32, 32), dtype=bool)
    missing[10, 10] = missing[11, 11] = True  # on the pylon
    complete = calibrate_on_detector(simulate(4, missing=0).frame, load_calibration_set())
    frame = replace(complete.frame, data=np.where(blocks.to_pixels(missing), 0, complete.frame.data))
    holed = calibrate_on_detector(frame, load_calibration_set())
    truth = fill_from(complete, holed, log_polar_echo)
    found, reached = adapt(truth).fill(holed, tuple(blocks.zones(holed.missing_in_field)))
    hole = blocks.to_pixels(holed.missing_in_field) & holed.field & reached & complete.observed
    ratio = np.sqrt(found.variance[hole] / complete.variance[hole])
    assert hole.sum() > 500
    assert np.quantile(ratio, 0.02) > 0.9
    assert np.median(ratio) < 1.3


def fill_from(complete, holed, engine):
    """An engine that gives the truth, smoothed, with the scatter of usual noise."""
    scale = equalisation.fit_noise(holed.brightness, np.sqrt(holed.variance), holed.observed)
    level = ndimage.gaussian_filter(scale.forward(complete.brightness), 3)
    centre = problem_of(holed, tuple(blocks.zones(holed.missing_in_field))).centre

    def fill(_image, mask, _place):
        zones = blocks.zones(holed.missing_in_field)
        windows = [
            log_polar_grid.around(*np.nonzero(blocks.to_pixels(z.missing) & holed.field), centre, log_polar.ROOM)
            for z in zones
        ]
        images = [log_polar_grid.sampler(one, level.shape).values(level, True)[None] for one in windows]
        ones = np.ones_like(mask[:, :1])
        return Filled(np.array(images), ones, ones)

    engine.fill = fill
    return engine
