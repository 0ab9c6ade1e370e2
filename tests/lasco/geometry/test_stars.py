"""Where stars are expected: against sunpy, and by proper motion."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.time import Time

from corinpaint.lasco.geometry import stars
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.options import Options


@pytest.fixture(scope="module")
def header(make_frame):
    return calibrate(read_frame(make_frame(CROTA1=3.0)), options=Options(roll=False)).header


def test_the_catalogue_holds_known_stars_by_the_ecliptic():
    found = stars.catalogue()
    assert 800 < len(found.hip) < 1000
    assert np.allclose(np.linalg.norm(found.direction, axis=1), 1)
    regulus = int(np.flatnonzero(found.hip == 49669)[0])
    alpha = np.degrees(np.arctan2(found.direction[regulus, 1], found.direction[regulus, 0])) % 360
    assert (alpha, found.magnitude[regulus]) == pytest.approx((152.0930, 1.35), abs=0.03)
    motion = np.degrees(np.linalg.norm(found.motion[regulus])) * 3600
    assert motion == pytest.approx(0.2488, abs=0.002)  # arcsec per year


@pytest.mark.slow
def test_expected_places_are_those_of_the_header_by_sunpy(header):
    coordinates, maps = pytest.importorskip("astropy.coordinates"), pytest.importorskip("sunpy.map")
    shape = (1024, 1024)
    middle = header.copy()
    middle["EXPTIME"] = 0.0  # sunpy takes DATE-OBS for the time of the coordinates
    places = stars.expected_places(middle, shape)
    assert len(places.hip) > 20
    chosen = stars.catalogue()
    wanted = maps.Map(np.ones(shape), middle)
    years = (Time(middle["DATE-OBS"]).mjd - stars.CATALOGUE_EPOCH_MJD) / stars.DAYS_PER_YEAR
    for hip, column, row in list(zip(places.hip, places.column, places.row, strict=True))[:8]:
        index = int(np.flatnonzero(chosen.hip == hip)[0])
        x, y, z = chosen.direction[index] + years * chosen.motion[index]
        far = coordinates.SkyCoord(x=x * 1e9, y=y * 1e9, z=z * 1e9, unit="pc", representation_type="cartesian")
        pixel = wanted.world_to_pixel(far.transform_to(wanted.coordinate_frame))
        assert (pixel.x.value, pixel.y.value) == pytest.approx((column, row), abs=0.02)


def test_the_brightest_come_first_and_all_are_inside(header):
    places = stars.expected_places(header, (1024, 1024))
    assert (np.diff(places.magnitude) >= 0).all()
    assert ((places.column >= 0) & (places.column <= 1023) & (places.row >= 0) & (places.row <= 1023)).all()
    assert len(stars.expected_places(header, (300, 300)).hip) < len(places.hip)


def test_a_larger_longitude_of_soho_moves_the_stars_west(header):
    """The sun is then seen further east among them."""
    moved = header.copy()
    moved["HGLN_OBS"] = header["HGLN_OBS"] + 0.1
    moved["CROTA2"] = 0.0
    before = header.copy()
    before["CROTA2"] = 0.0
    first, second = (stars.expected_places(one, (1024, 1024)) for one in (before, moved))
    common, left, right = np.intersect1d(first.hip, second.hip, return_indices=True)
    assert common.size > 20
    shift = second.column[right] - first.column[left]
    assert np.median(shift) == pytest.approx(0.1 * 3600 / 56, rel=0.02)
