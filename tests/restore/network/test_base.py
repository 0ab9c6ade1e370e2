"""What every adapter of a network keeps to."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.errors import CheckpointError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.network.adapters import adapt


@pytest.fixture(scope="module")
def calibrated(make_frame):
    return calibrate_on_detector(
        read_frame(make_frame(missing=((20, 20), (8, 12)), CROTA1=180.0)), load_calibration_set()
    )


@pytest.mark.parametrize("engine", ["echo", "log_polar_echo"])
def test_a_network_that_gives_no_numbers_is_refused(calibrated, request, engine):
    engine = request.getfixturevalue(engine)
    fill = engine.fill
    engine.fill = lambda *given: (filled := fill(*given))._replace(image=filled.image * np.float32(np.nan))
    with pytest.raises(CheckpointError, match="not finite"):
        adapt(engine).fill(calibrated, tuple(blocks.zones(calibrated.missing_in_field)))
