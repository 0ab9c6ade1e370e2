"""The sky of the simulator: brightness of the K and F corona, CMEs, stars and planets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, ndimage

from corinpaint.lasco.simulation import corona

COLUMN, ROW = (round(value) for value in corona.SUN_CENTRE)


def at(radius: int, angle: float) -> tuple[int, int]:
    """Place (row, column) at a distance in px and a position angle in degrees from the sun centre."""
    turn = np.radians(angle)
    return round(corona.SUN_CENTRE[1] + radius * np.sin(turn)), round(corona.SUN_CENTRE[0] + radius * np.cos(turn))


@pytest.fixture(scope="module")
def quiet() -> np.ndarray:
    """A K corona without a mass ejection."""
    return corona.k_corona(np.random.default_rng(5), cme=False)


def empty() -> np.ndarray:
    return np.zeros((corona.SIZE, corona.SIZE), np.float32)


def test_position_angles_run_counter_clockwise_from_the_right_with_row_0_at_the_bottom():
    radius, angle = corona.polar_coordinates((500.0, 400.0))
    assert [radius[400, 510], radius[410, 500], radius[400, 490], radius[390, 500]] == [10, 10, 10, 10]
    assert [angle[400, 510], angle[410, 500], angle[400, 490], angle[390, 500]] == [0, 90, 180, 270]


@pytest.mark.parametrize("radius", [4.0, 10.0, 30.0])
def test_the_k_corona_is_thomson_scattering_by_the_densities_of_saito(radius):
    thomson, solar_radius = 6.652e-25, 6.96e10  # cm^2, cm

    def per_length(along: float) -> float:
        """Light of a distant sun that free electrons scatter once, per solar radius of the line of sight."""
        r = np.hypot(radius, along)
        density = 1.36e6 * r**-2.14 + 1.68e8 * r**-6.13
        return 3 / 16 * thomson * solar_radius * density * r**-2 * (1 + (along / r) ** 2)

    scattered, _ = integrate.quad(per_length, -np.inf, np.inf)
    assert corona.equatorial_k_corona(np.array(radius)) == pytest.approx(scattered, rel=0.1)


def test_the_k_corona_falls_off_all_around_and_has_streamers(quiet):
    radius, _ = corona.polar_coordinates(corona.SUN_CENTRE)
    rings = [quiet[np.abs(radius - r) < 2] for r in (100, 200, 300, 400)]
    assert (quiet > 0).all()
    assert (np.diff([np.median(ring) for ring in rings]) < 0).all()
    assert all(ring.max() > 2 * ring.min() for ring in rings)


def test_the_k_corona_has_no_seam_where_the_angles_begin(quiet):
    above, below = quiet[ROW, COLUMN + 100 : COLUMN + 480], quiet[ROW - 1, COLUMN + 100 : COLUMN + 480]
    assert np.abs(np.log(above / below)).max() < 0.05


@pytest.mark.slow
def test_a_cme_adds_light_on_one_side_only(quiet):
    erupting = corona.k_corona(np.random.default_rng(5), cme=True)
    added = erupting - quiet
    assert added.max() > 3e-12
    assert (erupting > 0).all()
    radius, _ = corona.polar_coordinates(corona.SUN_CENTRE)
    ring = (radius > 80) & (radius < 450)
    assert (np.abs(added) < 1e-3 * quiet)[ring].mean() > 0.5


def test_the_f_corona_is_flattened_towards_the_ecliptic():
    image = corona.f_corona(np.random.default_rng(0))
    right, top, left, bottom = (image[at(300, angle)] for angle in (0, 90, 180, 270))
    assert min(right, left) > 1.5 * max(top, bottom)
    assert image.min() > 0.5 * corona.SKY_BRIGHTNESS


def test_stars_only_add_light_and_are_as_many_as_stated():
    image, again = empty(), empty()
    corona.add_stars(image, np.random.default_rng(1))
    corona.add_stars(again, np.random.default_rng(1))
    peaks = (image == ndimage.maximum_filter(image, 3)) & (image > 0.1 * corona.MIN_STAR_FLUX)
    assert image.min() == 0
    assert corona.STAR_COUNT[0] < np.count_nonzero(peaks) < corona.STAR_COUNT[1]
    assert np.array_equal(image, again)


def test_a_planet_keeps_its_flux_and_position():
    image = empty()
    corona.add_planet(image, corona.Planet(700.0, 500.0, 2e-7))
    assert image.sum(dtype=float) == pytest.approx(2e-7, rel=1e-3)
    assert np.unravel_index(image.argmax(), image.shape) == (500, 700)


def test_a_planet_at_the_corner_has_part_of_its_light_outside_of_the_frame():
    image = empty()
    corona.add_planet(image, corona.Planet(-0.5, 1023.5, 2e-7))
    assert np.unravel_index(image.argmax(), image.shape) == (1023, 0)
    assert 0.4e-7 < image.sum(dtype=float) < 0.7e-7
    assert image[0, -1] < 1e-3 * image[-1, 0]


def test_two_frames_of_five_have_a_planet_near_the_ecliptic_and_beside_the_occulter():
    drawn = [corona.draw_planet(np.random.default_rng(seed)) for seed in range(1000)]
    planets = [planet for planet in drawn if planet is not None]
    assert len(planets) / len(drawn) == pytest.approx(0.4, abs=0.05)
    columns, rows = np.array([(planet.column, planet.row) for planet in planets]).T
    assert np.abs(columns - corona.SUN_CENTRE[0]).min() >= 90
    assert 0 <= columns.min() < COLUMN < columns.max() < corona.SIZE
    assert np.std(rows - corona.SUN_CENTRE[1]) == pytest.approx(60, rel=0.2)
