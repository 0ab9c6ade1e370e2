"""A frame with two holes, and a sequence in which the counts grow."""

from __future__ import annotations

import numpy as np
import pytest
from level05 import smooth_counts

from corinpaint.evaluate import benchmark
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set

HOLES = np.zeros((2, 32, 32), dtype=bool)
HOLES[0, 8, 8] = HOLES[1, 24, 22:24] = True


def _complete(make_frame, counts, minute):
    cards = {"FILENAME": f"320000{minute:02d}.fts", "DATE_OBS": "2002/01/08", "TIME_OBS": f"02:{minute:02d}:05.594"}
    return calibrate_on_detector(read_frame(make_frame(counts, **cards)), load_calibration_set())


@pytest.fixture(scope="session")
def holed_frame(make_frame):
    return benchmark.with_holes(_complete(make_frame, smooth_counts(), 0), "1", list(HOLES))


@pytest.fixture(scope="session")
def holed_sequence(make_frame):
    """Two frames; the second is 5 % brighter above the bias."""
    counts = smooth_counts()
    brighter = np.where(counts > 400, np.rint(380 + (counts - 380) * 1.05), counts)
    frames = [_complete(make_frame, given, minute) for given, minute in ((counts, 0), (brighter, 12))]
    return [benchmark.with_holes(frame, "1", list(HOLES)) for frame in frames]
