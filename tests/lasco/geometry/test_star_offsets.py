"""Stars found in products: made-up ones and real ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corinpaint.lasco.geometry import distortion, star_offsets
from corinpaint.lasco.geometry.stars import expected_places
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.options import Options

SHAPE = (1024, 1024)


@pytest.fixture(scope="module")
def header(make_frame):
    return calibrate(read_frame(make_frame())).header


def _sky(header, shift=(0.0, 0.0), roll=0.0, scale=1.0, noise=1e-12, height=4e-10):
    """An image with a smooth corona, noise, and a star of one height at every place of the header, moved."""
    places = expected_places(header, SHAPE)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    sun = header["CRPIX1"] - 1, header["CRPIX2"] - 1
    image = 1e-8 / np.hypot(x - sun[0], y - sun[1]).clip(40) + np.random.default_rng(0).normal(0, noise, SHAPE)
    turn = np.exp(1j * np.radians(roll)) * scale
    offset = ((places.column - sun[0]) + 1j * (places.row - sun[1])) * turn
    for column, row in zip(offset.real + sun[0] + shift[0], offset.imag + sun[1] + shift[1], strict=True):
        image += height * np.exp(-((x - column) ** 2 + (y - row) ** 2) / (2 * 0.9**2))
    return image


@pytest.mark.slow
def test_stars_are_found_where_they_are(header):
    found = star_offsets.measure(_sky(header), header)
    assert found.matched.sum() >= 20
    assert found.median_offset < 0.05
    assert np.allclose(found.flux[found.matched], 4e-10 * 2 * np.pi * 0.9**2, rtol=0.05)


@pytest.mark.slow
def test_a_shift_a_roll_and_a_scale_are_measured(header):
    found = star_offsets.measure(_sky(header, shift=(1.5, -0.8), roll=0.05, scale=0.9985), header)
    roll, scale = found.roll_and_scale
    assert found.shift == pytest.approx((1.5, -0.8), abs=0.15)
    assert (roll, scale) == (pytest.approx(0.05, abs=0.004), pytest.approx(0.9985, abs=1e-4))


@pytest.mark.slow
def test_a_frame_without_stars_has_none(header):
    found = star_offsets.measure(_sky(header, height=0.0), header)
    assert found.matched.sum() <= 1
    assert all(np.isnan(value) for value in found.roll_and_scale)
    empty = star_offsets.measure(np.full(SHAPE, np.nan), header)
    assert (len(empty.matched), np.isnan(empty.median_offset)) == (0, True)


@pytest.mark.slow
def test_a_peak_away_from_the_common_shift_is_not_a_match(header):
    image = _sky(header, shift=(1.0, 0.0))
    places = expected_places(header, SHAPE)
    middle = np.hypot(places.column - 512, places.row - 512)
    index = int(np.flatnonzero((middle > 200) & (middle < 400))[0])
    row, column = round(places.row[index] - 4), round(places.column[index] - 3)
    image[row, column] += 5e-9
    found = star_offsets.measure(image, header)
    assert not found.matched[list(found.expected.hip).index(places.hip[index])]
    assert found.shift == pytest.approx((1.0, 0.0), abs=0.1)


@pytest.mark.slow
def test_stars_in_real_frames_lie_within_a_pixel_and_a_half_of_their_places(real_frames):
    for path in real_frames[::2]:
        product = calibrate(read_frame(path))
        found = star_offsets.measure(product.data, product.header)
        assert found.matched.sum() >= 15
        assert found.median_offset < 1.5
        roll, scale = found.roll_and_scale
        assert abs(roll) < 0.05
        assert scale == pytest.approx(0.998, abs=5e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["22529742", "22498889", "22493748"])
def test_stars_in_frames_of_c2_that_nothing_was_fitted_to_do_too(shared, name):
    """2014-12-17, 2014-04-08, 2014-02-25: 1.5 px are 18 arcsec here."""
    product = calibrate(read_frame(shared / "c2_level05" / f"{name}.fts.gz"))
    found = star_offsets.measure(product.data, product.header)
    assert found.matched.sum() >= 4
    assert found.median_offset < 1.5


@pytest.mark.slow
def test_with_the_jacobian_the_flux_of_a_star_does_not_depend_on_its_radius(make_frame):
    """Equal stars on the detector at three radii, on a dark sky, calibrated with neither vignetting nor stray light."""
    centre = distortion.occulter_centre(read_frame(make_frame()).date)
    y, x = np.mgrid[:1024, :1024].astype(float)
    counts, radii = np.full(SHAPE, 600.0), (150.0, 330.0, 470.0)
    for radius in radii:
        for angle in np.radians([10, 40, 70, 100]):
            column, row = centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)
            counts += 3000 * np.exp(-((x - column) ** 2 + (y - row) ** 2) / (2 * 1.5**2))
    frame = read_frame(make_frame(counts.round().astype(np.int16)))
    plain = Options(vignetting=False, ramp=False, mask=False)
    products = {False: calibrate(frame, options=plain).data}
    products[True] = calibrate(frame, options=replace(plain, point_sources=True)).data
    distance = np.hypot(x - centre[0], y - centre[1])
    rings = [(np.abs(distance - radius) < 25) & (y > centre[1]) for radius in radii]
    sky = np.median(products[False][np.abs(distance - 240) < 10])
    area = distortion.jacobian(distortion.Geometry("C3", centre))
    fluxes = {}
    for conserved, data in products.items():
        excess = data - (sky * area if conserved else sky)
        fluxes[conserved] = np.array([excess[ring].sum(dtype=np.float64) for ring in rings])
    assert np.allclose(fluxes[True] / fluxes[True][0], 1, atol=2e-3)
    assert fluxes[False][2] / fluxes[False][0] == pytest.approx(0.9765 / 1.0343, abs=4e-3)
