"""Equalisation, by histogram and by noise: fitted on valid pixels, monotone, invertible within its range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from corinpaint.lasco.errors import FrameError
from corinpaint.restore.network import equalisation


@pytest.fixture
def corona() -> np.ndarray:
    y, x = np.mgrid[0:256, 0:256]
    noise = np.random.default_rng(0).normal(0, 1e-13, (256, 256))
    return (1e-9 / (np.hypot(x - 128, y - 128) + 10) ** 1.5 + noise).astype(np.float32)


def test_equalised_valid_pixels_are_spread_evenly_over_zero_to_one(corona):
    levels = equalisation.fit(corona, np.ones_like(corona, bool)).forward(corona)
    assert levels.dtype == np.float32
    assert (levels.min(), levels.max()) == (0, 1)
    shares, _ = np.histogram(levels, bins=10, range=(0, 1))
    assert np.abs(shares / corona.size - 0.1).max() < 2e-3


def test_the_inverse_gives_the_values_back_within_the_range(corona):
    equaliser = equalisation.fit(corona, np.ones_like(corona, bool))
    back = equaliser.inverse(equaliser.forward(corona))
    assert np.abs(back / corona - 1).max() < 2e-4
    assert np.median(np.abs(back / corona - 1)) < 1e-6


def test_invalid_pixels_do_not_count(corona):
    valid = np.ones_like(corona, bool)
    valid[:64] = False
    clean = equalisation.fit(corona, valid)
    dirty = corona.copy()
    dirty[:64] = np.nan
    dirty[0, 0] = 1e30
    again = equalisation.fit(dirty, valid)
    assert np.array_equal(clean.values, again.values)
    assert np.array_equal(clean.levels, again.levels)


def test_values_beyond_the_range_stay_at_its_ends(corona):
    equaliser = equalisation.fit(corona, np.ones_like(corona, bool))
    assert equaliser.forward(np.array([-1.0, 1.0])).tolist() == [0, 1]
    assert equaliser.inverse(np.array([-0.5, 1.5])) == pytest.approx([corona.min(), corona.max()])


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, 200, elements=st.floats(-1e3, 1e3)))
def test_the_knots_rise_strictly_whatever_the_values(sample):
    if np.unique(sample).size < 2:
        return
    try:
        equaliser = equalisation.fit(sample, np.ones_like(sample, bool), knots=64)
    except FrameError:
        return
    assert (np.diff(equaliser.values) > 0).all()
    assert (np.diff(equaliser.levels) > 0).all()
    assert (np.diff(equaliser.forward(np.sort(sample))) >= 0).all()


@pytest.mark.parametrize("sample", [np.zeros(0), np.full(9, 3.0), np.full(9, np.nan)])
def test_nothing_to_equalise_is_an_error(sample):
    with pytest.raises(FrameError, match="equalise"):
        equalisation.fit(sample, np.ones_like(sample, bool))


@pytest.fixture
def bright() -> np.ndarray:
    """A corona that falls off over two decades, counts."""
    y, x = np.mgrid[0:256, 0:256]
    return (3000 * ((np.hypot(x - 128, y - 128) + 40) / 40) ** -2.5).astype(np.float32)


def noise_of(brightness):
    """Read-out, photons, flat field: one standard deviation."""
    return np.sqrt(4 + 0.5 * np.abs(brightness) + (0.005 * brightness) ** 2)


def everywhere(image):
    return np.ones(image.shape, dtype=bool)


def test_a_step_of_one_sigma_is_one_level(bright):
    scale = equalisation.fit_noise(bright, noise_of(bright), everywhere(bright))
    at = np.geomspace(bright.min() * 1.02, bright.max(), 50)
    sigma = noise_of(at)
    steps = scale.forward(at + sigma / 2) - scale.forward(at - sigma / 2)
    often = at < np.quantile(bright, 0.995)
    assert np.abs(steps - 1)[often].max() < 0.03
    assert np.abs(steps - 1)[~often].max() < 0.2  # the flat field's noise is assumed beyond the brightest bin


def test_levels_are_the_integral_over_the_noise(bright):
    scale = equalisation.fit_noise(bright, noise_of(bright), everywhere(bright))
    at = np.geomspace(bright.min() * 1.02, np.quantile(bright, 0.995), 4000)
    whole = np.sum(np.diff(at) / noise_of((at[1:] + at[:-1]) / 2))
    assert float(scale.forward(at[-1:])[0] - scale.forward(at[:1])[0]) == pytest.approx(whole, rel=0.01)


def test_the_noise_scale_is_monotone_and_invertible_and_goes_on_beyond_both_ends(bright):
    scale = equalisation.fit_noise(bright, noise_of(bright), everywhere(bright))
    assert (np.diff(scale.values) > 0).all()
    assert (np.diff(scale.levels) > 0).all()
    low, high = bright.min(), bright.max()
    beyond = np.array([low - 15 * noise_of(low), low, 300, high, 1.4 * high])
    assert scale.inverse(scale.forward(beyond)) == pytest.approx(beyond, rel=1e-3)
    assert (np.diff(scale.forward(beyond)) > 5).all()


def test_the_noise_scale_does_not_depend_on_the_unit_of_the_image(bright):
    counts = equalisation.fit_noise(bright, noise_of(bright), everywhere(bright))
    brightness = equalisation.fit_noise(bright * 1e-12, noise_of(bright) * 1e-12, everywhere(bright))
    assert np.allclose(counts.forward(bright), brightness.forward(bright * 1e-12), atol=0.01)


def test_pixels_that_are_invalid_or_without_noise_do_not_shape_the_noise_scale(bright):
    valid, sigma = everywhere(bright), noise_of(bright)
    valid[:64] = False
    clean = equalisation.fit_noise(bright, sigma, valid)
    dirty, spoiled = bright.copy(), sigma.copy()
    dirty[:64], spoiled[:64] = np.nan, 0
    dirty[0, 0], spoiled[1, 1] = 1e30, np.inf
    again = equalisation.fit_noise(dirty, spoiled, valid)
    assert np.array_equal(clean.values, again.values)
    assert np.array_equal(clean.levels, again.levels)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_valid_pixel_without_a_noise_is_left_out(bright, bad):
    sigma = noise_of(bright)
    sigma[::7] = bad
    scale = equalisation.fit_noise(bright, sigma, everywhere(bright))
    left = np.isfinite(sigma) & (sigma > 0)
    assert np.array_equal(scale.levels, equalisation.fit_noise(bright, noise_of(bright), left).levels)


def test_a_large_frame_is_scaled_as_a_small_one(bright):
    large = np.tile(bright, (4, 4))
    small, whole = (equalisation.fit_noise(one, noise_of(one), everywhere(one)) for one in (bright, large))
    steps = [scale.forward(np.array([500.0]))[0] - scale.forward(np.array([400.0]))[0] for scale in (small, whole)]
    assert steps[0] == pytest.approx(steps[1], rel=0.01)


def test_brightness_around_zero_is_scaled_too():
    image = np.linspace(-3, -1, 500)
    scale = equalisation.fit_noise(image, np.full(500, 0.1), everywhere(image))
    assert scale.forward(np.array([-1.5]))[0] - scale.forward(np.array([-2.0]))[0] == pytest.approx(5, rel=0.02)
    assert scale.values[-1] > image.max()


@pytest.mark.parametrize(
    ("image", "sigma"),
    [
        (np.zeros(0), np.zeros(0)),
        (np.full(9, 3.0), np.ones(9)),
        (np.full(9, np.nan), np.ones(9)),
        (np.arange(9.0), np.zeros(9)),
    ],
)
def test_nothing_to_scale_by_the_noise_is_an_error(image, sigma):
    with pytest.raises(FrameError, match="equalise"):
        equalisation.fit_noise(image, sigma, np.ones(image.shape, dtype=bool))


def test_levels_are_the_ranks_of_the_histogram_in_units_of_the_median_noise(bright):
    sigma = noise_of(bright)
    levels, ranks = (
        equalisation.fit_levels(bright, sigma, everywhere(bright)),
        equalisation.fit(bright, everywhere(bright)),
    )
    steps = levels.forward(bright + sigma / 2) - levels.forward(bright - sigma / 2)
    assert np.median(steps) == pytest.approx(1, rel=1e-3)
    assert levels.levels / levels.levels[-1] == pytest.approx(ranks.levels)
    assert np.array_equal(levels.values, ranks.values)


def test_levels_of_the_histogram_are_the_same_from_brightness_and_from_units_of_the_noise(bright):
    sigma = noise_of(bright)
    noise = equalisation.fit_noise(bright, sigma, everywhere(bright)).forward(bright)
    one = equalisation.fit_levels(bright, sigma, everywhere(bright)).forward(bright)
    other = equalisation.fit_levels(noise, np.ones_like(noise), everywhere(noise)).forward(noise)
    assert np.abs(other / one.max() - one / one.max()).max() < 0.02


@pytest.mark.parametrize("sigma", [0.0, np.nan])
def test_levels_without_any_noise_are_an_error(bright, sigma):
    with pytest.raises(FrameError, match="no noise is known"):
        equalisation.fit_levels(bright, np.full_like(bright, sigma), everywhere(bright))


def scales_of(image, levels):
    return equalisation.fit_scales(image, noise_of(image), everywhere(image), levels)


def test_noise_that_is_usual_is_that_of_the_brightness_whatever_the_levels(bright):
    at = np.quantile(bright, [0.1, 0.5, 0.9])
    for levels in ("noise", "histogram"):
        scales = scales_of(bright, levels)
        found = scales.usual_noise(scales.levels.forward(at))
        assert found == pytest.approx(noise_of(at), rel=0.03), levels


def test_levels_of_the_histogram_hold_every_fill_and_units_of_the_noise_those_inside_of_their_ends(bright):
    noise, histogram = scales_of(bright, "noise"), scales_of(bright, "histogram")
    for scales, wanted in ((noise, [False, False, True]), (histogram, [True, True, True])):
        level = np.array([scales.ends[0] - 1, scales.ends[1] - 0.5, np.mean(scales.ends)])
        assert scales.hold(level, np.ones(3)).tolist() == wanted


def test_an_interval_that_is_cut_by_the_end_of_the_levels_counts_in_proportion():
    ramp = np.linspace(0, 1000, 10_001)
    scales = equalisation.fit_scales(ramp, np.ones_like(ramp), everywhere(ramp), "histogram")
    top = scales.ends[1]
    found = scales.width(np.array([top / 2, top - 1, top, 0.0]), np.full(4, 3.0))
    assert found == pytest.approx(np.full(4, 6.0), rel=0.01)


@pytest.mark.parametrize("kind", ["corona", "around zero", "integers", "with ties"])
def test_counting_finds_the_quantiles_that_sorting_finds(kind):
    random = np.random.default_rng(5)
    image = {
        "corona": 1e-10 * random.lognormal(0, 1.5, 200_000),
        "around zero": 1e-12 * random.normal(0.3, 1, 200_000),
        "integers": random.integers(300, 9000, 200_000),
        "with ties": np.where(random.random(200_000) < 0.4, 5.0, random.normal(5, 1, 200_000)),
    }[kind].astype(np.float32)
    found = equalisation.fit(image, np.ones(image.shape, dtype=bool))
    wanted = np.quantile(image.astype(np.float64), np.linspace(0, 1, equalisation.KNOTS))
    assert (found.values[0], found.values[-1]) == (image.min(), image.max())
    shares = np.searchsorted(np.sort(image), found.values.astype(np.float32), side="right") / image.size
    below = np.searchsorted(np.sort(image), found.values.astype(np.float32), side="left") / image.size
    inside = slice(1, -1)
    assert (found.levels[inside] > below[inside] - 2e-3).all()
    assert (found.levels[inside] < shares[inside] + 2e-3).all()
    if kind != "with ties":
        assert np.interp(np.linspace(0, 1, 50), found.levels, found.values) == pytest.approx(
            np.interp(np.linspace(0, 1, 50), np.linspace(0, 1, wanted.size), wanted),
            rel=5e-3,
            abs=float(np.std(image)) / 500,
        )
