"""SOHO's position from tables of Horizons."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.time import Time
from official_tree import circle, horizons

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.geometry import ephemeris

START = Time("2009-02-27").jd


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "soho_horizons_2009.txt").write_text(horizons(circle(START)))
    return tmp_path


@pytest.mark.parametrize("after", [0.0, 0.1, 1.374, 2.74, 2.75])
def test_a_position_is_interpolated_to_a_kilometre(folder, after):
    found = ephemeris.soho_position(folder, START + after)
    truth = np.array(circle(START + after, rows=1)[0][1:])
    assert np.abs(found.position / 1e3 - truth).max() < 1.0
    assert found.file.name == "soho_horizons_2009.txt"


@pytest.mark.parametrize("date", [START - 0.01, START + 2.76, Time("2010-02-27").jd])
def test_beyond_the_table_there_is_no_position(folder, date):
    assert ephemeris.soho_position(folder, date) is None


def test_the_table_is_that_of_the_year_of_the_date(folder):
    path = folder / "soho_horizons_2009.txt"
    path.rename(folder / "soho_horizons_2008.txt")
    assert ephemeris.soho_position(folder, START + 1) is None


def test_a_damaged_table_is_named(folder):
    path = folder / "soho_horizons_2009.txt"
    path.write_text(path.read_text().replace("Sun (10)", "Earth (399)"))
    with pytest.raises(CalibrationError, match=r"soho_horizons_2009\.txt: .*centre"):
        ephemeris.soho_position(folder, START + 1)


def test_interpolation_is_exact_for_polynomials_of_third_degree():
    times = np.array([0.0, 1.0, 2.5, 3.0, 4.5, 6.0])
    places = np.stack([times**3 - times, times**2, np.ones_like(times)], axis=1)
    for date in (0.0, 0.3, 2.7, 5.9, 6.0):
        assert np.allclose(ephemeris.interpolate(times, places, date), [date**3 - date, date**2, 1.0])
