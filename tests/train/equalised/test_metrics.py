"""Figures of merit over hole pixels."""

import math

import numpy as np
import pytest

from corinpaint.train.equalised.metrics import hole_metrics, noise_level


@pytest.fixture
def truth():
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:200, :200] / 200
    return (0.3 * rows + 0.2 * columns**2 + rng.normal(0, 0.01, (200, 200))).astype(np.float32)


def test_noise_is_found_under_a_slope(truth):
    assert noise_level(truth, np.ones(truth.shape, dtype=bool)) == pytest.approx(0.01, rel=0.05)


def test_unknown_pixels_do_not_count_as_noise(truth):
    known = np.ones(truth.shape, dtype=bool)
    known[50:150, 50:150] = False
    spoilt = np.where(known, truth, np.nan)

    assert noise_level(spoilt, known) == pytest.approx(0.01, rel=0.05)


def test_noise_of_nothing_is_not_a_number():
    assert math.isnan(noise_level(np.zeros((8, 8), dtype=np.float32), np.zeros((8, 8), dtype=bool)))


def test_only_hole_pixels_count(truth):
    hole = np.zeros(truth.shape, dtype=bool)
    hole[10:20, 10:20] = True
    fill = np.where(hole, truth + np.float32(0.02), 99)

    metrics = hole_metrics(fill, truth, hole)

    assert metrics.pixels == 100
    assert metrics.mae == pytest.approx(0.02, rel=1e-4)
    assert metrics.median == pytest.approx(0.02, rel=1e-4)
    assert metrics.bias == pytest.approx(0.02, rel=1e-4)
    assert metrics.psnr == pytest.approx(-20 * math.log10(0.02), rel=1e-4)


def test_the_smooth_scene_itself_has_a_median_error_of_one_noise():
    rng = np.random.default_rng(0)
    smooth = np.zeros((300, 300), dtype=np.float32)
    truth = rng.normal(0, 0.01, smooth.shape).astype(np.float32)
    everywhere = np.ones(truth.shape, dtype=bool)

    metrics = hole_metrics(smooth, truth, everywhere, noise_level(truth, everywhere))

    assert metrics.median_over_noise == pytest.approx(1, rel=0.05)


def test_without_hole_pixels_there_are_no_figures(truth):
    metrics = hole_metrics(truth, truth, np.zeros(truth.shape, dtype=bool))

    assert metrics.pixels == 0
    assert math.isnan(metrics.mae)


def test_a_perfect_fill_has_an_infinite_peak_signal_to_noise_ratio(truth):
    assert hole_metrics(truth, truth, np.ones(truth.shape, dtype=bool)).psnr == math.inf
