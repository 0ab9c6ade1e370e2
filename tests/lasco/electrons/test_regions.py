"""Where pixels are about the sun's centre."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.electrons import regions
from corinpaint.lasco.errors import MissingKeywordError

SHAPE = (101, 101)


@pytest.fixture
def header() -> fits.Header:
    """A sun of 10 px radius in the middle."""
    cards = {"CRPIX1": 51.0, "CRPIX2": 51.0, "CDELT1": 56.0, "CDELT2": 56.0, "RSUN_OBS": 560.0, "RSUN_REF": 6.957e8}
    return fits.Header(cards)


def test_position_angles_go_from_north_over_east_which_is_left(header):
    distance, angle = regions.polar(header, SHAPE)
    for (row, column), expected in {(80, 50): 0, (50, 20): 90, (20, 50): 180, (50, 80): 270}.items():
        assert distance[row, column] == pytest.approx(3)
        assert angle[row, column] == pytest.approx(expected)


def test_they_are_those_of_the_coordinates_that_astropy_reads(header):
    from astropy.wcs import WCS

    header.update({"CTYPE1": "HPLN-TAN", "CTYPE2": "HPLT-TAN", "CUNIT1": "arcsec", "CUNIT2": "arcsec", "CROTA2": 20.0})
    x, y = WCS(header).pixel_to_world_values(70, 90)
    x = (np.asarray(x) * 3600 + 648000) % 1296000 - 648000 if abs(x) > 1 else np.asarray(x) * 3600
    distance, angle = regions.polar(header, SHAPE)
    assert distance[90, 70] == pytest.approx(np.hypot(x, np.asarray(y) * 3600) / 560, rel=1e-3)
    assert angle[90, 70] == pytest.approx(np.degrees(np.arctan2(-x, np.asarray(y) * 3600)) % 360, abs=0.05)


def test_a_sector_may_go_across_north(header):
    across = regions.sector(header, SHAPE, (2, 4), (340, 20))
    assert across[80, 50]
    assert not across[50, 20]
    assert not across[60, 50]
    ring = regions.sector(header, SHAPE, (2, 4))
    assert ring[50, 20]
    assert ring.sum() * 0.01 == pytest.approx(np.pi * (16 - 4), rel=0.01)


def test_a_pixel_covers_its_share_of_the_sun(header):
    assert regions.pixel_area(header) == pytest.approx((0.1 * 6.957e10) ** 2)
    header["RSUN"] = header.pop("RSUN_OBS")  # as SolarSoft has it
    assert regions.pixel_area(header) == pytest.approx((0.1 * 6.957e10) ** 2)
    del header["RSUN"]
    with pytest.raises(MissingKeywordError, match="RSUN_OBS"):
        regions.pixel_area(header)
