"""What a method is given of a frame."""

from __future__ import annotations

import sys
from subprocess import run

import numpy as np
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.methods.problem import Problem, problem_of


@pytest.fixture(scope="module")
def calibrated(make_frame):
    return calibrate_on_detector(
        read_frame(make_frame(missing=((20, 20), (8, 12)), CROTA1=180.0)), load_calibration_set()
    )


def test_a_method_is_told_hole_noise_and_where_the_sun_is_on_the_detector(calibrated):
    zones = tuple(blocks.zones(calibrated.missing_in_field))
    posed = problem_of(calibrated, zones)
    assert posed.zones == zones
    assert np.array_equal(posed.hole, blocks.to_pixels(calibrated.missing_in_field) & calibrated.field)
    assert posed.centre == pytest.approx((517.956, 532.632))  # not rotated, though the product will be
    assert np.allclose(posed.sigma**2, calibrated.variance, rtol=1e-5)


def test_a_problem_without_context_frames_has_none():
    nothing = np.zeros((1024, 1024), dtype=bool)
    made = Problem(nothing.astype(np.float32), ~nothing, nothing, np.ones((1024, 1024), np.float32), (512.0, 530.0), ())
    assert made.context == ()


def test_the_interface_of_the_methods_costs_no_import_of_numpy():
    program = "import sys, corinpaint.restore.methods.problem; sys.exit('numpy' in sys.modules)"
    run([sys.executable, "-c", program], check=True)
