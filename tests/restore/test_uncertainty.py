"""How sure a fill is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1 import product as level1
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.simulation.scene import simulate
from corinpaint.restore import pipeline, uncertainty

HOLE = np.zeros((32, 32), dtype=bool)
HOLE[20, 20] = True


@pytest.fixture
def calibrated(make_frame):
    return calibrate_on_detector(read_frame(make_frame(missing=((20, 20),))), load_calibration_set())


def test_the_scatter_about_a_cubic_surface_is_found_under_outliers(calibrated):
    rows, columns = np.mgrid[0:1024, 0:1024] / 1024
    rng = np.random.default_rng(0)
    surface = 1e-11 * (2 + columns - rows**2 + 3 * columns * rows**2)
    noisy = (surface + rng.normal(0, 2e-13, surface.shape)).astype(np.float32)
    noisy[rng.random(noisy.shape) < 0.03] *= 5
    found = uncertainty.of_fill(calibrated, HOLE, noisy)
    hole = blocks.to_pixels(HOLE) & calibrated.field
    assert np.sqrt(found[hole]) == pytest.approx(uncertainty.INFLATION * 2e-13, rel=0.08)


def test_outside_of_the_filled_blocks_nothing_changes(calibrated):
    found = uncertainty.of_fill(calibrated, HOLE, calibrated.brightness)
    kept = ~(blocks.to_pixels(HOLE) & calibrated.field)
    assert np.array_equal(found[kept], calibrated.variance[kept])


def test_with_nothing_around_it_a_fill_is_not_known_at_all(calibrated):
    unobserved = replace(calibrated, missing=np.ones((32, 32), dtype=bool))
    found = uncertainty.of_fill(unobserved, HOLE, calibrated.brightness)
    assert np.isinf(found[blocks.to_pixels(HOLE) & calibrated.field]).all()


def test_products_are_as_sure_of_a_fill_as_of_the_pixels_around_it_and_of_nothing_where_refused(make_frame, echo):
    frame = read_frame(make_frame(missing=((20, 20), (31, 16))))
    product = pipeline.restore(frame, inpainter=echo).level1
    whole = pipeline.restore(read_frame(make_frame())).level1
    filled, refused = product.mask & level1.Flag.FILLED > 0, product.mask & level1.Flag.REFUSED > 0
    assert np.isfinite(product.uncertainty[filled]).all()
    assert 0.8 < np.median(product.uncertainty[filled] / whole.uncertainty[filled]) < 1.5
    assert np.isinf(product.uncertainty[refused]).all()


@pytest.mark.slow
def test_nine_of_ten_errors_of_the_shipped_network_lie_within_the_90_per_cent_interval():
    """On simulated frames, single blocks, against the noisy complete exposure; fills show in the noise most."""
    missing = np.zeros((32, 32), dtype=bool)
    missing[6:26:4, 18:28:4] = missing[24:28:4, 6:16:4] = True
    covered = []
    for seed in (11, 12):
        simulation = simulate(seed, missing=missing & ~blocks.never_sent())
        product = pipeline.restore(simulation.frame).level1
        truth = pipeline.restore(replace(simulation.frame, data=simulation.complete), fill="none").level1
        filled = (product.mask == level1.Flag.FILLED) & np.isfinite(truth.data)
        assert filled.sum() > 10_000
        error = np.abs(product.data - truth.data)[filled]
        covered.append((error < 1.645 * product.noise[filled]).mean())  # the calibration is off in both alike
        shown = np.mean(
            product.noise[filled] / truth.noise[filled]
        )  # the median is 1: many fills are as good as pixels
        assert shown > np.mean(product.uncertainty[filled] / truth.uncertainty[filled]) > 1
    assert 0.84 < np.mean(covered) < 0.97
