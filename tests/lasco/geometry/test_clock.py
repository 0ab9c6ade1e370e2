"""Clock offsets."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.time import Time
from official_tree import time_differences

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


@pytest.mark.parametrize("day", ["1997-01-01", "2015-01-01"])
def test_beyond_the_table_nothing_is_corrected_and_that_is_said(table, day):
    calibration = table(TITLE + "52282 0 0 0 8.0\n52283 0 0 0 10.0\n")
    found = clock.correct_clock(Time(day), calibration)
    assert (found.date.isot[:10], found.offset, found.file) == (day, 0.0, None)
    assert "do not cover" in found.history
    assert "2 minutes" in found.history
    assert "2 minutes" in found.comment


def test_without_a_table_nothing_is_corrected_and_that_is_said():
    date = Time("2002-01-08T12:00:00", scale="utc")
    found = clock.correct_clock(date, load_calibration_set())
    assert found[:3] == (date, 0.0, None)
    assert found.history == "Clock not corrected (no table of clock offsets): times are up to 2 minutes off"
    assert found.comment == "start, UTC, clock up to 2 minutes off"


OFFICIAL = [
    (50600, 0, 99.0),
    (52282, 5_000_000, 2.0),
    (52282, 9_717_042, 8.538),
    (52282, 74_000_000, 49.07),
    (52283, 0, 60.0),
    (52284, 0, 7200.0),
    (52285, 0, 62.0),
    (52286, 0, 64.0),
]


@pytest.fixture
def differences(tmp_path):
    """A calibration set with TIME_DIFF.DAT, and c2_time_offsets.dat with an offset of 1 s."""
    (tmp_path / clock.TABLE).write_text(TITLE + "50084 0 0 0 1.0\n53000 0 0 0 1.0\n")
    (tmp_path / clock.DIFFERENCES).write_bytes(time_differences(OFFICIAL))
    return CalibrationSet("OFFICIAL", tmp_path)


def test_the_differences_of_the_clock_come_before_the_offsets_from_stars(differences):
    """As in the official Level 1 file of 2002-01-08: 02:42:05.580 became 02:41:57.042."""
    found = clock.correct_clock(Time("2002-01-08T02:42:05.580", scale="utc"), differences)
    assert found.date.isot == "2002-01-08T02:41:57.042"
    assert found.file.name == "TIME_DIFF.DAT"
    assert found.scatter == pytest.approx(np.std([2.0, 8.538, 49.07], ddof=1))
    assert "stdev" in found.history
    assert found.comment == "start, UTC, clock corrected"


def test_the_last_record_before_the_time_holds_without_interpolation(differences):
    offsets = [
        clock.correct_clock(Time(day, format="mjd", scale="utc"), differences).offset for day in (52283.0, 52283.9)
    ]
    assert offsets == pytest.approx([60.0, 60.0])


def test_an_impossible_difference_is_replaced_by_the_median_of_its_neighbours(differences):
    assert clock.correct_clock(Time(52284.5, format="mjd", scale="utc"), differences).offset == pytest.approx(62.0)


@pytest.mark.parametrize("day", [50650.0, 50742.5, 50800.0, 52287.0, 52281.0 - 2000])
def test_where_the_differences_are_not_valid_the_offsets_from_stars_are_taken(differences, day):
    found = clock.correct_clock(Time(day, format="mjd", scale="utc"), differences)
    assert (found.offset, found.file.name) == (1.0, clock.TABLE)


def test_beyond_both_tables_nothing_is_corrected(differences):
    assert clock.correct_clock(Time("2015-01-01", scale="utc"), differences).file is None


def test_damaged_differences_are_named(differences):
    (differences.directory / clock.DIFFERENCES).write_bytes(b"no table")
    with pytest.raises(CalibrationError, match=r"TIME_DIFF\.DAT"):
        clock.correct_clock(Time("2002-01-08", scale="utc"), differences)


@pytest.mark.parametrize("text", ["", TITLE, TITLE + "52282 0 0", TITLE + "a b c d e", TITLE + "52282 0 0 0 9e9"])
def test_a_damaged_table_is_named(table, text):
    with pytest.raises(CalibrationError, match=clock.TABLE):
        clock.correct_clock(Time("2002-01-08"), table(text))


def test_remarks_in_the_table_are_ignored(table):
    calibration = table(TITLE + "52282 0 0 0 8.0\n; end of file\n")
    assert clock.correct_clock(Time("2002-01-08"), calibration).offset == 8.0
