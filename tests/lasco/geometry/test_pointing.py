"""Pointing: star fits, headers of both kinds, defaults."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.time import Time, TimeDelta
from astropy.wcs import WCS
from official_tree import save_file

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.geometry import pointing
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.options import Options
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet

ESTIMATE = b"Using SOHO roll + offset"
NOON = Time("2002-01-08T12:00:00", scale="utc")


def _of(raw: bytes, calibration: CalibrationSet | None = None, date: Time | None = None) -> pointing.Pointing:
    frame = read_frame(raw)
    return pointing.determine_pointing(frame, calibration or load_calibration_set(), date or frame.date)


def _estimated(raw: bytes) -> bytes:
    """The header as it is written from 2010 on: with a comment to CRPIX1."""
    start = raw.index(b"CRPIX1  =")
    card = raw[start : start + 80].rstrip()
    return raw[:start] + (card + b" / " + ESTIMATE).ljust(80) + raw[start + 80 :]


def test_the_sun_centre_is_the_headers_counted_from_zero(make_frame):
    found = _of(make_frame())
    assert (found.column, found.row, found.roll) == (517.956, 532.632, -0.23)


def test_an_estimated_centre_counts_from_one_and_its_roll_includes_that_of_the_camera(make_frame):
    found = _of(_estimated(make_frame(CRPIX1=519.2, CRPIX2=533.5, CROTA1=-0.7)))
    assert (found.column, found.row, found.roll) == pytest.approx((518.2, 532.5, -0.7))


def test_without_a_centre_the_default_is_used_and_reported(make_frame):
    found = _of(make_frame(drop=("CRPIX1",)))
    assert (found.column, found.row) == pointing.DEFAULT_SUN_CENTRE["C3"]
    assert "default" in found.source


def test_a_centre_far_from_the_middle_is_not_used(make_frame):
    assert "default" in _of(make_frame(CRPIX1=3.0)).source


def test_the_occulter_centre_in_a_c2_header_is_not_used_as_sun_centre(make_frame):
    found = _of(make_frame(DETECTOR="C2", FILTER="Orange", CRPIX1=512.634, CRPIX2=505.293))
    assert (found.column, found.row, found.roll) == (510.2, 506.5, 0.5)


def test_a_summed_frame_has_the_same_point_of_the_sky_at_its_centre(make_frame):
    """Pixel centres of a 2 x 2 sum are at (0.5, 2.5, 4.5 ...) of the full frame."""
    counts = np.full((512, 512), 3000, np.int16)
    found = _of(make_frame(counts, LEBXSUM=2, LEBYSUM=2, CRPIX1=517.956 / 2, CRPIX2=532.632 / 2))
    assert 2 * found.column + 0.5 == pytest.approx(517.956)
    assert 2 * found.row + 0.5 == pytest.approx(532.632)


def test_a_subfield_counts_its_centre_from_its_own_corner(make_frame):
    counts = np.full((512, 512), 700, np.int16)
    cards = {"R1COL": 20 + 256, "R1ROW": 1 + 256, "R2COL": 20 + 767, "R2ROW": 1 + 767}
    found = _of(make_frame(counts, CRPIX1=517.956 - 256, CRPIX2=532.632 - 256, **cards))
    assert (found.column, found.row) == pytest.approx((517.956, 532.632))


@pytest.mark.parametrize(
    ("crota", "upside_down", "left"),
    [(0.0, False, 0.0), (6.5, False, 6.5), (180.0, True, 0.0), (-172.478, True, 7.522), (187.0, True, 7.0)],
)
def test_upside_down_frames_are_rotated_and_the_remaining_roll_is_kept(make_frame, crota, upside_down, left):
    raw = make_frame(CROTA1=crota)
    assert read_frame(raw).upside_down is upside_down
    assert _of(raw).roll == pytest.approx(left - 0.23, abs=1e-9)


@pytest.mark.slow
def test_a_rolled_frame_has_the_same_star_at_the_same_position_on_the_sky(make_frame):
    """A star that is rotated by the roll about the sun centre on the detector keeps its world coordinates."""
    seen = []
    for crota in (0.0, 20.0, 180.0, -160.0):
        frame = read_frame(make_frame(CROTA1=crota))
        header = calibrate(frame, load_calibration_set(), Options(roll=False)).header
        turn = np.radians(-crota)  # turning the image by CROTA counter-clockwise brings north up
        offset = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ (200.0, 100.0)
        detector = np.array([517.956, 532.632]) + offset
        product = 1023 - detector if frame.upside_down else detector
        seen.append(WCS(header).pixel_to_world_values(*product))
    assert np.allclose(seen, seen[0], atol=1e-6)


@pytest.fixture
def fitted(tmp_path):
    """Writer of star fits about noon: times in hours from it, sun centres, rolls."""

    def written(hours, x, y, roll, name="c3_post_recovery_adj_xyr_medv2.sav") -> CalibrationSet:
        tai = np.asarray(hours, float) * 3600 + pointing.tai_seconds(NOON) + pointing.TT_MINUS_TAI_S
        (tmp_path / name).write_bytes(save_file(c_tai=tai, c_xmed=x, c_ymed=y, c_rmed=roll))
        return CalibrationSet("OFFICIAL", tmp_path)

    return written


def test_star_fits_are_interpolated_linearly_in_time(make_frame, fitted):
    calibration = fitted([-2, 2], [517.0, 519.0], [532.0, 533.0], [-0.2, -0.4])
    found = _of(make_frame(), calibration, NOON)
    assert (found.column, found.row, found.roll) == pytest.approx((518.0, 532.5, -0.3))
    assert found.file.name == "c3_post_recovery_adj_xyr_medv2.sav"
    assert _of(make_frame(), calibration, NOON + TimeDelta(3600, format="sec")).column == pytest.approx(518.5)


def test_star_fits_before_the_recovery_are_in_another_table(make_frame, fitted):
    calibration = fitted([-2, 2], [517.0, 519.0], [532.0, 533.0], [-0.2, -0.4], "c3_pre_recovery_adj_xyr_medv2.sav")
    assert _of(make_frame(), calibration, NOON).file is None


def test_outside_of_the_star_fits_the_header_is_used(make_frame, fitted):
    calibration = fitted([2, 3], [517.0, 519.0], [532.0, 533.0], [-0.2, -0.4])
    assert "header" in _of(make_frame(), calibration, NOON).source


def test_star_fits_of_an_upside_down_frame_are_rotated_with_it(make_frame, fitted):
    calibration = fitted([-2, 2], [518.0, 518.0], [532.0, 532.0], [179.8, 179.8])
    found = _of(make_frame(CROTA1=180.0), calibration, NOON)
    assert (found.column, found.row, found.roll) == pytest.approx((1023 - 518, 1023 - 532, -0.2))


def test_the_roll_is_not_interpolated_between_star_fits_of_different_attitude(make_frame, fitted):
    calibration = fitted([-2, 2], [518.0, 518.4], [532.0, 532.0], [-0.2, 179.7])
    assert _of(make_frame(), calibration, NOON).roll == pytest.approx(-0.2)
    assert _of(make_frame(CROTA1=180.0), calibration, NOON).roll == pytest.approx(-0.3)


@pytest.mark.parametrize("content", [b"", b"<html>", b"SR\x00\x04", save_file(c_tai=np.arange(3.0))])
def test_damaged_star_fits_are_named(make_frame, tmp_path, content):
    (tmp_path / "c3_post_recovery_adj_xyr_medv2.sav").write_bytes(content)
    with pytest.raises(CalibrationError, match=r"c3_post_recovery_adj_xyr_medv2\.sav"):
        _of(make_frame(), CalibrationSet("OFFICIAL", tmp_path))


def test_tai_counts_the_leap_seconds_of_the_day_once():
    assert pointing.tai_seconds(Time("1958-01-01", scale="tai")) == 0
    start = Time("2003-10-28T00:00:00", scale="utc")
    assert pointing.tai_seconds(start) == pytest.approx((52940 - 36204) * 86400 + 32, abs=1e-6)


def test_the_official_pointing_of_the_same_hour_is_within_a_tenth_of_a_pixel(shared):
    official = {"CRPIX1": 518.986, "CRPIX2": 533.623, "CROTA1": -0.237765}  # of 35082038
    found = _of((shared / "c3_level05" / "32082037.fts.gz").read_bytes())
    assert found.column + 1 == pytest.approx(official["CRPIX1"], abs=0.1)
    assert found.row + 1 == pytest.approx(official["CRPIX2"], abs=0.1)
    assert found.roll == pytest.approx(official["CROTA1"], abs=0.02)


def test_early_headers_give_the_same_centre_by_their_commanded_corners(make_frame):
    early = _of(make_frame(R1COL=0, R1ROW=0, P1COL=20, P1ROW=1))
    assert (early.column, early.row) == (517.956, 532.632)


def test_the_header_says_which_way_is_up_and_without_it_the_star_fits(make_frame, fitted):
    calibration = fitted([-2, 2], [518.0, 518.0], [532.0, 532.0], [180.0, 180.0])
    with_header, without = _of(make_frame(), calibration, NOON), _of(make_frame(drop=("CROTA1",)), calibration, NOON)
    assert (with_header.upside_down, with_header.roll) == (False, 0.0)
    assert "side of CROTA1" in with_header.source
    assert (without.upside_down, without.roll, without.column) == (True, 0.0, 1023 - 518.0)


@pytest.mark.parametrize(("x", "roll"), [(5000.0, 0.0), (518.0, 1000.0)])
def test_impossible_star_fits_are_named(make_frame, fitted, x, roll):
    calibration = fitted([-2, 2], [x, x], [532.0, 532.0], [roll, roll])
    with pytest.raises(CalibrationError, match="impossible"):
        _of(make_frame(), calibration, NOON)


PLACEHOLDERS = {"CROTA1": 0.0, "CROTA2": 0.0, "CRPIX1": 512.5, "CRPIX2": 512.5}
C2_OF_2025 = {
    "DETECTOR": "C2",
    "FILTER": "Orange",
    "DATE_OBS": "2025/08/25",
    "TIME_OBS": "12:00:00.000",
    "FILENAME": "24000001.fts",
}


def _dated(make_frame, *counts, **cards) -> bytes:
    """A frame whose MID_DATE is the day of its DATE-OBS."""
    day = Time(cards["DATE_OBS"].replace("/", "-")).mjd
    return make_frame(*counts, MID_DATE=int(day), **cards)


def _c3_of_2025(make_frame, **cards):
    """A C3 frame of the same hours with SOHO upside down, its header as they are since 2010."""
    given = {"DATE_OBS": "2025/08/25", "TIME_OBS": "13:00:00.000", "CROTA1": -178.5, "CRPIX1": 519.2, "CRPIX2": 533.5}
    return read_frame(_estimated(_dated(make_frame, **{**given, **cards})), name="34000002.fts")


def test_placeholders_in_the_header_are_no_pointing(make_frame):
    frame = read_frame(_dated(make_frame, **PLACEHOLDERS, **C2_OF_2025))
    assert pointing.is_placeholder(frame)
    found = pointing.determine_pointing(frame, load_calibration_set(), frame.date)
    assert (found.column, found.row, found.roll) == (510.2, 506.5, 0.5)
    assert "unknown" in found.source
    assert "upside down" in found.warning


@pytest.mark.parametrize(
    "change",
    [{"CROTA1": 0.01}, {"CROTA2": 1e-5}, {"CRPIX1": 512.634}, {"CRPIX2": 505.293}, {"DATE_OBS": "2002/12/31"}],
)
def test_a_header_with_any_other_value_or_of_before_2003_is_believed(make_frame, change):
    frame = read_frame(_dated(make_frame, **{**PLACEHOLDERS, **C2_OF_2025, **change}))
    assert not pointing.is_placeholder(frame)
    found = pointing.determine_pointing(frame, load_calibration_set(), frame.date)
    assert not found.warning
    assert "unknown" not in found.source


def test_a_summed_frame_has_its_placeholder_in_the_middle_of_its_own_image(make_frame):
    counts = np.full((512, 512), 3000, np.int16)
    middle = {"CRPIX1": 256.5, "CRPIX2": 256.5}
    cards = {**PLACEHOLDERS, **C2_OF_2025, **middle, "LEBXSUM": 2, "LEBYSUM": 2}
    assert pointing.is_placeholder(read_frame(_dated(make_frame, counts, **cards)))


def test_a_header_without_a_roll_is_no_pointing_since_soho_is_rolled(make_frame):
    assert _of(_dated(make_frame, drop=("CROTA1",), **C2_OF_2025)).warning
    assert not _of(make_frame(drop=("CROTA1",))).warning  # 2002


def test_the_roll_is_borrowed_from_the_nearest_frame_of_the_hours(make_frame):
    """C2 is rolled by 0.732 degrees against C3."""
    frame = read_frame(_dated(make_frame, **PLACEHOLDERS, **C2_OF_2025))
    others = [_c3_of_2025(make_frame, CROTA1=0.0, TIME_OBS="20:00:00.000"), _c3_of_2025(make_frame)]
    found = pointing.determine_pointing(frame, load_calibration_set(), frame.date, others)
    assert found.upside_down
    assert found.whole_roll == pytest.approx(-178.5 + 0.732)
    assert (found.column, found.row) == (1023 - 510.2, 1023 - 506.5)
    assert "borrowed from 34000002.fts" in found.source
    assert not found.warning


def test_the_roll_of_a_frame_of_the_same_telescope_is_borrowed_as_it_is(make_frame):
    frame = read_frame(_dated(make_frame, **PLACEHOLDERS, **C2_OF_2025))
    other = read_frame(_estimated(_dated(make_frame, **{**C2_OF_2025, "TIME_OBS": "10:00:00.000", "CROTA1": -177.6})))
    found = pointing.determine_pointing(frame, load_calibration_set(), frame.date, [other])
    assert found.whole_roll == pytest.approx(-177.6)


@pytest.mark.parametrize("change", [{"DATE_OBS": "2025/08/26", "TIME_OBS": "01:00:00.000"}, PLACEHOLDERS])
def test_the_roll_is_not_borrowed_from_other_days_and_placeholders(make_frame, change):
    frame = read_frame(_dated(make_frame, **PLACEHOLDERS, **C2_OF_2025))
    other = read_frame(_dated(make_frame, **{**C2_OF_2025, "TIME_OBS": "10:00:00.000", "CROTA1": -177.6, **change}))
    assert pointing.determine_pointing(frame, load_calibration_set(), frame.date, [other]).warning


def test_a_known_roll_is_not_replaced(make_frame):
    frame = read_frame(_dated(make_frame, **{**C2_OF_2025, "CROTA1": 3.0}))
    found = pointing.determine_pointing(frame, load_calibration_set(), frame.date, [_c3_of_2025(make_frame)])
    assert found.whole_roll == pytest.approx(3.5)


def test_star_fits_tell_a_frame_with_placeholders_its_pointing(make_frame, fitted):
    calibration = fitted([-2, 2], [518.0, 518.0], [532.0, 532.0], [179.8, 179.8])
    cards = {**PLACEHOLDERS, "DATE_OBS": "2005/01/01"}
    found = _of(_dated(make_frame, **cards), calibration, NOON)
    assert (found.upside_down, found.roll) == (True, pytest.approx(-0.2))
    assert not found.warning
    unsure = fitted([-2, 2], [518.0, 518.4], [532.0, 532.0], [-0.2, 179.7])
    assert _of(_dated(make_frame, **cards), unsure, NOON).warning


def test_the_product_says_that_its_pointing_is_unknown(make_frame):
    product = calibrate(read_frame(_dated(make_frame, **PLACEHOLDERS, **C2_OF_2025)))
    assert "unknown" in product.header["POINTSRC"]
    assert product.warnings
    history = " ".join(str(line) for line in product.header["HISTORY"])
    assert "Warning: the pointing in the header is a placeholder" in history.replace("  ", " ")
