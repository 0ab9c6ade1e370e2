"""Brightness of an electron: against an integral over the sun's disk, and against published coronas."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import constants, integrate

from corinpaint.lasco.electrons.thomson import CROSS_SECTION, LIMB_DARKENING, coefficients, scattered
from corinpaint.lasco.errors import OptionError


def integrated(distance: float, angle: float, u: float) -> tuple[float, float]:
    """Tangential and radial brightness of an electron from the light of every place on the disk.

    A ray of unpolarised light with the direction n and the intensity I gives sigma I / 2 (1 - (n e)^2) in the
    polarisation e. The sun is in the direction x from the electron, the plane of scattering is x-z.
    """
    edge = np.arcsin(1 / distance)
    x, weights = np.polynomial.legendre.leggauss(200)
    root = (x + 1) / 2  # towards the limb in steps that grow finer: its brightness falls as a root
    from_centre, steps = edge * (1 - root**2), edge * root * weights
    around = (np.arange(64) + 0.5) / 64 * 2 * np.pi
    omega, phi = np.meshgrid(from_centre, around, indexing="ij")
    n = np.stack([np.cos(omega), np.sin(omega) * np.cos(phi), np.sin(omega) * np.sin(phi)])
    darkened = 1 - u + u * np.sqrt(np.maximum(1 - (distance * np.sin(omega)) ** 2, 0))
    element = np.sin(omega) * steps[:, None] * (2 * np.pi / 64) * darkened / (1 - u / 3)
    psi = np.radians(angle)  # the sun is seen at the angle from the plane of the sky: e_r is at right angles to the ray
    tangential, radial = np.array([0, 1, 0]), np.array([np.cos(psi), 0, np.sin(psi)])
    parts = [(element * (1 - np.einsum("i,ijk", e, n) ** 2)).sum() for e in (tangential, radial)]
    return CROSS_SECTION / 2 * parts[0], CROSS_SECTION / 2 * parts[1]


@pytest.mark.parametrize("u", [0.0, LIMB_DARKENING, 1.0])
@pytest.mark.parametrize(("distance", "angle"), [(1.2, 0), (2.5, 30), (6.0, -30), (10.0, 0), (25.0, 75)])
def test_it_is_the_integral_over_a_limb_darkened_disk(distance, angle, u):
    found = scattered(distance * np.cos(np.radians(angle)), angle, u)
    assert [float(part) for part in found] == pytest.approx(integrated(distance, angle, u), rel=1e-5)


def allen_density(distance: np.ndarray) -> np.ndarray:
    """Electrons / cm3 of Allen (1947, MNRAS 107, 426), who derived them from the brightness below."""
    return 1e8 * (0.036 * distance**-1.5 + 1.55 * distance**-6.0 + 2.99 * distance**-16.0)


def allen_brightness(distance: float) -> float:
    """Brightness of Baumbach (1937, Astronomische Nachrichten 263, 121) over that of the middle of the disk."""
    return 1e-6 * (0.0532 * distance**-2.5 + 1.425 * distance**-7 + 2.565 * distance**-17)


@pytest.mark.parametrize("impact", [1.1, 1.2, 1.5, 2.0, 3.0, 5.0])
def test_the_published_densities_of_baumbach_and_allen_give_the_published_brightness(impact):
    def along(depth: float) -> float:
        angle = np.degrees(np.arctan2(depth, impact))
        return float(allen_density(np.hypot(impact, depth)) * scattered(impact, angle).total)

    depths = (0.0, 3.0, 30.0, 3000.0)
    total = sum(integrate.quad(along, *ends, limit=200)[0] for ends in itertools.pairwise(depths))
    of_the_middle = 2 * 6.96e10 * total * (1 - LIMB_DARKENING / 3)
    assert of_the_middle == pytest.approx(allen_brightness(impact), rel=0.06)


def test_far_from_the_sun_the_disk_is_a_point():
    """Half the cross section times the solid angle of the disk times 1 + sin^2 of the angle from the sky's plane."""
    for angle in (0, 45):
        sine = np.sin(np.radians(angle))
        far = scattered(200 * np.cos(np.radians(angle)), angle)
        assert float(far.total) == pytest.approx(CROSS_SECTION / 2 * np.pi / 200**2 * (1 + sine**2), rel=1e-4)
        assert float(far.polarised / far.total) == pytest.approx((1 - sine**2) / (1 + sine**2), rel=1e-3)


def test_the_cross_section_is_the_square_of_the_classical_radius():
    radius = constants.physical_constants["classical electron radius"][0] * 100
    assert pytest.approx(radius**2, rel=2e-3) == CROSS_SECTION


def test_the_sign_of_the_angle_does_not_matter_and_the_disk_has_no_value():
    assert scattered(5.0, 40).total == scattered(5.0, -40).total
    assert scattered(5.0, 40).total < scattered(5.0, 0).total
    assert np.isnan(scattered(np.array([0.0, 0.9, 1.0])).total).all()
    assert scattered(np.full((3, 4), 5.0)).total.shape == (3, 4)


@pytest.mark.parametrize(("angle", "u"), [(90, 0.63), (-120, 0.63), (np.nan, 0.63), (0, 1.5)])
def test_what_has_no_brightness_is_refused(angle, u):
    with pytest.raises(OptionError):
        scattered(5.0, angle, u)


def test_the_coefficients_of_an_electron_at_the_surface():
    """Half of the sky is sun there: 2 pi (4 / 3) / (2 pi) for C."""
    a, _, c, _ = coefficients(np.array([1 - 1e-12]))
    assert a == pytest.approx(0, abs=1e-5)
    assert c == pytest.approx(4 / 3, abs=1e-5)
