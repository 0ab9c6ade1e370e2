"""What the tests of the benchmark share."""

from __future__ import annotations

import numpy as np
import pytest
from level05 import smooth_counts


@pytest.fixture
def sequence(make_frame, tmp_path):
    """Three C2 frames, 12 minutes apart, and one of another day."""
    counts = np.maximum(smooth_counts(), 400)
    paths = []
    for number, (day, time) in enumerate(
        (("2002/01/08", "01:54:05.594"), ("2002/01/08", "02:06:05.594"), ("2002/01/08", "02:18:05.594"))
    ):
        path = tmp_path / f"2200000{number}.fts"
        path.write_bytes(make_frame(counts, DETECTOR="C2", FILTER="Orange", DATE_OBS=day, TIME_OBS=time))
        paths.append(path)
    other = tmp_path / "22000009.fts"
    other.write_bytes(make_frame(counts, DETECTOR="C2", FILTER="Orange", DATE_OBS="2002/01/05", MID_DATE=52279))
    return [*paths, other]
