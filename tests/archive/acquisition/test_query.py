"""Ranges of time as users write them, and which frames are wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import frame_archive
import pytest

from corinpaint.archive.acquisition.image_headers import parse
from corinpaint.archive.acquisition.query import Query, Selection, parse_range
from corinpaint.lasco.errors import OptionError

DAY = datetime(2002, 1, 8)
QUERY = Query(DAY, DAY + timedelta(days=1))


def _headers(shots):
    return parse("\n".join(shot.line() for shot in shots).encode(), "list").headers


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        (("2002-01-08",), "2002-01-08T00:00", "2002-01-09T00:00"),
        (("2002/01/08",), "2002-01-08T00:00", "2002-01-09T00:00"),
        (("2002-01-08T02:00",), "2002-01-08T02:00", "2002-01-09T00:00"),
        (("2002-01-08", "2002-01-09"), "2002-01-08T00:00", "2002-01-10T00:00"),
        (("2002-01-08T02:00", "2002-01-09"), "2002-01-08T02:00", "2002-01-10T00:00"),
        (("2002-01-08 02:00", "2002-01-08 03:30:10"), "2002-01-08T02:00", "2002-01-08T03:30:10"),
        (("2002-01-08", "2002-01-09T00:00"), "2002-01-08T00:00", "2002-01-09T00:00"),
        (("2002-01-08", None, 2), "2002-01-08T00:00", "2002-01-08T02:00"),
        (("2002-01-08T23:30", None, 1.5), "2002-01-08T23:30", "2002-01-09T01:00"),
    ],
)
def test_a_range_of_time(words, start, end):
    assert parse_range(*words) == (datetime.fromisoformat(start), datetime.fromisoformat(end))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("yesterday",), "neither a day nor a time"),
        (("2002-01-08", "2002-02-30"), "2002-02-30: neither"),
        (("2002-01-08T02:00+01:00",), "UTC"),
        (("2002-01-08", "2002-01-09", 2), "two ends"),
    ],
)
def test_what_is_no_range_is_an_error(words, said):
    with pytest.raises(OptionError, match=said):
        parse_range(*words)


def test_ranges_without_frames_are_errors():
    with pytest.raises(OptionError, match="ends before it begins"):
        Query(DAY, DAY)
    with pytest.raises(OptionError, match="before SOHO's launch"):
        Query(datetime(1990, 1, 1), datetime(1990, 1, 2))


@pytest.mark.parametrize(
    ("hours", "days"), [(2, [8]), (24, [8]), (24.01, [8, 9]), (48, [8, 9])], ids=lambda value: str(value)
)
def test_days_of_a_range_are_those_that_it_touches(hours, days):
    assert list(Query(DAY, DAY + timedelta(hours=hours)).days) == [date(2002, 1, day) for day in days]


def test_days_begin_with_the_launch():
    assert next(Query(datetime(1990, 1, 1), DAY).days) == date(1995, 12, 2)


def test_the_end_of_a_range_does_not_belong_to_it():
    (header,) = _headers([frame_archive.Shot(32082037, "2002-01-08T02:18:05")])
    assert replace(QUERY, start=header.start).takes(header)
    assert not replace(QUERY, end=header.start).takes(header)
    assert replace(QUERY, end=header.start + timedelta(seconds=1)).takes(header)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, True),
        ({"detectors": ("C3",)}, False),
        ({"detectors": ("C3", "C2")}, True),
        ({"filters": ("orange",)}, True),
        ({"filters": ("Clear",)}, False),
        ({"filters": ("Clear", "Orange")}, True),
        ({"polars": ("+60 Deg",)}, True),
        ({"polars": ("60",)}, True),
        ({"polars": ("+60",)}, True),
        ({"polars": ("-60",)}, False),
        ({"polars": ("0",)}, False),
        ({"polars": ("Clear",)}, False),
        ({"min_exposure": 100.0}, True),
        ({"min_exposure": 101.0}, False),
        ({"max_exposure": 100.0}, False),
    ],
)
def test_frames_are_selected_by_their_keywords(options, wanted):
    shot = frame_archive.Shot(22460001, "2002-01-08T03:00:05", "C2", 100.2, "Orange", "+60 Deg", "Seq PW", 512)
    (header,) = _headers([shot])
    assert replace(QUERY, **options).takes(header) is wanted


@pytest.mark.parametrize("polar", ["+60 D", "+60", "+60 De", "60 Deg"])
def test_an_angle_is_recognised_however_a_list_cuts_it(polar):
    (header,) = _headers([frame_archive.Shot(22460001, "2002-01-08T03:00:05", "C2", polar=polar)])
    assert replace(QUERY, polars=("+60 Deg",)).takes(header)
    assert not replace(QUERY, polars=("-60 Deg", "6", "600")).takes(header)


def test_a_frame_of_unknown_exposure_time_is_wanted_unless_that_matters():
    (header,) = (replace(one, exptime=float("nan")) for one in _headers([frame_archive.hourly()[0]]))
    assert QUERY.takes(header)
    assert not replace(QUERY, max_exposure=1000.0).takes(header)


def test_a_cadence_leaves_out_frames_that_are_too_close_across_the_days():
    times = ["08T22:00:05", "08T22:30:05", "08T23:00:00", "08T23:50:00", "09T00:00:04", "09T00:59:59"]
    shots = [frame_archive.Shot(32000000 + at, f"2002-01-{time}") for at, time in enumerate(times)]
    selection = Selection(replace(QUERY, end=DAY + timedelta(days=2), cadence=timedelta(hours=1)))
    taken = [*selection.take(_headers(shots[:4])), *selection.take(_headers(shots[4:]))]
    assert [f"{header.start:%H:%M}" for header in taken] == ["22:00", "23:00", "00:00", "00:59"]


def test_a_cadence_is_that_of_each_kind_of_frame():
    polars = ["Clear", "+60 Deg", "0 Deg", "-60 Deg"] * 2
    shots = [frame_archive.Shot(32000000 + at, f"2002-01-08T02:0{at}:05", polar=one) for at, one in enumerate(polars)]
    taken = Selection(replace(QUERY, cadence=timedelta(hours=1))).take(_headers(shots))
    assert [header.name for header in taken] == [shot.name for shot in shots[:4]]
