"""Stretches and their limits."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.errors import MissingKeywordError, OptionError
from corinpaint.lasco.pictures.coordinates import solar_coordinates
from corinpaint.lasco.pictures.stretch import STRETCHES, grey, radial_profile, scale

HEADER = fits.Header({"CRPIX1": 130.0, "CRPIX2": 120.0, "CDELT1": 200.0, "CDELT2": 200.0, "RSUN_OBS": 980.0})
SHAPE = (256, 256)


@pytest.fixture(scope="module")
def corona():
    """A corona that falls by four decades, with a wedge that is brighter by a tenth."""
    distance, angle = solar_coordinates(HEADER).polar(*np.indices(SHAPE)[::-1])
    data = 1e-8 * np.maximum(distance, 1.0) ** -3
    data *= 1 + 0.1 * ((angle > 40) & (angle < 60)) + 0.01 * np.random.default_rng(1).standard_normal(SHAPE)
    data[distance < 3] = np.nan
    return data.astype(np.float32)


def test_the_radial_filter_brings_all_radii_to_mean_zero_and_deviation_one(corona):
    values = scale(corona, HEADER, "nrgf").values
    distance = solar_coordinates(HEADER).distance(SHAPE)
    for inner in (4, 8, 14, 20):
        ring = values[(distance > inner) & (distance < inner + 2)]
        assert abs(ring.mean()) < 0.03
        assert ring.std() == pytest.approx(1, abs=0.02)
    assert np.array_equal(np.isnan(values), np.isnan(corona))


def test_the_radial_filter_shows_a_streamer_far_out_as_well_as_near(corona):
    values = scale(corona, HEADER, "nrgf").values
    distance, angle = solar_coordinates(HEADER).polar(*np.indices(SHAPE)[::-1])
    streamer = (angle > 42) & (angle < 58)
    for inner, outer in ((4, 8), (10, 14), (18, 22)):
        assert values[streamer & (distance > inner) & (distance < outer)].mean() > 2


def test_profiles_hold_mean_and_deviation_by_radius(corona):
    profile = radial_profile(corona, HEADER)
    distance = solar_coordinates(HEADER).distance(SHAPE)
    ring = (distance / profile.step).astype(int) == 60
    assert profile.mean[60] == pytest.approx(np.nanmean(corona[ring], dtype=np.float64), rel=1e-6)
    assert profile.deviation[60] == pytest.approx(np.nanstd(corona[ring], dtype=np.float64), rel=1e-4)
    assert np.isfinite(profile.mean).all()
    assert (profile.deviation > 0).all()


def test_pixels_without_a_value_change_nothing_elsewhere(corona):
    holed = corona.copy()
    holed[140:172, 40:72] = np.nan
    profile = radial_profile(corona, HEADER)
    with_holes, whole = scale(holed, HEADER, "nrgf", profile=profile), scale(corona, HEADER, "nrgf", profile=profile)
    seen = np.isfinite(holed)
    assert np.array_equal(with_holes.values[seen], whole.values[seen])
    assert np.isnan(with_holes.values[~seen]).all()


@pytest.mark.parametrize("kind", STRETCHES)
def test_another_frame_is_drawn_with_the_limits_of_the_first(corona, kind):
    first = scale(corona, HEADER, kind)
    other = corona.copy()
    other[200:220, 200:220] *= 30
    again = scale(other, HEADER, kind, first.limits, profile=first.profile)
    assert again.limits == first.limits
    same = other == corona
    assert np.array_equal(grey(again)[::-1][same], grey(first)[::-1][same])


@pytest.mark.parametrize("kind", STRETCHES)
def test_frames_without_any_value_or_of_one_value_do_not_fail(kind):
    assert grey(scale(np.full(SHAPE, np.nan), HEADER, kind)).max() == 0
    assert grey(scale(np.full(SHAPE, 1e-9), HEADER, kind)).shape == SHAPE


def test_row_zero_is_at_the_bottom_of_the_picture_and_nan_is_black():
    data = np.full((4, 4), 1e-12, np.float32)
    data[0], data[2] = 1e-9, np.nan
    levels = grey(scale(data, None, "log"))
    assert levels.dtype == np.uint8
    assert levels[-1].min() == 255
    assert levels[0].max() == 0
    assert levels[1].max() == 0


def test_the_logarithm_takes_what_is_not_above_zero_for_the_lower_limit():
    data = np.array([[1e-9, 1e-10], [-1e-9, 0.0]])
    assert scale(data, None, "log").values == pytest.approx(np.array([[-9, -10], [-10, -10]]))
    assert scale(data, None, "log", (-12.0, -9.0)).values[1] == pytest.approx([-12, -12])
    assert np.isnan(scale(-data[:1], None, "log").values).all()


def test_differences_have_zero_in_the_middle():
    scaled = scale(np.array([[-1e-10, 0.0, 3e-10]]), None, "difference")
    assert scaled.limits[0] == -scaled.limits[1]
    assert grey(scaled)[0, 1] == 127


def test_unknown_stretches_and_headers_without_a_sun_are_refused(corona):
    with pytest.raises(OptionError, match="stretch 'cubic' is unknown; choose one of nrgf"):
        scale(corona, HEADER, "cubic")
    with pytest.raises(MissingKeywordError, match="RSUN"):
        scale(corona, None, "nrgf")
