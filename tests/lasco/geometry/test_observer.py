"""Where SOHO was: against almanac values, Horizons, other instruments' headers and sunpy."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.time import Time, TimeDelta
from official_tree import horizons

from corinpaint.lasco.geometry import observer as module
from corinpaint.lasco.geometry.observer import soho_observer
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet

AU_KM = module.AU_M / 1e3


@pytest.mark.parametrize(
    ("date", "latitude", "distance_au"),
    [("2002-01-08", -3.8, 0.9833), ("2003-07-21", 4.85, 1.0161), ("2010-09-08", 7.25, 1.0073)],
)
def test_the_observer_is_near_l1(date, latitude, distance_au):
    seen_from = soho_observer(Time(date))
    assert seen_from.latitude == pytest.approx(latitude, abs=0.15)
    assert seen_from.distance / module.AU_M == pytest.approx(0.99 * distance_au, rel=3e-3)
    assert module.solarsoft_radius(Time(date)) == pytest.approx(959.63 / (0.99 * distance_au), rel=5e-4)


def test_the_model_meets_the_position_of_horizons():
    """The documentation of `sunpy.coordinates.get_horizons_coord` gives it; the model was not fitted to it."""
    found = soho_observer(Time("2004-05-06T11:22:33"))
    assert found.longitude == pytest.approx(0.25234902, abs=1.5 * found.error)
    assert found.latitude == pytest.approx(-3.55863633, abs=1.5 * found.error)
    assert found.distance == pytest.approx(0.99923086 * module.AU_M, abs=1.5 * found.distance_error)
    assert (found.error, found.source, found.file) == (0.003, "model of the halo orbit", None)


@pytest.mark.parametrize(
    ("date", "distance"), [("2010-10-15T19:14:56", 147904704.5398e3), ("2007-06-01T11:58:59", 150418548.914e3)]
)
def test_the_model_meets_the_distances_in_headers_of_mdi_and_eit(date, distance):
    """DSUN_OBS of sunpy's test files; 0.99 of the earth's distance is 240000 km off on both days."""
    found = soho_observer(Time(date))
    assert found.distance == pytest.approx(distance, abs=2e6)
    assert found.radius == pytest.approx(959.63 * module.AU_M / distance, rel=2e-5)


def test_the_model_repeats_after_a_period_of_178_days_within_what_the_earth_does_to_it():
    dates = [Time(53371.0 + days, format="mjd", scale="utc") for days in range(0, 178, 2)]
    west = np.array([soho_observer(date).longitude for date in dates])
    later = np.array([soho_observer(date + TimeDelta(177.9, format="jd")).longitude for date in dates])
    assert np.abs(west).max() == pytest.approx(0.26, abs=0.02)
    assert np.abs(west - later).max() < 0.04


@pytest.mark.filterwarnings("ignore:ERFA function")  # years whose leap seconds are not announced
@pytest.mark.parametrize(
    ("date", "error"),
    [
        ("1995-12-20", 0.3),
        ("1997-01-01", 0.03),
        ("1998-09-24", 0.03),
        ("1998-09-26", 0.003),
        ("2014-12-16", 0.003),
        ("2015-01-01", 0.006),
        ("2025-10-16", 0.006),
        ("2030-01-01", 0.03),
        ("2040-01-01", 0.3),
    ],
)
def test_the_error_is_that_of_the_date(date, error):
    assert soho_observer(Time(date, scale="utc")).error == error


@pytest.mark.filterwarnings("ignore:ERFA function")
@pytest.mark.parametrize("date", ["1995-12-20", "2040-01-01"])
def test_beyond_the_model_soho_is_at_l1(date):
    found = soho_observer(Time(date, scale="utc"))
    assert found.source == "L1"
    assert abs(found.longitude) < 0.003  # the barycentre of earth and moon is not the earth
    assert found.radius == pytest.approx(module.solarsoft_radius(Time(date, scale="utc")), rel=1e-4)


def test_a_table_of_horizons_takes_the_place_of_the_model(tmp_path):
    date = Time("2004-05-06T11:22:33", scale="utc")
    x, y, pole = module.stonyhurst_axes(module.earth_position(date))
    longitude, latitude = np.radians([0.25234902, -3.55863633])
    soho = np.cos(latitude) * (np.cos(longitude) * x + np.sin(longitude) * y) + np.sin(latitude) * pole
    days = module.barycentric_jd(date) + np.arange(-3, 4) * 0.25
    rows = [(float(day), *(0.99923086 * AU_KM * soho).tolist()) for day in days]
    (tmp_path / "soho_horizons_2004.txt").write_text(horizons(rows))
    found = soho_observer(date, CalibrationSet("OFFICIAL", tmp_path))
    assert found.longitude == pytest.approx(0.25234902, abs=1e-7)
    assert found.latitude == pytest.approx(-3.55863633, abs=1e-7)
    assert found.distance == pytest.approx(0.99923086 * module.AU_M, rel=1e-9)
    assert (found.error, found.source) == (module.TABLE_ERROR_DEG, "soho_horizons_2004.txt")
    assert found.file.name == "soho_horizons_2004.txt"
    outside = soho_observer(Time("2005-05-06", scale="utc"), CalibrationSet("OFFICIAL", tmp_path))
    assert outside.source == "model of the halo orbit"


@pytest.mark.slow
def test_the_coordinates_are_those_of_sunpy():
    """Heliographic latitude and longitude of the earth itself, by the axes that SOHO's are measured on."""
    coordinates = pytest.importorskip("sunpy.coordinates")
    date = Time("2004-04-18T14:54:10", scale="utc")
    earth = module.earth_position(date)
    latitude, longitude = module.stonyhurst(earth, earth)
    assert latitude == pytest.approx(coordinates.get_earth(date).lat.to_value("deg"), abs=1e-4)
    assert longitude == pytest.approx(0.0, abs=1e-9)
