"""The calibration term of the uncertainty."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.geometry.pointing import Pointing
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1 import systematics
from corinpaint.lasco.photometry.exposure import Exposure
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files.calibration_set import CalibrationFile, CalibrationSet

PLAIN = Exposure(1.0, 377.7, "OFFSET")
FROM_TABLE = Exposure(1.0, 377.7, "table", CalibrationFile("table", "0" * 64))
CENTRE = Pointing(518.0, 532.0, 0.0, "test")


def _relative(raw: bytes, calibration: CalibrationSet, taken: Exposure) -> np.ndarray:
    return systematics.relative_calibration_error(read_frame(raw), calibration, taken, CENTRE)


def test_with_official_files_only_the_exposure_error_remains(make_frame, tmp_path):
    official = CalibrationSet("OFFICIAL", tmp_path)
    assert _relative(make_frame(), official, FROM_TABLE) == pytest.approx(systematics.EXPOSURE_ERROR_WITH_TABLE)
    assert _relative(make_frame(), official, PLAIN) == pytest.approx(systematics.EXPOSURE_ERROR_WITHOUT_TABLE)


def test_the_nominal_set_adds_its_error_and_a_larger_one_before_1998(make_frame):
    today = _relative(make_frame(), load_calibration_set(), PLAIN)
    early = _relative(make_frame(DATE_OBS="1997/06/15", MID_DATE=50614), load_calibration_set(), PLAIN)
    assert today == pytest.approx(np.hypot(systematics.EXPOSURE_ERROR_WITHOUT_TABLE, systematics.NOMINAL_C3_ERROR))
    assert early > 3 * today


def test_the_error_of_c2_depends_on_the_distance_from_the_sun(make_frame):
    found = _relative(make_frame(DETECTOR="C2", FILTER="Orange"), load_calibration_set(), PLAIN)
    assert found.shape == (1024, 1024)
    at_5_radii = found[532, 518 + round(5 * 975 / 11.9)]
    assert found[532, 518 + round(2.4 * 975 / 11.9)] > 2 * at_5_radii
    assert 0.02 < at_5_radii < 0.1


def test_the_exposure_error_is_the_scatter_of_the_real_frames_without_table(shared):
    """Ratios to one official frame of the same days; its own pair was fitted, so its deviation is the exposure's."""
    from corinpaint.lasco.level1.calibrate import calibrate
    from corinpaint.lasco.level1.product import read_level1

    official = read_level1(shared / "c3_level1" / "35082038.fts.gz")
    names = ("32082037", "32082111", "32082126", "32082153")
    products = [calibrate(read_frame(shared / "c3_level05" / f"{name}.fts.gz")) for name in names]
    ratios = [np.nanmedian(product.data / official.data) for product in products]
    assert np.std(ratios, ddof=1) == pytest.approx(systematics.EXPOSURE_ERROR_WITHOUT_TABLE, rel=0.3)
