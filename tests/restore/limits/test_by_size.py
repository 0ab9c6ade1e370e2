"""The standard deviation of fills, corrected by the size of the zone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector, noise_variance
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore import measured_errors
from corinpaint.restore.context import align
from corinpaint.restore.limits import by_size

RUN = tuple((19, column) for column in range(4, 24))
WEIGHTS = "5" * 64


@pytest.fixture(autouse=True)
def _table(monkeypatch):
    """A table with factors of runs of up to 32 blocks in C3."""
    scales = {"C3": {"alone": {"run32": [2.0, 1.0]}, "context": {"run32": [0.5, 1.0]}}}
    monkeypatch.setattr(measured_errors, "_table", lambda: {"weights": WEIGHTS, "scales": scales})


@pytest.fixture
def observed(make_frame):
    return calibrate_on_detector(read_frame(make_frame(missing=(*RUN, (8, 12)))), load_calibration_set())


def zones_of(observed):
    """The single block and the run."""
    return blocks.zones(observed.missing_in_field)


def test_the_variance_of_a_run_is_corrected_with_and_without_context_and_no_other(observed, make_frame):
    single, run = zones_of(observed)
    filled = replace(observed, variance=np.ones_like(observed.variance))
    context = align(observed, [read_frame(make_frame(TIME_OBS="02:06:05.594"))])
    for given, expected in (((), 4.0), (context, 0.25)):
        variance = by_size.corrected(observed, filled, (single, run), given, WEIGHTS).variance
        hole = observed.hole(run.missing)
        assert (variance[hole] == expected).all()
        assert (variance[~hole] == 1).all()


def test_context_that_lacks_a_part_of_the_zone_does_not_count(observed, make_frame):
    _, run = zones_of(observed)
    other = read_frame(make_frame(TIME_OBS="02:06:05.594", missing=((19, 10),)))
    filled = replace(observed, variance=np.ones_like(observed.variance))
    variance = by_size.corrected(observed, filled, (run,), align(observed, [other]), WEIGHTS).variance
    assert (variance[observed.hole(run.missing)] == 4).all()


def test_the_scale_of_other_weights_is_left_as_it_is(observed):
    _, run = zones_of(observed)
    assert by_size.corrected(observed, observed, (run,), (), "6" * 64) is observed
    assert by_size.scale_correction(observed.frame, run, with_context=True, weights="6" * 64) is None
    assert by_size.scale_correction(observed.frame, run, with_context=True, weights=WEIGHTS) == (0.5, 1.0)


def test_the_power_narrows_what_the_network_is_least_certain_of(observed, monkeypatch):
    monkeypatch.setattr(
        measured_errors,
        "_table",
        lambda: {"weights": WEIGHTS, "scales": {"C3": {"alone": {"run32": [0.8, 0.5]}}}},
    )
    _, run = zones_of(observed)
    hole = observed.hole(run.missing)
    noise = noise_variance(observed, np.full(hole.sum(), 1e-9, dtype=np.float32), hole)
    for given in (1.0, 4.0):
        variance = observed.variance.copy()
        variance[hole] = given**2 * noise
        filled = replace(observed, variance=variance, brightness=np.full_like(observed.brightness, 1e-9))
        found = by_size.corrected(observed, filled, (run,), (), WEIGHTS)
        assert np.allclose(np.sqrt(found.variance[hole] / noise), 0.8 * np.sqrt(given), rtol=1e-4)
