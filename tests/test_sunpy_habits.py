"""What users of sunpy do with products: open them on one line, difference, rotate, reproject, save and open again."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import corinpaint
from corinpaint.lasco.level1.compression import COMPRESSIONS
from corinpaint.lasco.level1.product import Flag, Level1
from corinpaint.lasco.simulation.scene import simulate_sequence

sunpy_map = pytest.importorskip("sunpy.map")
units = pytest.importorskip("astropy.units")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def products() -> tuple[Level1, Level1]:
    """A CME at 14 and at 18 solar radii; a block of its front is missing in the second."""
    missing = np.zeros((32, 32), dtype=bool)
    missing[23, 23] = True
    first, second = simulate_sequence(20, [14.0, 18.0], missing=[0, missing])
    return tuple(corinpaint.restore(one.frame, fill="harmonic").level1 for one in (first, second))


@pytest.mark.parametrize("compress", COMPRESSIONS)
def test_one_line_gives_four_maps_with_titles_of_their_own(products, compress, tmp_path):
    maps = sunpy_map.Map(products[1].write(tmp_path, compress=compress))
    when = "white-light 2003-05-01 10:24:00"
    planes = ("", " (MASK)", " (UNCERT)", " (NOISE)")
    assert [one.name for one in maps] == [f"LASCO-C3 Clear{plane} {when}" for plane in planes]
    image, mask, uncertainty, noise = maps
    assert image.unit == uncertainty.unit == noise.unit
    assert mask.unit is None
    assert (mask.data & Flag.FILLED > 0).sum() == (products[1].mask & Flag.FILLED > 0).sum()
    for one in maps:
        assert one.wcs.wcs.crpix == pytest.approx(image.wcs.wcs.crpix)
        assert one.observer_coordinate.radius == image.observer_coordinate.radius
        assert type(one) is type(image)


def test_one_map_has_the_mask_and_the_uncertainty_with_it(products, tmp_path):
    one = corinpaint.read_level1(products[1].write(tmp_path)).to_map()
    assert one.name == "LASCO-C3 Clear white-light 2003-05-01 10:24:00"
    assert np.array_equal(one.mask, np.isnan(one.data))
    assert np.array_equal(one.uncertainty.array, products[1].uncertainty)


def test_the_running_difference_of_two_maps_is_that_of_the_products(products):
    first, second = (product.to_map() for product in products)
    difference = second - first.quantity
    assert type(difference) is type(first)
    assert difference.unit == first.unit
    assert difference.date == second.date
    expected = products[1].data - products[0].data
    assert np.array_equal(difference.data, expected, equal_nan=True)
    bright = np.nanmax(np.abs(expected[600:900, 550:900]))
    assert bright > 20 * np.nanmedian(np.abs(expected))


def test_a_map_is_rotated_about_the_sun(products):
    original = products[1].to_map()
    turned = original.rotate(30 * units.deg, missing=np.nan, order=1)
    by = np.array([[np.cos(np.pi / 6), np.sin(np.pi / 6)], [-np.sin(np.pi / 6), np.cos(np.pi / 6)]])
    assert turned.rotation_matrix == pytest.approx(by @ original.rotation_matrix, abs=1e-9), "counter-clockwise"
    place = original.pixel_to_world(300 * units.pix, 600 * units.pix)
    there = turned.world_to_pixel(place)
    found = turned.data[round(float(there.y.value)), round(float(there.x.value))]
    assert found == pytest.approx(original.data[600, 300], rel=0.2)


def test_a_map_is_reprojected_to_another_scale_with_its_filled_pixels(products, tmp_path):
    image, mask, *_ = sunpy_map.Map(products[1].write(tmp_path))
    header = sunpy_map.make_fitswcs_header(
        (256, 256), image.reference_coordinate, scale=[224, 224] * units.arcsec / units.pix
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # reproject: of NaN in the image
        small = image.reproject_to(header)
        filled = mask.reproject_to(header, algorithm="interpolation", order="nearest-neighbor")
    assert small.data.shape == filled.data.shape == (256, 256)
    assert np.isfinite(small.data).mean() == pytest.approx(np.isfinite(image.data).mean(), abs=0.02)
    share = np.mean((np.nan_to_num(filled.data).astype(int) & Flag.FILLED) > 0)
    assert share == pytest.approx(np.mean((mask.data & Flag.FILLED) > 0), rel=0.2)


@pytest.mark.parametrize("compress", ["none", "lossless"])
def test_a_map_that_sunpy_saved_opens_again(products, compress, tmp_path):
    image = sunpy_map.Map(products[1].write(tmp_path, compress=compress))[0]
    saved = tmp_path / "saved.fits"
    image.save(saved)
    again = sunpy_map.Map(saved)
    assert again.name == image.name
    assert np.array_equal(again.data, image.data, equal_nan=True)
    assert again.wcs.wcs.compare(image.wcs.wcs, tolerance=1e-8)
    assert again.meta["l05hash"] == products[1].header["L05HASH"]
