"""Clock offsets."""

from __future__ import annotations

import pytest
from astropy.time import Time

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.geometry import clock
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet

TITLE = "Time offsets of LASCO C2\nMJD MS XPOS MOVED OFFSET\n"


@pytest.fixture
def table(tmp_path):
    def written(text: str) -> CalibrationSet:
        (tmp_path / clock.TABLE).write_text(text)
        return CalibrationSet("OFFICIAL", tmp_path)

    return written


def test_the_offset_is_subtracted_and_linear_between_the_lines(table):
    calibration = table(TITLE + "52282 0 0 0 8.0\n52283 0 0 0 10.0\n")
    found = clock.correct_clock(Time("2002-01-08T12:00:00", scale="utc"), calibration)
    assert found.offset == pytest.approx(9.0, abs=1e-6)
    assert found.date.isot == "2002-01-08T11:59:51.000"
    assert found.file.name == clock.TABLE


def test_milliseconds_of_the_day_are_used(table):
    calibration = table(TITLE + "52282 0 0 0 8.0\n52282 43200000 0 0 10.0\n")
    assert clock.correct_clock(Time(52282.25, format="mjd", scale="utc"), calibration).offset == pytest.approx(9.0)


@pytest.mark.parametrize(("day", "offset"), [("1997-01-01", 8.0), ("2015-01-01", 10.0)])
def test_before_and_after_the_table_its_first_and_last_offset_hold(table, day, offset):
    calibration = table(TITLE + "52282 0 0 0 8.0\n52283 0 0 0 10.0\n")
    assert clock.correct_clock(Time(day), calibration).offset == offset


def test_without_a_table_nothing_is_corrected_and_none_is_named():
    date = Time("2002-01-08T12:00:00", scale="utc")
    assert clock.correct_clock(date, load_calibration_set()) == (date, 0.0, None)


@pytest.mark.parametrize("text", ["", TITLE, TITLE + "52282 0 0", TITLE + "a b c d e", TITLE + "52282 0 0 0 9e9"])
def test_a_damaged_table_is_named(table, text):
    with pytest.raises(CalibrationError, match=clock.TABLE):
        clock.correct_clock(Time("2002-01-08"), table(text))


def test_remarks_in_the_table_are_ignored(table):
    calibration = table(TITLE + "52282 0 0 0 8.0\n; end of file\n")
    assert clock.correct_clock(Time("2002-01-08"), calibration).offset == 8.0
