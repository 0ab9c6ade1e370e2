"""Statistics of the image in the header of the product."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.level1 import statistics
from corinpaint.lasco.photometry.photometry import MSB_UNIT


def test_statistics_are_those_of_the_pixels_with_a_value():
    data = np.arange(1, 101, dtype=np.float32).reshape(10, 10) * np.float32(1e-11)
    data[0, 0] = np.nan
    found = fits.Header({"BUNIT": MSB_UNIT})
    statistics.add_statistics(found, data, np.full((10, 10), 8, np.uint8))
    values = np.arange(2, 101) * 1e-11
    assert (found["DATAZER"], found["DATASAT"]) == (1, 100)
    assert (found["DATAMIN"], found["DATAMAX"]) == pytest.approx((2e-11, 1e-9), abs=0, rel=1e-6)
    assert found["DATAAVG"] == pytest.approx(values.mean(), abs=0, rel=1e-6)
    assert found["DATASIG"] == pytest.approx(values.std(), abs=0, rel=1e-5)
    for level in statistics.PERCENTILES:
        assert found[f"DATAP{level:02d}"] == pytest.approx(np.percentile(values, level), abs=0, rel=1e-6)


def test_an_image_without_a_value_has_no_statistics():
    found = fits.Header({"BUNIT": MSB_UNIT})
    statistics.add_statistics(found, np.full((4, 4), np.nan, np.float32), np.zeros((4, 4), np.uint8))
    assert found["DATAZER"] == 16
    assert "DATAMIN" not in found
