"""The calibration term of the uncertainty."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.geometry.pointing import Pointing
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1 import systematics
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.product import read_level1
from corinpaint.lasco.options import Options
from corinpaint.lasco.photometry.corkit import calfactor
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.exposure import POLYNOMIAL_ERROR, Exposure
from corinpaint.lasco.photometry.optics import load_calibration_set, load_optics
from corinpaint.lasco.reference_files.calibration_set import CalibrationFile, CalibrationSet

PLAIN = Exposure(1.0, 377.7, "offset_bias, port C")
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


def _additive(raw: bytes, **options: bool) -> np.ndarray:
    return systematics.additive_calibration_error(
        calibrate_on_detector(read_frame(raw), load_calibration_set(), Options(**options))
    )


C2 = {"DETECTOR": "C2", "FILTER": "Orange", "EXPTIME": 25.1}


def test_the_error_of_the_bias_is_brighter_where_the_vignetting_is_stronger(make_frame):
    raw = make_frame(**C2)
    vignetting = load_optics(load_calibration_set(), "C2").vignetting(52282)
    expected = POLYNOMIAL_ERROR / 25.1 * calfactor(read_frame(raw))
    assert np.allclose(_additive(raw), expected * vignetting, rtol=1e-5, atol=0)
    assert np.allclose(_additive(raw, vignetting=False), expected, rtol=1e-5, atol=0)
    assert np.allclose(_additive(raw, calfactor=False), POLYNOMIAL_ERROR / 25.1 * vignetting, rtol=1e-5, atol=0)


def test_an_extrapolated_bias_makes_the_uncertainty_of_the_product_larger(make_frame):
    counts = np.full((1024, 1024), 700, np.int16)
    dates = ({"DATE_OBS": "2015/06/18", "MID_DATE": 57191}, {"DATE_OBS": "2026/06/18", "MID_DATE": 61209})
    before, after = (calibrate(read_frame(make_frame(counts, **C2, POLAR="0 Deg", **date))) for date in dates)
    assert after.header["CALADD"] > 1.5 * before.header["CALADD"]
    assert "extrapolated" in str(after.header["HISTORY"])
    assert "extrapolated" not in str(before.header["HISTORY"])


def test_images_without_a_bias_have_no_additive_error(make_frame):
    assert not _additive(make_frame(FILTER="Orange", POLAR="PB")).any()


def test_the_stray_light_of_c3_clear_is_an_error_that_grows_from_2002(make_frame):
    radius = np.array([12.0, 22.0, 29.0], np.float32)
    years = [systematics.stray_light_error(mjd, radius) for mjd in (50500, 52282, 53113, 55201, 60900)]
    assert years[1][1] == pytest.approx(0.2e-12, rel=1e-6, abs=0)
    assert np.allclose(years[3], 2.9e-12 * np.array([1.2, 1, 1.098]), rtol=1e-3, atol=0)
    assert years[0][1] > years[1][1] < years[2][1] < years[3][1] < years[4][1]
    raw = make_frame(DATE_OBS="2010/01/05", MID_DATE=55201)
    per_second = _additive(raw, calfactor=False) * calfactor(read_frame(raw))
    assert np.allclose(per_second, _additive(raw), rtol=1e-4, atol=0)
    assert 2.8e-12 < np.median(_additive(raw)) < 4e-12
    orange = _additive(make_frame(FILTER="Orange"), vignetting=False)
    assert np.allclose(orange, POLYNOMIAL_ERROR / 19.1 * 0.0297e-10, rtol=1e-3, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize("number", ["32122317", "32180009", "32219521"])
def test_the_stray_light_covers_what_later_frames_of_c3_have_more_than_the_official_one(shared, number):
    """Over the poles, where the corona changes least; the official frame is of 2002."""
    official = read_level1(shared / "c3_level1" / "35082038.fts.gz")
    ours = calibrate(read_frame(shared / "c3_level05" / f"{number}.fts.gz"))
    for low in (18, 22, 26):
        levels = [
            np.nanmedian(np.where(_over_poles(header, low, low + 4), image, np.nan))
            for image, header in ((ours.data, ours.header), (official.data, official.header))
        ]
        error = np.nanmedian(np.where(_over_poles(ours.header, low, low + 4), ours.uncertainty, np.nan))
        assert 0 < levels[0] - levels[1] < 2 * error


def _over_poles(header, low, high):
    y, x = np.mgrid[0:1024, 0:1024]
    x, y = x - header["CRPIX1"] + 1, y - header["CRPIX2"] + 1
    radius, angle = np.hypot(x, y) * 56 / header["RSUN"], np.arctan2(y, x) + np.radians(header["CROTA1"])
    return (radius >= low) & (radius < high) & (np.abs(np.sin(angle)) > 0.7)


@pytest.mark.slow
def test_the_exposure_error_is_the_scatter_of_the_real_frames_without_table(shared):
    """Ratios to one official frame of the same days; its own pair was fitted, so its deviation is the exposure's."""
    official = read_level1(shared / "c3_level1" / "35082038.fts.gz")
    names = ("32082037", "32082111", "32082126", "32082153")
    products = [calibrate(read_frame(shared / "c3_level05" / f"{name}.fts.gz")) for name in names]
    ratios = [np.nanmedian(product.data / official.data) for product in products]
    assert np.std(ratios, ddof=1) == pytest.approx(systematics.EXPOSURE_ERROR_WITHOUT_TABLE, rel=0.3)
