"""Pointing and observer: against official values and independent formulas."""

from __future__ import annotations

import pytest
from astropy.time import Time

from corinpaint.lasco import pointing
from corinpaint.lasco.frame import read_frame


def test_the_sun_centre_is_the_headers_counted_from_zero(make_frame):
    place = pointing.pointing(read_frame(make_frame()))
    assert (place.column, place.row, place.roll) == (517.956, 532.632, -0.23)


def test_without_a_centre_the_default_is_taken_and_said_so(make_frame):
    place = pointing.pointing(read_frame(make_frame(drop=("CRPIX1",))))
    assert (place.column, place.row) == pointing.DEFAULT_SUN_CENTRE
    assert "default" in place.source


def test_a_centre_far_from_the_middle_is_not_believed(make_frame):
    assert "default" in pointing.pointing(read_frame(make_frame(CRPIX1=3.0))).source


@pytest.mark.parametrize(
    ("date", "latitude", "distance_au"),
    [("2002-01-08", -3.8, 0.9833), ("2003-07-21", 4.85, 1.0161), ("2010-09-08", 7.25, 1.0073)],
)
def test_the_observer_is_at_l1_on_the_line_to_the_earth(date, latitude, distance_au):
    seen_from = pointing.observer(Time(date))
    assert seen_from.latitude == pytest.approx(latitude, abs=0.1)
    assert seen_from.distance / pointing.AU_M == pytest.approx(0.99 * distance_au, rel=1e-3)


def test_the_observer_agrees_with_sunpy():
    coordinates = pytest.importorskip("sunpy.coordinates.sun")
    date = Time("2004-04-18T14:54:10")
    assert pointing.observer(date).latitude == pytest.approx(coordinates.B0(date).to_value("deg"), abs=0.02)
