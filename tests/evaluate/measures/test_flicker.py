"""Flicker along sequences."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.evaluate.measures import flicker
from corinpaint.evaluate.measures.sequences import FilledFrame

HOLE = np.zeros((4, 4), dtype=bool)
HOLE[1, 1:3] = True
SHAPE = (128, 128)


def _noise(seed, sigma=2.0):
    return np.random.default_rng(seed).normal(0, sigma, SHAPE)


def _figures(before, now):
    sigma = np.full(SHAPE, 2.0)
    return flicker.flicker((before, sigma), (now, sigma), HOLE)


def test_a_perfect_fill_flickers_with_the_noise_of_the_truth():
    found = _figures(_noise(0), _noise(1))
    assert found["flicker"] == pytest.approx(1, abs=0.06)
    assert found["flicker_blocks"] < 0.1


def test_an_error_that_stays_does_not_flicker_and_one_that_comes_and_goes_does():
    steady = _figures(_noise(0) + 50, _noise(1) + 50)
    jumping = _figures(_noise(0) - 10, _noise(1) + 10)
    assert steady["flicker"] == pytest.approx(1, abs=0.06)
    assert jumping["flicker_blocks"] == pytest.approx(20 / np.hypot(2, 2), rel=0.05)
    assert jumping["flicker"] > 5


def test_errors_that_change_in_opposite_ways_in_two_blocks_do_not_cancel():
    error = np.zeros(SHAPE)
    error[:, 32:64], error[:, 64:96] = 8, -8
    assert _figures(np.zeros(SHAPE), error)["flicker_blocks"] == pytest.approx(8 / np.hypot(2, 2))


def test_pixels_without_a_truth_do_not_count():
    sigma = np.full(SHAPE, 2.0)
    sigma[32:40] = np.nan
    wild = np.where(np.isfinite(sigma), 0.0, 1e9)
    assert flicker.flicker((wild * 0, sigma), (wild, sigma), HOLE)["flicker"] == 0


def test_each_frame_is_compared_with_the_one_before_it(holed_sequence):
    frames = [
        FilledFrame(one, {"truth": one.complete.brightness, "none": one.holed.brightness * np.nan})
        for one in holed_sequence
    ]
    rows = flicker.measure(frames)
    assert [(row["before"], row["frame"], row["hole"], row["method"]) for row in rows] == [
        ("32000000", "32000012", f"1-{number}", name) for name in ("truth", "none") for number in (0, 1)
    ]
    assert [row["flicker"] for row in rows[:2]] == [0, 0]
    assert np.isnan(rows[2]["flicker"])
    (line,) = flicker.lines(rows, 20, 0)
    assert line["method"] == "truth"
