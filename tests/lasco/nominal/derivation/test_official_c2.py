"""Reading an official Level 1 file of C2 that was averaged over squares of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.nominal.derivation.official_c2 import MIN_BRIGHTNESS, read_official

CENTRE, CELLS_PER_RADIUS = (64.2, 62.7), 10.25


def _radius():
    y, x = np.mgrid[0:128, 0:128].astype(float)
    return np.hypot(x - CENTRE[0], y - CENTRE[1]) / CELLS_PER_RADIUS


def _brightness(radius):
    return 3e-8 * radius**-2.4


@pytest.fixture
def official(tmp_path):
    """A round corona with corners that were not sent."""
    fine = np.mgrid[0:1024, 0:1024].astype(float) / 8 - 7 / 16
    radius = np.hypot(fine[1] - CENTRE[0], fine[0] - CENTRE[1]) / CELLS_PER_RADIUS
    image = _brightness(radius.clip(1)).reshape(128, 8, 128, 8).mean(axis=(1, 3))
    image[:4, :4] = -7e-10
    header = fits.Header({"CDELT1": 95.2, "CDELT2": 95.2, "CRPIX1": 64.5, "CRPIX2": 64.5, "CROTA1": 10.0})
    header["CRVAL1"], header["CRVAL2"] = ((64.5 - 1 - centre) * 95.2 for centre in CENTRE)
    header["RSUN"], header["FILENAME"] = CELLS_PER_RADIUS * 95.2, "25000001.fts"
    fits.writeto(tmp_path / "25000001.fts", image, header)
    return read_official(tmp_path / "25000001.fts")


def test_the_sun_is_where_the_reference_value_says(official):
    assert official.centre == pytest.approx(CENTRE)
    assert official.cells_per_radius == pytest.approx(CELLS_PER_RADIUS)
    assert (official.roll, official.number) == (10.0, "25000001")


def test_the_brightness_is_that_of_the_place_not_the_mean_of_its_cell(official):
    radius, angle = np.array([2.2, 3.0, 5.0, 6.0]), np.array([0.0, 77.0, 190.0, 300.0])
    assert np.allclose(official.brightness(radius, angle), _brightness(radius), rtol=2e-3, atol=0)
    assert np.isnan(official.brightness(np.array([1.5, 8.5]), np.zeros(2))).all()


def test_what_was_not_sent_is_outside(official):
    assert not official.inside[:5, :5].any()
    assert (np.exp(official.log[official.inside]) > MIN_BRIGHTNESS).all()


def test_the_radial_profile_is_that_of_the_corona(official):
    knots, profile = official.radial_profile()
    away = knots > np.log(2.6)
    assert np.abs(profile - np.log(_brightness(np.exp(knots))))[away].max() < 0.01


def test_a_file_without_the_cards_of_an_official_one_is_refused(tmp_path):
    fits.writeto(tmp_path / "a.fts", np.ones((128, 128)))
    with pytest.raises(CalibrationError, match="CDELT1"):
        read_official(tmp_path / "a.fts")
