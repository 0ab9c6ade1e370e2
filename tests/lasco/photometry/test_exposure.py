"""Exposure factor and bias: the day's table, the header, the read port; sums and images of several exposures."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.errors import CalibrationError, UnsupportedFrameError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.exposure import determine_exposure
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet

TABLE = "c3_expfactor_020108.dat"


@pytest.fixture
def folder(tmp_path):
    return CalibrationSet("OFFICIAL", tmp_path)


def _table(calibration: CalibrationSet, text: str, name: str = TABLE) -> None:
    (calibration.directory / name).write_text(text)


def test_the_bias_is_offset_else_the_polynomial_of_the_read_port(make_frame):
    nominal_set = load_calibration_set()
    assert determine_exposure(read_frame(make_frame()), nominal_set) == (1.0, 377.741, "OFFSET", None)
    without = determine_exposure(read_frame(make_frame(drop=("OFFSET",))), nominal_set)
    by_hand = 374.11139 + 0.010731823 * (52282 - 51915) - 1.0726207e-6 * (52282 - 51915) ** 2
    assert without.bias == pytest.approx(by_hand, abs=1e-6)
    assert "port C" in without.source


def test_the_table_of_the_day_takes_precedence_over_the_header(make_frame, folder):
    _table(folder, "32082036.fts 1.100000 370.0 0 3600.0\n32082037.fts 0.996987 377.700 0 8285.6\n")
    found = determine_exposure(read_frame(make_frame()), folder)
    assert found[:3] == (0.996987, 377.7, TABLE)
    assert len(found.file.sha256) == 64


def test_without_a_row_of_its_name_a_frame_uses_the_nearest_in_time(make_frame, folder):
    _table(folder, "32082001.fts 1.100000 370.0 0 3600.0\n32082099.fts 0.9 371.0 0 8000.0\n")
    assert determine_exposure(read_frame(make_frame()), folder)[:2] == (0.9, 371.0)


def test_each_telescope_has_its_own_table(make_frame, folder):
    _table(folder, "32082037.fts 0.9 371.0 0 8000.0\n")
    frame = read_frame(make_frame(DETECTOR="C2", FILTER="Orange"))
    assert determine_exposure(frame, folder).source == "OFFSET"
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
    assert (
        determine_exposure(read_frame(make_frame(counts, LEBXSUM=2, LEBYSUM=2)), load_calibration_set()).bias
        == 4 * 377.741
    )
    assert (
        determine_exposure(read_frame(make_frame(counts, SUMCOL=2, SUMROW=2)), load_calibration_set()).bias == 377.741
    )


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
