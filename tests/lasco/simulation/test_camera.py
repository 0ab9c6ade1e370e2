"""The camera of the simulator: its light, its shadows, its noise and its compression, each by itself."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1 import calibrate
from corinpaint.lasco.photometry import corkit, noise
from corinpaint.lasco.photometry.optics import load_calibration_set, load_optics
from corinpaint.lasco.simulation import camera
from corinpaint.lasco.simulation.corona import polar_coordinates

CENTRE = distortion.C3_OCCULTER_CENTRES[-1][1]
BIAS, EXPTIME = 377.741, 19.1
LEVEL = 1400.0


@pytest.fixture(scope="module")
def expose():
    """Counts of an evenly bright scene (MSB): `expose(1e-10, exptime=5.0)`."""

    def counts(brightness: float, exptime: float = EXPTIME, calfactor: float = 6.1e-13) -> np.ndarray:
        scene = np.full((1024, 1024), brightness, np.float32)
        return camera.expected_counts(scene, load_optics(load_calibration_set()), CENTRE, calfactor, exptime, 52282)

    return counts


@pytest.fixture(scope="module")
def flat_exposures() -> list[np.ndarray]:
    """Two read-outs of the same uniform light."""
    light = np.full((1024, 1024), LEVEL, np.float32)
    return [camera.read_out(light, BIAS, EXPTIME, np.random.default_rng(seed)) for seed in (1, 2)]


def spread(values: np.ndarray) -> float:
    """Robust standard deviation, insensitive to cosmic rays."""
    return float(1.4826 * np.median(np.abs(values - np.median(values))))


def rings(low: float, high: float) -> np.ndarray:
    radius, _ = polar_coordinates(CENTRE)
    return (radius > low) & (radius < high)


def test_expected_counts_invert_the_calibration_outside_of_the_shadows(make_frame, expose):
    frame = read_frame(make_frame())
    counts = expose(1e-10, frame.exptime, corkit.calfactor(frame))
    back = calibrate.calibrate_on_detector(
        dataclasses.replace(frame, data=counts + np.float32(BIAS)), load_calibration_set()
    ).brightness
    _, angle = polar_coordinates(CENTRE)
    seen = rings(120, 450) & (np.abs(angle - camera.PYLON[0]) > 45)
    assert np.abs(back[seen] / 1e-10 - 1).max() < 1e-3


def test_the_scene_is_invisible_behind_the_occulter_and_beyond_the_edge(expose):
    dark, bright = expose(0.0), expose(1e-9)
    for hidden in (rings(0, 50), rings(575, 1000)):
        assert np.allclose(dark[hidden], bright[hidden], rtol=1e-3)
        assert dark[hidden].min() > 0


def test_the_scene_is_faint_in_the_core_of_the_pylons_shadow(expose):
    _, angle = polar_coordinates(CENTRE)
    seen = (expose(1e-9) - expose(0.0)) * load_optics(load_calibration_set()).vignetting(52282)
    ring = rings(100, 150)
    shaded = ring & (np.abs(angle - camera.PYLON[0]) < 3)
    opposite = ring & (np.abs(angle - camera.PYLON[0] + 180) < 3)
    assert np.median(seen[shaded]) < 0.15 * np.median(seen[opposite])


def test_counts_grow_with_the_exposure_time(expose):
    np.testing.assert_allclose(expose(1e-10, exptime=10.0), 2 * expose(1e-10, exptime=5.0), rtol=1e-6)


def test_noise_is_that_of_the_gain_and_of_the_read_out(flat_exposures):
    first, second = flat_exposures
    variance = spread(first - second) ** 2 / 2
    assert variance == pytest.approx(LEVEL / noise.GAIN["C3"] + noise.READ_NOISE["C3"] ** 2, rel=0.01)


def test_the_flat_field_is_the_same_in_every_exposure(flat_exposures):
    response = camera.flat_field()
    both = np.mean(flat_exposures, axis=0) - BIAS
    kept = np.abs(both / LEVEL - 1) < 0.05
    assert response.mean() == pytest.approx(1, abs=1e-4)
    assert np.cov((both / LEVEL)[kept], response[kept])[0, 1] == pytest.approx(noise.FLAT_FIELD["C3"] ** 2, rel=0.02)


def test_without_light_a_frame_is_bias_read_noise_and_cosmic_rays():
    frame = camera.read_out(np.zeros((1024, 1024), np.float32), BIAS, EXPTIME, np.random.default_rng(0))
    assert frame.dtype == np.float32
    assert np.median(frame) == pytest.approx(BIAS, abs=0.01)
    assert spread(frame) == pytest.approx(noise.READ_NOISE["C3"], rel=0.01)
    assert frame.min() > BIAS - 8 * noise.READ_NOISE["C3"]
    assert 60 < np.count_nonzero(frame > BIAS + 8 * noise.READ_NOISE["C3"]) < 1000


def test_a_longer_exposure_collects_more_cosmic_rays():
    def hits(exptime: float) -> int:
        dark = np.zeros((1024, 1024), np.float32)
        return int(np.count_nonzero(camera.read_out(dark, 0.0, exptime, np.random.default_rng(0)) > 8))

    assert hits(400.0) > 3 * hits(5.0)


def test_charge_above_the_full_well_bleeds_along_its_row_and_is_conserved():
    light = np.full((1024, 1024), 500, np.float32)
    light[600, 500:504] = 100_000
    frame = camera.read_out(light, BIAS, 1.0, np.random.default_rng(4))
    low, high = camera.FULL_WELL
    trail = np.flatnonzero(frame[600] > low - 100)
    assert frame.max() < high + 100
    assert np.array_equal(trail, np.arange(trail[0], trail[-1] + 1))
    assert trail[0] < 500
    assert trail[-1] > 503
    assert frame[600].sum(dtype=float) == pytest.approx(light[600].sum(dtype=float) + 1024 * BIAS, rel=0.02)
    assert np.median(frame[[599, 601]]) == pytest.approx(500 + BIAS, abs=2)


def test_compression_gives_whole_counts_close_to_its_input(flat_exposures):
    counts = flat_exposures[0]
    packed = camera.compress(counts)
    assert np.array_equal(packed, np.rint(packed))
    assert spread(packed - counts) < 1.1 * camera.COMPRESSION_STEP / np.sqrt(12)
    assert not np.array_equal(packed, np.rint(counts))


def test_compression_treats_every_block_separately():
    counts = np.random.default_rng(0).normal(1000, 20, (1024, 1024)).astype(np.float32)
    every_other = np.zeros((32, 32), dtype=bool)
    every_other[::2, ::2] = True
    inside = blocks.to_pixels(every_other)
    changed = camera.compress(counts) != camera.compress(np.where(inside, 1.1 * counts, counts))
    assert changed[inside].mean() > 0.9
    assert not changed[~inside].any()
