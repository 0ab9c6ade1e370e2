"""The two ways to fill: by the network, and by a method without it."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.filling import fill_with_method
from corinpaint.restore.methods import registry


@pytest.fixture(scope="module")
def calibrated(make_frame):
    return calibrate_on_detector(
        read_frame(make_frame(missing=((20, 20), (8, 12)), CROTA1=180.0)), load_calibration_set()
    )


def test_only_the_zones_asked_for_are_filled(calibrated):
    first, second = blocks.zones(calibrated.missing_in_field)
    found, reached = fill_with_method(calibrated, (first,), registry.METHODS["harmonic"]())
    hole, other = (blocks.to_pixels(zone.missing) & calibrated.field for zone in (first, second))
    assert reached[hole].all()
    assert np.isfinite(found.brightness[hole]).all()
    assert np.array_equal(found.brightness[~hole], calibrated.brightness[~hole])
    assert np.array_equal(found.variance[other], calibrated.variance[other])
