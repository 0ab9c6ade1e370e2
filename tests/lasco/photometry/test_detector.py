"""Brightness on the detector grid, against formulas by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from level05 import BIAS

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.options import Options
from corinpaint.lasco.photometry import noise
from corinpaint.lasco.photometry.detector import calibrate_on_detector, noise_variance
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.photometry.photometry import MSB_UNIT, RATE_UNIT

CALFACTOR = (7.43e-8 * (52282 - 50000) + 5.96e-3) * 1e-10


def test_brightness_follows_the_formula_of_solarsoft(make_frame, official):
    frame, calibration = read_frame(make_frame()), load_calibration_set(official)
    y, x = np.mgrid[0:1024, 0:1024] / 1024
    by_hand = (frame.data - BIAS) / 19.1 * (1 + 0.5 * y) * CALFACTOR - 3e-12 * (1 + x * y)
    ours = calibrate_on_detector(frame, calibration).brightness
    assert ours.dtype == np.float32
    assert np.allclose(ours, by_hand, rtol=2e-6, atol=1e-17)


def test_a_monthly_image_has_no_bias_but_stray_light(make_frame, official):
    image = np.full((1024, 1024), 250.5, np.float32)
    frame = read_frame(make_frame(image, FILEORIG="0"))
    y, x = np.mgrid[0:1024, 0:1024] / 1024
    by_hand = 250.5 / 19.1 * (1 + 0.5 * y) * CALFACTOR - 3e-12 * (1 + x * y)
    assert np.allclose(
        calibrate_on_detector(frame, load_calibration_set(official)).brightness, by_hand, rtol=2e-6, atol=1e-17
    )


def test_a_product_of_polariser_positions_has_neither_bias_nor_stray_light_and_may_be_negative(make_frame, official):
    image = np.linspace(-50, 50, 1024 * 1024, dtype=np.float32).reshape(1024, 1024)
    frame = read_frame(make_frame(image, FILTER="Orange", POLAR="Qs"))
    y, _ = np.mgrid[0:1024, 0:1024] / 1024
    by_hand = image / 19.1 * (1 + 0.5 * y) * 0.0297e-10
    product = calibrate_on_detector(frame, load_calibration_set(official))
    assert np.allclose(product.brightness, by_hand, rtol=2e-6, atol=1e-17)
    assert not product.missing.any()


def test_the_variance_is_that_of_the_counts_times_the_square_of_the_calibration(make_frame, official):
    frame = read_frame(make_frame())
    y, _ = np.mgrid[0:1024, 0:1024] / 1024
    worth = (1 + 0.5 * y) * CALFACTOR / 19.1
    by_hand = noise.variance(frame, BIAS) * worth**2
    assert np.allclose(
        calibrate_on_detector(frame, load_calibration_set(official)).variance, by_hand, rtol=1e-5, atol=0
    )


def test_calibrating_leaves_the_frame_unchanged(make_frame, official):
    frame = read_frame(make_frame())
    before = frame.data.copy(), frame.header.copy()
    calibrate_on_detector(frame, load_calibration_set(official))
    assert np.array_equal(frame.data, before[0])
    assert frame.header == before[1]


@pytest.mark.parametrize(("calfactor", "unit"), [(True, MSB_UNIT), (False, RATE_UNIT)])
def test_without_calibration_factor_the_unit_is_that_of_a_rate(make_frame, calfactor, unit):
    found = calibrate_on_detector(read_frame(make_frame()), load_calibration_set(), Options(calfactor=calfactor))
    assert found.unit == unit
    assert (found.scale == 1) is not calfactor


def test_missing_never_sent_saturated_and_occulted_pixels_are_not_observed(make_frame):
    frame = read_frame(make_frame(missing=((20, 20),)))
    calibrated = calibrate_on_detector(frame, load_calibration_set())
    assert not calibrated.observed[blocks.to_pixels(calibrated.missing | blocks.never_sent())].any()
    assert not calibrated.observed[530, 516]
    assert not (calibrated.observed & calibrated.saturated).any()
    assert 0.6 < calibrated.observed.mean() < 0.9


def test_a_missing_block_behind_the_occulter_is_not_missing_in_the_field_of_view(make_frame):
    calibrated = calibrate_on_detector(read_frame(make_frame(missing=((16, 16), (20, 20)))), load_calibration_set())
    assert np.argwhere(calibrated.missing).tolist() == [[16, 16], [20, 20]]
    assert np.argwhere(calibrated.missing_in_field).tolist() == [[20, 20]]


def test_the_noise_at_another_brightness_is_that_of_the_counts_that_would_have_shown_it(make_frame):
    frame = read_frame(make_frame())
    brighter = replace(frame, data=np.where(frame.data > 0, frame.data + 400, frame.data).astype(np.float32))
    first, second = (calibrate_on_detector(one, load_calibration_set()) for one in (frame, brighter))
    where = first.observed & second.observed
    found = noise_variance(first, second.brightness[where], where)
    assert np.allclose(found, second.variance[where], rtol=1e-3)
    assert np.allclose(noise_variance(first, first.brightness[where], where), first.variance[where], rtol=1e-4)
