"""The nominal set: its fit on a made-up pair, and its files."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.product import read_level1
from corinpaint.lasco.nominal import c3
from corinpaint.lasco.photometry import optics


def test_a_damaged_set_is_an_error(tmp_path):
    with pytest.raises(CalibrationError, match="nominal"):
        c3.read(tmp_path)


def test_the_shipped_set_is_small():
    assert sum((optics.NOMINAL_DIRECTORY / name).stat().st_size for name in c3.FILES) < 400_000


def test_the_nominal_set_reproduces_the_official_level_1_frame(shared):
    """The pair it was fitted to: the official Level 1 frame and ours of 24 minutes before, per radius."""
    official = read_level1(shared / "c3_level1" / "35082038.fts.gz")
    ours = calibrate(read_frame(shared / "c3_level05" / "32082037.fts.gz"))
    y, x = np.mgrid[0:1024, 0:1024]
    header = official.header
    radius = np.hypot(x - header["CRPIX1"] + 1, y - header["CRPIX2"] + 1) * 56 / header["RSUN"]
    assert (np.isnan(ours.data) == official.masked).mean() > 0.999
    for low in range(5, 28):
        ring = (radius >= low) & (radius < low + 1)
        assert np.nanmedian((ours.data / official.data)[ring]) == pytest.approx(1.0, abs=0.02)
