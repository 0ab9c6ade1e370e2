"""The error that a network predicts for its fill of a zone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.limits.predicted import predicted_error, predicts


@pytest.fixture(scope="module")
def observed(make_frame):
    """A frame of which every pixel is there: the noise of a fill with the truth is that of the pixels."""
    return calibrate_on_detector(read_frame(make_frame()), load_calibration_set())


@pytest.fixture(scope="module")
def hole(observed):
    hole = np.zeros(observed.shape, dtype=bool)
    hole[640:672, 640:704] = True
    return hole & observed.field


def test_a_fill_with_the_variance_of_the_pixels_is_predicted_to_be_off_by_the_noise(observed, hole):
    assert predicted_error(observed, observed, hole) == pytest.approx(1, rel=1e-3)


def test_it_is_the_median_in_units_of_the_noise(observed, hole):
    factor = np.ones(observed.shape, dtype=np.float32)
    factor[hole] = np.where(np.arange(hole.sum()) % 3, 4.0, 100.0)
    filled = replace(observed, variance=observed.variance * factor)
    assert predicted_error(observed, filled, hole) == pytest.approx(2, rel=1e-3)


def test_the_noise_is_that_at_the_brightness_of_the_fill(observed, hole):
    brighter = replace(observed, brightness=observed.brightness * 4)
    assert predicted_error(observed, brighter, hole) < 0.7


def test_a_hole_without_light_has_no_prediction(observed, hole):
    dark = replace(observed, variance=np.zeros_like(observed.variance))
    assert predicted_error(dark, dark, hole) == float("inf")


def test_only_networks_with_a_scale_predict(echo, log_polar_echo):
    assert predicts(log_polar_echo.info)
    assert not predicts(echo.info)
