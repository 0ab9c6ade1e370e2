"""The mass of a CME and its errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import products
import pytest

import corinpaint
from corinpaint.lasco.electrons import regions
from corinpaint.lasco.electrons.fills import SHARED_NOISE
from corinpaint.lasco.electrons.mass import GRAMS_PER_ELECTRON, Mass, grams_per_brightness, mass
from corinpaint.lasco.electrons.thomson import scattered
from corinpaint.lasco.errors import OptionError, WrongShapeError
from corinpaint.lasco.level1.differences import subtract
from corinpaint.lasco.level1.product import Flag, Level1
from corinpaint.lasco.simulation import scene

SHAPE = (256, 256)
NOISE = 1e-12
SIZE = (32, 32)


def image(number: int, data: np.ndarray | float, mask: np.ndarray | None = None, **cards) -> Level1:
    values = np.broadcast_to(np.asarray(data, float), SHAPE)
    cards = {"CDELT1": 56.0, "CDELT2": 56.0, **cards}
    return products.made_up(35000000 + number, f"2002-01-08T0{number}:00:00", values, mask, NOISE, **cards)


def cloud(angle: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Brightness of 1e17 electrons / cm2 in a sector, the sector, and their number."""
    header = image(1, 0.0).header
    distance, _ = regions.polar(header, SHAPE)
    where = regions.sector(header, SHAPE, (3, 6), (30, 80))
    light = np.where(where, 1e17 * scattered(np.maximum(distance, 1.01), angle).total, 0)
    return light, where, 1e17 * where.sum() * regions.pixel_area(header)


@pytest.mark.parametrize("angle", [0.0, 35.0, -35.0])
def test_the_mass_is_that_of_the_electrons_that_shine(angle):
    light, where, electrons = cloud(angle)
    found = mass(image(2, 1e-10 + light), image(1, 1e-10), where, angle=angle)
    assert found.grams == pytest.approx(electrons * GRAMS_PER_ELECTRON, rel=1e-4)
    assert found.pixels == where.sum()
    assert found.without_value == found.filled == 0
    assert mass(image(2, 1e-10 + light), image(1, 1e-10)).without_value > 0, "the disk of the sun has no mass"


def test_in_the_sky_plane_the_mass_is_least():
    light, where, _ = cloud(0.0)
    masses = [mass(image(2, light + 1e-10), image(1, 1e-10), where, angle=angle).grams for angle in (0, 30, 60)]
    assert masses == sorted(masses)


def test_a_gram_is_one_atom_of_ten_helium():
    from scipy.constants import physical_constants

    proton, alpha, electron = (
        physical_constants[f"{name} mass"][0] * 1000 for name in ("proton", "alpha particle", "electron")
    )
    assert pytest.approx((0.9 * proton + 0.1 * alpha) / 1.1 + electron, rel=3e-3) == GRAMS_PER_ELECTRON


def test_the_noise_of_both_images_counts():
    _, where, _ = cloud(0.0)
    found = mass(image(2, 1e-10), image(1, 1e-10), where)
    factor = grams_per_brightness(image(1, 0.0).header, SHAPE)
    assert found.noise_error == pytest.approx(SHARED_NOISE * NOISE * np.sqrt(2 * np.sum(factor[where] ** 2)), rel=1e-3)
    assert found.fill_error == 0
    assert found.error == pytest.approx(np.hypot(found.noise_error, found.calibration_error))


def with_fill(where: np.ndarray, zone_error: float) -> Level1:
    made = image(2, 1e-10, np.where(where, np.uint8(Flag.FILLED), np.uint8(0)))
    made.header["HISTORY"] = "CorInpaint 1.0: Level 0.5 file x.fts"
    made.header["HISTORY"] = (
        f"Zone 1, 1 missing blocks: filled by radial, {where.sum()} px on the detector sum to 1 +- {zone_error} MSB"
    )
    return made


def square(row: int, column: int) -> np.ndarray:
    where = np.zeros(SHAPE, bool)
    where[row : row + 32, column : column + 32] = True
    return where


def test_the_errors_of_a_filled_zone_add_up_as_history_says():
    hole = square(180, 100)
    product, before = with_fill(hole, 0.25 * NOISE * 1024), image(1, 1e-10)
    factor = grams_per_brightness(product.header, SHAPE)
    found = mass(product, before, hole)
    assert found.filled == 1024
    assert found.fill_error == pytest.approx(0.25 * NOISE * factor[hole].sum(), rel=1e-3)
    assert found.fill_limit == pytest.approx(SHARED_NOISE * NOISE * factor[hole].sum(), rel=1e-3)
    assert found.noise_error == pytest.approx(SHARED_NOISE * NOISE * np.sqrt(np.sum(factor[hole] ** 2)), rel=1e-3), (
        "that of the image before, which was observed there"
    )
    assert mass(before, product, hole).fill_error == pytest.approx(found.fill_error)
    assert mass(product, before, square(20, 100)).fill_error == 0


def test_in_a_difference_the_errors_of_a_zone_are_wholly_alike():
    hole = square(180, 100)
    one, two = (replace_file(part) for part in (with_fill(hole, 0.25 * NOISE * 1024), image(1, 1e-10)))
    difference = subtract(one, two, "base", ("35000002.fits", "35000001.fits"))
    factor = grams_per_brightness(difference.header, SHAPE)
    assert mass(difference, region=hole).fill_error == pytest.approx(
        SHARED_NOISE * np.sqrt(2) * NOISE * factor[hole].sum(), rel=1e-3
    )


def replace_file(product: Level1):
    from corinpaint.lasco.level1.product import Level1File

    data = product.data.astype(float)
    return Level1File(data, np.isnan(data), product.header, product.mask, product.uncertainty, product.noise)


def test_pixels_without_a_value_are_counted_and_not_weighed():
    light, where, _ = cloud(0.0)
    data = np.full(SHAPE, 1e-10) + light
    data[square(170, 50)] = np.nan
    found = mass(image(2, data), image(1, 1e-10), where)
    assert found.without_value == (where & square(170, 50)).sum() > 0
    assert found.pixels + found.without_value == where.sum()
    assert found.grams < mass(image(2, 1e-10 + light), image(1, 1e-10), where).grams


def test_the_calibration_acts_on_the_mass_and_what_one_image_has_more_on_all_its_light():
    light, where, _ = cloud(0.0)
    alike = mass(image(2, 1e-10 + light, CALERR=0.01), image(1, 1e-10, CALERR=0.01), where)
    assert alike.calibration_error == pytest.approx(0.01 * alike.grams)
    factor = grams_per_brightness(image(1, 0.0).header, SHAPE)
    more = mass(image(2, 1e-10 + light, CALERR=0.01), image(1, 1e-10, CALERR=0.05), where)
    of_the_image = np.sqrt(0.05**2 - 0.01**2) * 1e-10 * factor[where].sum()
    assert more.calibration_error == pytest.approx(np.hypot(0.01 * more.grams, of_the_image), rel=1e-4)


def test_what_is_no_difference_in_msb_is_refused():
    with pytest.raises(OptionError, match=r"35000001\.fits: is no difference"):
        mass(image(1, 1e-10))
    with pytest.raises(OptionError, match="BUNIT"):
        mass(image(1, 1e-10, BUNIT="DN/s"), image(2, 1e-10, BUNIT="DN/s"))
    with pytest.raises(WrongShapeError, match="region"):
        mass(image(1, 1e-10), image(2, 1e-10), np.ones((2, 2), bool))


def test_without_noise_the_error_is_infinite():
    plain = replace(replace_file(image(2, 1e-10)), noise=None, mask=None)
    found = mass(plain, image(1, 1e-10), square(180, 100))
    assert found.noise_error == np.inf
    assert isinstance(found, Mass)


@pytest.mark.slow
def test_a_simulated_hole_has_the_mass_that_was_there_within_its_error():
    missing = np.zeros(SIZE, bool)
    missing[20:22, 8:10] = missing[24, 20] = missing[9, 22] = True
    simulation = scene.simulate(20, missing=missing, cme=True, date="2003-05-01T10:00:00")
    before = corinpaint.restore(scene.simulate(20, missing=0, cme=False, date="2003-05-01T09:00:00").frame).level1
    restored = corinpaint.restore(simulation.frame, fill="radial").level1
    complete = corinpaint.restore(replace(simulation.frame, data=simulation.complete)).level1
    hole = restored.mask & Flag.FILLED > 0
    found, truth = mass(restored, before, hole), mass(complete, before, hole)
    assert found.filled == hole.sum()
    assert found.fill_error > truth.noise_error, "a fill is less certain than an observation"
    assert abs(found.grams - truth.grams) < 3 * np.hypot(found.fill_error, truth.noise_error)
