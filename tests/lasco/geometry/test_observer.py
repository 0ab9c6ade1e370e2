"""Where SOHO was: against almanac values and sunpy."""

from __future__ import annotations

import pytest
from astropy.time import Time

from corinpaint.lasco.geometry import observer as module
from corinpaint.lasco.geometry.observer import soho_observer


@pytest.mark.parametrize(
    ("date", "latitude", "distance_au"),
    [("2002-01-08", -3.8, 0.9833), ("2003-07-21", 4.85, 1.0161), ("2010-09-08", 7.25, 1.0073)],
)
def test_the_observer_is_at_l1_on_the_line_to_the_earth(date, latitude, distance_au):
    seen_from = soho_observer(Time(date))
    assert seen_from.latitude == pytest.approx(latitude, abs=0.1)
    assert seen_from.distance / module.AU_M == pytest.approx(0.99 * distance_au, rel=1e-3)


def test_the_observer_agrees_with_sunpy():
    coordinates = pytest.importorskip("sunpy.coordinates.sun")
    date = Time("2004-04-18T14:54:10")
    assert soho_observer(date).latitude == pytest.approx(coordinates.B0(date).to_value("deg"), abs=0.02)
