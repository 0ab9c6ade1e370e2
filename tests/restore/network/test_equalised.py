"""What a network of the domain 'equalised' sees of a frame."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.network.equalised import network_input

MISSING = ((20, 20), (20, 21), (8, 12))


@pytest.fixture
def damaged(make_frame):
    return read_frame(make_frame(missing=MISSING))


def test_the_network_sees_equalised_pixels_and_zeros_in_the_holes(damaged):
    calibrated = calibrate_on_detector(damaged, load_calibration_set())
    image, mask, equaliser = network_input(calibrated)
    assert image.shape == mask.shape == (1, 1, 1024, 1024)
    assert (image[mask == 0] == 0).all()
    back = equaliser.inverse(image[0, 0])[calibrated.observed]
    assert np.abs(back / calibrated.brightness[calibrated.observed] - 1).max() < 1e-2
