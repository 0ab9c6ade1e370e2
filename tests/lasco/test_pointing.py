"""Pointing and observer: against official values and independent formulas."""

from __future__ import annotations

import numpy as np
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


@pytest.mark.parametrize(
    ("crota", "turned", "left"),
    [(0.0, False, 0.0), (6.5, False, 6.5), (180.0, True, 0.0), (-172.478, True, 7.522), (187.0, True, 7.0)],
)
def test_the_roll_of_the_spacecraft_is_turned_away_or_kept_in_the_header(make_frame, crota, turned, left):
    frame = read_frame(make_frame(CROTA1=crota))
    assert frame.turned is turned
    assert pointing.pointing(frame).roll == pytest.approx(left - 0.23, abs=1e-9)


def test_a_rolled_frame_puts_the_same_star_at_the_same_place_of_the_sky(make_frame):
    """A star that is turned about the sun centre on the detector by the roll keeps its world coordinates."""
    from astropy.wcs import WCS

    from corinpaint.lasco import calibration, level1

    none = np.zeros((32, 32), dtype=bool)
    assets = calibration.load_assets()
    seen = []
    for crota in (0.0, 20.0, 180.0, -160.0):
        frame = read_frame(make_frame(CROTA1=crota))
        header = level1.finish(frame, calibration.photometry(frame, assets), none, none, assets).header
        turn = np.radians(-crota)  # turning the image by CROTA counter-clockwise brings north up
        offset = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ (200.0, 100.0)
        detector = np.array([517.956, 532.632]) + offset
        product = 1023 - detector if frame.turned else detector
        seen.append(WCS(header).pixel_to_world_values(*product))
    assert np.allclose(seen, seen[0], atol=1e-6)
