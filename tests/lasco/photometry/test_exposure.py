"""Exposure factor and bias: the day's table, the read port, the header; sums and images of several exposures."""

from __future__ import annotations

from dataclasses import replace

import level05
import numpy as np
import pytest
from level05 import BIAS

from corinpaint.lasco.errors import CalibrationError, UnsupportedFrameError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry import corkit, exposure
from corinpaint.lasco.photometry.exposure import determine_exposure
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet

TABLE = "c3_expfactor_020108.dat"


@pytest.fixture
def folder(tmp_path):
    return CalibrationSet("OFFICIAL", tmp_path)


def _table(calibration: CalibrationSet, text: str, name: str = TABLE) -> None:
    (calibration.directory / name).write_text(text)


@pytest.mark.parametrize("offset", [{}, {"OFFSET": 0.0}, {"drop": ("OFFSET",)}])
def test_without_a_table_the_bias_is_the_polynomial_of_the_read_port_whatever_offset_is(make_frame, offset):
    found = determine_exposure(read_frame(make_frame(**offset)), load_calibration_set())
    assert found[:4] == (1.0, pytest.approx(BIAS, abs=1e-6), "offset_bias, port C", None)
    assert found.bias_error == exposure.POLYNOMIAL_ERROR


def test_offset_is_the_bias_of_an_unknown_read_port(make_frame):
    found = determine_exposure(read_frame(make_frame(READPORT="Z")), load_calibration_set())
    assert found == (1.0, 377.741, "OFFSET", None, exposure.OFFSET_ERROR)


@pytest.mark.parametrize("cards", [{}, {"POLAR": "PB"}, {"POLAR": "PB", "FILENAME": "32082999.fts"}])
def test_the_table_is_known_without_a_look_at_the_image(make_frame, folder, cards):
    frame = read_frame(make_frame(**cards))
    assert exposure.exposure_table(frame, folder) is None
    _table(folder, "32082037.fts 0.996987 377.700 0 8285.6\n")
    wanted = determine_exposure(frame, folder).file
    assert exposure.exposure_table(replace(frame, data=frame.data[:0]), folder) == wanted
    assert (wanted is None) == ("FILENAME" in cards)


def test_a_quick_look_of_an_unknown_read_port_is_refused_by_name(make_frame):
    frame = read_frame(make_frame(READPORT="Z", OFFSET=0.0), name="24000464.fts")
    with pytest.raises(UnsupportedFrameError, match=r"24000464\.fts.*READPORT"):
        determine_exposure(frame, load_calibration_set())


LATE = {"DETECTOR": "C2", "FILTER": "Orange", "EXPTIME": 25.1}


def _late(make_frame, date, mjd, counts, **cards):
    frame = read_frame(make_frame(counts.astype(np.int16), **{**LATE, "DATE_OBS": date, "MID_DATE": mjd, **cards}))
    return determine_exposure(frame, load_calibration_set())


def test_beyond_its_end_the_polynomial_of_c2_is_held_and_its_error_grows(make_frame):
    counts = level05.smooth_counts() + 270  # the corners, which alone show the bias, are dark: not sent
    counts[counts == 270] = 0
    last, first, late = (
        _late(make_frame, date, mjd, counts)
        for date, mjd in (("2019/11/15", 58802), ("2019/11/20", 58807), ("2026/06/18", 61209))
    )
    assert last.bias == first.bias == late.bias == pytest.approx(648.41904)
    assert "extrapolated" not in last.source
    assert "extrapolated" in first.source
    assert "extrapolated" in late.source
    assert last.bias_error == exposure.POLYNOMIAL_ERROR
    assert late.bias_error == pytest.approx(2 * (61209 - 58802) / 365.25, rel=0.01)
    assert first.bias_error < 1.01 < late.bias_error


def test_beyond_its_end_the_bias_of_c2_is_measured_in_dark_corners_that_were_sent(make_frame):
    counts = level05.smooth_counts() + 300
    counts[:] = np.maximum(counts, 655)
    found = _late(make_frame, "2025/06/18", 60844, counts)
    y, x = np.mgrid[0:1024, 0:1024]
    corners = np.hypot(x - 512.634, y - 505.293) > 700
    assert found.bias == pytest.approx(np.median(counts[corners]) - exposure.DARK_RATE * 25.1)
    assert "extrapolated" in found.source
    assert "dark corners" in found.source
    assert found.bias_error < 2


@pytest.mark.parametrize("cards", [{"POLAR": "+60 Deg"}, {"EXPTIME": 100.0}, {"FILTER": "Blue"}])
def test_frames_unlike_those_of_the_measured_dark_light_hold_the_bias(make_frame, cards):
    found = _late(make_frame, "2025/06/18", 60844, np.full((1024, 1024), 660), **cards)
    assert found.bias == pytest.approx(648.41904)


def test_corners_that_are_too_bright_to_be_dark_are_not_taken_for_the_bias(make_frame):
    assert _late(make_frame, "2025/06/18", 60844, np.full((1024, 1024), 4000)).bias == pytest.approx(648.41904)


def test_c3_goes_by_its_polynomial_in_all_years(make_frame):
    frame = read_frame(make_frame(DATE_OBS="2025/10/17", MID_DATE=60965))
    found = determine_exposure(frame, load_calibration_set())
    assert found.bias == pytest.approx(417.1, abs=0.1)
    assert "extrapolated" not in found.source


@pytest.mark.slow
def test_the_dark_corners_of_real_frames_give_the_bias_of_the_polynomial(shared):
    """One frame a day of 2013 and 2014, with SOHO upright and upside down; the polynomial holds in these years."""
    days = {}
    for path in sorted((shared / "c2_level05").glob("22[45]*.fts.gz")):
        frame = read_frame(path)
        days.setdefault(frame.day, frame)
    apart = [exposure.dark_corner_bias(frame) - corkit.offset_bias(frame) for frame in days.values()]
    assert len(apart) > 20
    assert abs(np.mean(apart)) < 0.5
    assert np.std(apart) < exposure.DARK_RATE_ERROR * 25.1
    assert np.max(np.abs(apart)) < 2.5 * exposure.DARK_RATE_ERROR * 25.1


def test_the_table_of_the_day_takes_precedence_over_the_header(make_frame, folder):
    _table(folder, "32082036.fts 1.100000 370.0 0 3600.0\n32082037.fts 0.996987 377.700 0 8285.6\n")
    found = determine_exposure(read_frame(make_frame()), folder)
    assert found[:3] == (0.996987, 377.7, TABLE)
    assert found.bias_error == exposure.TABLE_ERROR
    assert len(found.file.sha256) == 64


def test_without_a_row_of_its_name_a_frame_uses_the_nearest_in_time(make_frame, folder):
    _table(folder, "32082001.fts 1.100000 370.0 0 3600.0\n32082099.fts 0.9 371.0 0 8000.0\n")
    assert determine_exposure(read_frame(make_frame()), folder)[:2] == (0.9, 371.0)


def test_each_telescope_has_its_own_table(make_frame, folder):
    _table(folder, "32082037.fts 0.9 371.0 0 8000.0\n")
    frame = read_frame(make_frame(DETECTOR="C2", FILTER="Orange"))
    assert determine_exposure(frame, folder).source == "offset_bias, port C"
    _table(folder, "32082037.fts 0.8 470.0 0 8000.0\n", "c2_expfactor_020108.dat")
    assert determine_exposure(frame, folder)[:2] == (0.8, 470.0)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<html>404 Not Found</html>",
        "32082037.fts one 377.7 0 8285.6",
        "32082037.fts 0 377.7 0 8285.6",
        "32082037.fts 1.0 nan 0 8285.6",
    ],
)
def test_a_damaged_table_is_named(make_frame, folder, content):
    _table(folder, content)
    with pytest.raises(CalibrationError, match=r"c3_expfactor_020108\.dat"):
        determine_exposure(read_frame(make_frame()), folder)


def test_sums_on_board_contain_the_bias_of_every_read_out_and_sums_on_the_chip_contain_it_once(make_frame):
    counts = np.full((512, 512), 1600, np.int16)
    assert determine_exposure(
        read_frame(make_frame(counts, LEBXSUM=2, LEBYSUM=2)), load_calibration_set()
    ).bias == pytest.approx(4 * BIAS)
    on_chip = determine_exposure(read_frame(make_frame(counts, SUMCOL=2, SUMROW=2)), load_calibration_set())
    assert on_chip.bias == pytest.approx(BIAS)
    assert on_chip.bias_error == exposure.POLYNOMIAL_ERROR


@pytest.mark.parametrize("written", [377.7, 1510.8])
def test_a_table_may_contain_the_bias_of_one_read_out_or_of_their_sum(make_frame, folder, written):
    _table(folder, f"32082037.fts 1.0 {written} 0 8285.6\n")
    frame = read_frame(make_frame(np.full((512, 512), 1600, np.int16), LEBXSUM=2, LEBYSUM=2))
    assert determine_exposure(frame, folder).bias == pytest.approx(1510.8)


@pytest.mark.parametrize("cards", [{"FILEORIG": "0"}, *({"POLAR": p} for p in "PB TI UP JY JZ Qs Us Qt Jr Jt".split())])
def test_monthly_images_and_polarisation_products_have_no_bias_and_no_factor_of_a_neighbour(make_frame, folder, cards):
    _table(folder, "32082099.fts 0.9 371.0 0 8000.0\n")
    frame = read_frame(make_frame(FILTER="Orange", **cards))
    assert determine_exposure(frame, folder)[:2] == (1.0, 0.0)
    _table(folder, "32082037.fts 0.9 371.0 0 8000.0\n")
    assert determine_exposure(frame, folder)[:2] == (0.9, 0.0)


def test_the_real_summed_frames_are_dark_behind_the_occulter_when_the_bias_is_off(shared):
    frame = read_frame(shared / "c2_level05_polarised_512" / "22455061.fts.gz")
    left = frame.data - determine_exposure(frame, load_calibration_set()).bias
    assert 0 <= left.min() < 0.01 * np.median(left)


def test_an_unknown_read_port_without_offset_is_refused_by_name(make_frame):
    with pytest.raises(UnsupportedFrameError, match="READPORT = 'Z'"):
        determine_exposure(read_frame(make_frame(drop=("OFFSET",), READPORT="Z")), load_calibration_set())


def test_lines_that_are_not_rows_are_ignored(make_frame, folder):
    _table(folder, "name factor bias nreg sec sig\n32082099.fts 0.99 377 0 8285 1\n")
    assert determine_exposure(read_frame(make_frame()), folder)[:2] == (0.99, 377.0)
