"""Point sources: found by their contrast, while fronts, streamers and rims stay; a star beside a hole does not leak."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import problems
import pytest
from scipy import ndimage

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.simulation.scene import simulate, simulate_sequence
from corinpaint.restore.engines import loading
from corinpaint.restore.methods.problem import problem_of
from corinpaint.restore.network import equalisation, log_polar, point_sources

SIDE = 200
ROWS, COLUMNS = np.mgrid[0:SIDE, 0:SIDE]


def star(row: float, column: float, peak: float, width: float = 1.0) -> np.ndarray:
    return peak * np.exp(-((ROWS - row) ** 2 + (COLUMNS - column) ** 2) / (2 * width**2))


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (SIDE, SIDE))


def found(level: np.ndarray, known: np.ndarray | None = None, saturated: np.ndarray | None = None) -> np.ndarray:
    return point_sources.point_sources(level, np.ones(level.shape, bool) if known is None else known, saturated)


def test_noise_alone_has_hardly_any_source():
    assert found(noise()).mean() < 1e-3


@pytest.mark.parametrize("peak", [20, 100, 400])
@pytest.mark.parametrize("width", [0.4, 1.0])
def test_a_star_is_hidden_down_to_the_noise_and_little_more(peak, width):
    image = star(100.3, 80.4, peak, width)
    hidden = found(image + noise())
    assert hidden[image > 4].all()
    assert hidden[90:111, 70:91].sum() < 60


def test_a_speck_of_dust_is_hidden_too():
    image = star(100, 80, -40, 0.7)
    assert found(image + noise())[image < -4].all()


@pytest.mark.parametrize("gap", [1, 3])
def test_a_star_beside_a_hole_is_found(gap):
    known = (COLUMNS < 80) | (COLUMNS > 111) | (ROWS < 80) | (ROWS > 111)
    level = star(96, 111 + gap, 200) + 0.5 * COLUMNS + noise()
    hidden = found(np.where(known, level, -1e6), known)
    assert hidden[96, 111 + gap]
    assert hidden[:, 125:].mean() < 1e-3


@pytest.mark.parametrize("degrees", [0, 17, 45, 70, 90])
def test_a_front_and_a_thin_loop_behind_it_stay(degrees):
    """A step of 40 sigma on an arc, 1 px wide, and a bright filament, 3 px wide, within."""
    angle = np.radians(degrees)
    distance = np.hypot(COLUMNS - 100 + 90 * np.cos(angle), ROWS - 100 + 90 * np.sin(angle))
    level = 20 * np.tanh(100 - distance) + 30 * np.exp(-((distance - 70) ** 2) / 4)
    assert found(level + noise()).mean() < 1e-3


def test_the_bright_rim_of_the_occulter_stays():
    radius = np.hypot(COLUMNS - 100, ROWS - 20)
    known = radius > 60
    level = 400 * np.exp(-radius / 30) + 8 * np.cos(radius / 2)
    assert found(level + noise(), known).mean() < 2e-3


def test_a_saturated_trail_and_the_halo_of_its_planet_are_hidden():
    distance = np.hypot(COLUMNS - 100, ROWS - 100)
    saturated = ((np.abs(ROWS - 100) <= 1) & (np.abs(COLUMNS - 100) < 60)) | (distance < 5)
    level = 300 * np.exp(-distance / 2.5) + 0.1 * ROWS + noise()
    hidden = found(level, ~saturated, saturated)
    assert hidden[saturated].all()
    assert hidden[(distance > 5) & (distance < 9)].mean() > 0.9
    assert hidden[(np.abs(ROWS - 100) == 2) & (np.abs(COLUMNS - 100) < 60)].all()
    assert hidden[(np.abs(ROWS - 100) > 4) & (distance > 20)].mean() < 1e-3


def test_what_is_not_known_is_not_read():
    known = noise(1) < 1.5
    level = star(60, 60, 100) + noise()
    assert np.array_equal(found(level, known), found(np.where(known, level, np.nan), known))


def test_sources_are_looked_for_around_the_zones_alone():
    made, _ = problems.problem(problems.plane, ((20, 20),), noise=0.01)
    image = made.image.copy()
    image[650, 690] += problems.UNIT
    image[100, 100] += problems.UNIT
    scale = equalisation.fit_noise(image, made.sigma, made.observed)
    kept = point_sources.without_sources(point_sources.Plane(image, made.observed), scale, made.zones)
    assert not kept[650, 690]
    assert kept[100, 100]
    assert not (kept & ~made.observed).any()


@pytest.mark.slow
def test_the_front_of_a_simulated_mass_ejection_stays():
    quiet, moving = (
        calibrate_on_detector(one.frame, load_calibration_set()) for one in simulate_sequence(5, [None, 12.0])
    )
    known = quiet.observed & moving.observed
    scale = equalisation.fit_noise(quiet.brightness, np.sqrt(quiet.variance), known)
    before, after = (scale.forward(np.nan_to_num(one.brightness)) for one in (quiet, moving))
    ejected = (ndimage.uniform_filter(np.where(known, after - before, 0), 7) > 3) & known
    assert ejected.sum() > 10_000
    more = point_sources.point_sources(after, known) & ~point_sources.point_sources(before, known)
    assert more[ejected].mean() < 0.01  # cosmic rays of their own, and no more than elsewhere


@pytest.mark.slow
@pytest.mark.parametrize("width", [0.52, 1.0])
def test_a_star_3_px_from_a_hole_moves_no_filled_pixel_by_half_a_sigma(width):
    pytest.importorskip("onnxruntime")
    missing = np.zeros((32, 32), dtype=bool)
    missing[8, 20] = missing[20:23, 6:9] = True
    hole = blocks.to_pixels(missing)
    counts = simulate(11, missing=0).complete
    rows, columns = np.indices(counts.shape)
    sky = np.zeros_like(counts)
    for row, column in ((8 * 32 + 12, 21 * 32 + 2), (20 * 32 - 3, 7 * 32 + 10)):
        sky += 6000 * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * width**2))
    frame, engine, fills = simulate(11, missing=missing).frame, loading.load(), []
    for image in (counts, counts + np.rint(sky)):
        observed = calibrate_on_detector(replace(frame, data=np.where(hole, 0, image)), load_calibration_set())
        made = problem_of(observed, tuple(blocks.zones(observed.missing_in_field)))
        fills.append(log_polar.fill(made, engine))
        assert np.array_equal(fills[-1].brightness[observed.observed], observed.brightness[observed.observed])
    moved = np.abs(fills[1].brightness - fills[0].brightness) / np.maximum(fills[0].sigma, 1e-30)
    assert fills[0].reached[hole].all()
    assert moved[hole].max() < 0.5
