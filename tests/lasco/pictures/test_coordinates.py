"""Where the sun is in an image."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from corinpaint.lasco.errors import BadKeywordError, MissingKeywordError
from corinpaint.lasco.pictures.coordinates import solar_coordinates

CARDS = {"CRPIX1": 300.0, "CRPIX2": 260.0, "CDELT1": 56.0, "CDELT2": 56.0, "RSUN_OBS": 980.0, "CROTA2": 30.0}


def header(**cards):
    return fits.Header({"FILENAME": "35000001.fits", **CARDS, **cards})


def _of_wcs(cards, column, row):
    """Distance (solar radii, in the plane of the sky) and position angle (radians), as astropy reads the header."""
    wcs = WCS(
        fits.Header({**cards, "CTYPE1": "HPLN-TAN", "CTYPE2": "HPLT-TAN", "CUNIT1": "arcsec", "CUNIT2": "arcsec"})
    )
    west, north = (np.radians(angle) for angle in wcs.wcs_pix2world(column, row, 0))
    away = np.arccos(np.cos(west) * np.cos(north))
    radius = np.radians(cards["RSUN_OBS"] / 3600)
    return np.tan(away) / radius, np.arctan2(-np.tan(west), np.tan(north) / np.cos(west))


@pytest.mark.parametrize("change", [{}, {"CRVAL1": 15.4, "CRVAL2": -200.0}, {"CDELT1": 112.0}, {"CROTA2": -178.0}])
def test_distance_and_position_angle_are_those_of_the_world_coordinates(change):
    cards = header(**change)
    column, row = np.array([10.0, 300, 511, 299]), np.array([20.0, 500, 100, 263])
    distance, angle = solar_coordinates(cards).polar(column, row)
    expected, expected_angle = _of_wcs(cards, column, row)
    assert distance == pytest.approx(expected, rel=1e-3)
    assert np.cos(np.radians(angle) - expected_angle).min() > 1 - 1e-6


def test_places_are_found_again():
    sun = solar_coordinates(header(CRVAL1=15.4))
    column, row = sun.place([3.0, 5.0], [40.0, 300.0])
    distance, angle = sun.polar(column, row)
    assert distance == pytest.approx([3, 5])
    assert angle == pytest.approx([40, 300])


def test_position_angles_run_from_north_over_east_which_is_on_the_left():
    sun = solar_coordinates(header(CROTA2=0.0))
    column, row = sun.place(10.0, [0.0, 90.0])
    assert row[0] > sun.row
    assert column[1] < sun.column


def test_the_plane_of_distances_has_those_of_its_pixels():
    sun = solar_coordinates(header(CDELT2=112.0))
    plane = sun.distance((512, 400))
    assert plane.shape == (512, 400)
    assert plane.dtype == np.float32
    assert plane[17, 350] == pytest.approx(sun.polar(350, 17)[0], rel=1e-5)


def test_official_files_give_their_radius_under_another_name():
    cards = header(RSUN=975.0)
    del cards["RSUN_OBS"]
    assert solar_coordinates(cards).radius[0] == pytest.approx(975 / 56)


def test_a_header_without_a_sun_is_refused_by_name():
    with pytest.raises(MissingKeywordError, match=r"35000001.fits: neither RSUN_OBS nor RSUN"):
        solar_coordinates(fits.Header({"FILENAME": "35000001.fits"}))
    with pytest.raises(BadKeywordError, match="CDELT1"):
        solar_coordinates(header(CDELT1="none"))
