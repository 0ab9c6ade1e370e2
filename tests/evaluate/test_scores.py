"""Figures of a fill: each on images whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.evaluate import scores

ROWS, COLUMNS = np.mgrid[0:128, 0:128].astype(float)
HOLE = (ROWS >= 40) & (ROWS < 72) & (COLUMNS >= 60) & (COLUMNS < 92)
SCENE = 100 + COLUMNS


def _noise(sigma: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sigma, SCENE.shape)


def _figures(truth: np.ndarray, fill: np.ndarray, sigma: float = 2.0) -> dict[str, float]:
    return scores.in_domain(scores.DomainImages(truth, fill, np.full(SCENE.shape, sigma), 200.0), HOLE)


def test_the_noise_free_truth_is_as_far_off_as_noise_is():
    found = _figures(SCENE + _noise(2.0), SCENE)
    assert found["error"] == pytest.approx(1, abs=0.06)
    assert found["error_90"] == pytest.approx(1, abs=0.06)
    assert abs(found["bias_sigma"]) < 0.1
    assert set(found) == set(scores.IN_DOMAIN)


def test_an_offset_is_bias_in_sigma_and_in_per_cent():
    found = _figures(SCENE, SCENE + 4)
    assert found["bias_sigma"] == pytest.approx(2)
    assert found["bias_percent"] == pytest.approx(100 * 4 / SCENE[HOLE].mean())
    assert found["psnr"] == pytest.approx(20 * np.log10(200 / 4))


def test_pixels_outside_of_the_hole_do_not_count():
    wild = np.where(HOLE, SCENE, -1e6)
    assert _figures(SCENE, wild) == _figures(SCENE, SCENE)


def test_similarity_is_one_for_the_truth_and_less_for_a_flat_fill():
    scene = SCENE + 20 * np.sin(ROWS / 3)
    assert _figures(scene, scene)["ssim"] == pytest.approx(1)
    assert _figures(scene, np.full_like(scene, scene[HOLE].mean()))["ssim"] < 0.8


def test_the_laplacian_finds_the_noise_of_a_smooth_scene():
    big = np.ones((128, 128), dtype=bool)
    assert scores.laplacian_noise(SCENE + _noise(3.0), big) == pytest.approx(3, rel=0.05)


def test_coverage_of_right_intervals_is_nine_tenths_and_of_narrow_ones_less():
    truth = SCENE + _noise(2.0)
    assert scores.coverage(truth, SCENE, np.full(SCENE.shape, 2.0), HOLE) == pytest.approx(0.9, abs=0.03)
    assert scores.coverage(truth, SCENE, np.full(SCENE.shape, 0.5), HOLE) < 0.5


def test_the_factor_of_an_interval_makes_it_hold_nine_tenths():
    truth, sigma = SCENE + _noise(2.0), np.full(SCENE.shape, 0.5)
    factor = scores.interval(truth, SCENE, sigma, HOLE)
    assert factor == pytest.approx(4, rel=0.1)
    assert scores.coverage(truth, SCENE, factor * sigma, HOLE) == pytest.approx(0.9, abs=1e-3)


def test_the_sum_of_a_fill_is_off_by_the_mean_of_its_errors_over_the_mean_sigma():
    sigma = np.full(SCENE.shape, 2.0)
    assert scores.total_ratio(SCENE, SCENE + 1, sigma, HOLE) == pytest.approx(0.5)
    assert abs(scores.total_ratio(SCENE, SCENE + _noise(2.0), sigma, HOLE)) < 5 / np.sqrt(HOLE.sum())


def test_a_seam_shows_as_a_step_at_the_edge():
    truth = SCENE + _noise(0.5)
    assert scores.seam(truth, truth, HOLE) == pytest.approx(1)
    assert scores.seam(truth, truth + 30, HOLE) > 10


def test_streamers_that_the_fill_has_too_correlate_and_missing_ones_do_not():
    centre = (-200.0, 56.0)
    angle = np.arctan2(ROWS - centre[1], COLUMNS - centre[0])
    rays = 1000 / np.hypot(ROWS - centre[1], COLUMNS - centre[0]) + np.sin(angle * 150)
    assert scores.streamers(rays, rays + _noise(0.05), HOLE, centre) > 0.95
    assert abs(scores.streamers(rays, rays[::-1], HOLE, centre)) < 0.7
    assert scores.streamers(rays, np.ones_like(rays), HOLE, centre) == 0


def test_a_hole_of_a_few_position_angles_has_no_profile():
    thin = HOLE & (ROWS < 44)
    assert np.isnan(scores.streamers(SCENE, SCENE, thin, (-5000.0, 42.0)))


def test_the_floor_of_a_smooth_scene_is_its_noise_and_a_perfect_fill_reaches_it():
    truth, sigma, seen = SCENE + _noise(2.0), np.full(SCENE.shape, 2.0), np.ones(SCENE.shape, dtype=bool)
    floor = scores.floor(truth, seen, sigma, HOLE)
    assert floor == pytest.approx(1, abs=0.05)
    assert scores.rms(truth, SCENE, sigma, HOLE) == pytest.approx(floor, abs=0.05)
    assert scores.rms(truth, SCENE + 6, sigma, HOLE) == pytest.approx(np.hypot(1, 3), abs=0.1)


def test_fine_structure_and_stars_count_for_the_floor_and_broad_structure_does_not():
    sigma, seen = np.full(SCENE.shape, 2.0), np.ones(SCENE.shape, dtype=bool)
    broad, fine = (SCENE + 20 * np.sin(ROWS / length) for length in (30.0, 1.5))
    assert scores.floor(broad, seen, sigma, HOLE) < 0.6
    assert scores.floor(fine, seen, sigma, HOLE) > 4


def test_what_was_not_observed_does_not_count_for_the_floor():
    sigma, seen = np.full(SCENE.shape, 2.0), COLUMNS < 85
    wild = np.where(seen, SCENE, np.nan)
    assert scores.floor(wild, seen, sigma, HOLE & seen) < 2
