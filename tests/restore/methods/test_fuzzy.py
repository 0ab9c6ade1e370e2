"""The fuzzy fill: the interpolation follows a grating, the spectra of the neighbours give the detail."""

from __future__ import annotations

import numpy as np
import problems
import pytest

from corinpaint.restore.methods import fuzzy, laplace, windows

ONE = ((20, 20),)
FOUR = ((20, 20), (20, 21), (21, 20), (21, 21))
SIXTEEN = tuple((row, column) for row in range(19, 23) for column in range(20, 24))


def _window(field, missing=ONE, **options):
    made, truth = problems.problem(field, missing, **options)
    window = windows.cut(made, made.zones[0], 32)
    return window, truth[window.place] / window.unit


def _rms(found, truth, window) -> float:
    return float(np.sqrt(np.mean(np.square(found - truth)[window.hole])) * window.unit / problems.UNIT)


@pytest.mark.slow
@pytest.mark.parametrize("missing", [ONE, SIXTEEN])
@pytest.mark.parametrize("degrees", [0, 30, 45, 70, 90, 110, 135, 160])
def test_the_interpolation_follows_a_grating_at_an_angle(degrees, missing):
    window, truth = _window(problems.grating(degrees), missing, noise=0.02)
    found = _rms(fuzzy.compass(window), truth, window)
    harmonic = _rms(laplace.smoothest(window, laplace.FIRST, 1), truth, window)
    assert found < 0.08
    assert found < harmonic


@pytest.mark.parametrize("degrees", [25, 60, 70, 120, 155])
def test_the_whole_fill_beats_the_harmonic_one_on_a_grating(degrees):
    made, truth = problems.problem(problems.grating(degrees, 64), FOUR, noise=0.02)
    errors = [
        np.sqrt(np.mean(np.square(fill(made) - truth)[made.hole])) for fill in (fuzzy.fuzzy(), laplace.harmonic())
    ]
    assert errors[0] < 0.6 * errors[1]


def test_waves_along_an_axis_count_as_such_and_keep_their_energy():
    window, truth = _window(problems.grating(0, 10.0))
    blank = np.where(window.hole, np.mean(truth), truth)
    restored = fuzzy.fuzzy_dct(window, blank)
    assert np.array_equal(restored[~window.hole], blank[~window.hole])
    assert np.std(restored[window.hole]) > 0.3 * np.std(truth[window.hole])
    assert np.std(restored[window.hole].reshape(32, 32), axis=0).max() < 1e-2  # the same in every row


def test_blocks_without_detail_are_left_as_they_are():
    window, _ = _window(problems.plane)
    flat = np.ones_like(window.image)
    assert np.allclose(fuzzy.fuzzy_dct(window, flat), 1)


def test_the_sub_spectra_do_not_overlap_and_leave_low_and_high_frequencies_out():
    parts = np.stack(fuzzy._parts((32, 32)))
    assert parts.sum(axis=0).max() == 1
    assert not parts[:, :3, :3].any()
    assert not parts[:, 25:, 25:].any()
    assert np.array_equal(parts[0], parts[1].T)


def test_a_coefficient_is_the_middle_of_the_interval_that_its_neighbours_leave():
    """One wave of the amplitudes 1 to 8 in the neighbours, 0 in the block: members 1 to 8, all 0 to 8."""
    spectrum = np.zeros((32, 32))
    around = []
    for amplitude in range(9):
        wave = spectrum.copy()
        wave[0, 10] = amplitude
        around.append(fuzzy.fft.idctn(wave, norm="ortho"))
    low, top = (0 + 0.5 * (8 - 0)), (8 - 0.5 * (8 - 0))
    assert fuzzy._restored(spectrum, around)[0, 10] == pytest.approx((low + top) / 2)


def test_blocks_that_are_half_hidden_are_filled_without_their_spectrum():
    hidden = np.zeros((1024, 1024), dtype=bool)
    hidden[656:, 660:] = True
    made, truth = problems.problem(problems.plane, ONE, hidden=hidden)
    assert problems.worst(fuzzy.fuzzy()(made), truth, made) < 0.05


@pytest.mark.parametrize("level", [-1.0, -0.02, 0.02])
def test_where_the_brightness_is_negative_or_crosses_zero_the_fill_follows_it(level):
    """No power of the radius fits there, and the background lies above the pixels."""
    made, truth = problems.problem(lambda rows, columns: level + 1e-4 * (rows - 656) + 0 * columns, FOUR, noise=0.005)
    error = (fuzzy.fuzzy()(made) - truth)[made.hole] / problems.UNIT
    assert np.sqrt(np.mean(error**2)) < 0.005
