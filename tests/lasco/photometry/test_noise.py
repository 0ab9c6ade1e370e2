"""Noise of the counts: the terms, and against simulated and real frames."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry import noise


def test_photons_pixel_response_read_out_and_rounding_add_up(make_frame):
    frame = read_frame(make_frame(np.full((1024, 1024), 777, np.int16)))
    signal = 777 - 377.741
    expected = signal / 14.0 + (0.008 * signal) ** 2 + 1.0 + 1 / 12
    assert noise.variance(frame, 377.741)[500, 500] == pytest.approx(expected, rel=1e-6)


def test_every_read_out_of_a_sum_adds_its_noise(make_frame):
    counts = np.full((512, 512), 1500, np.int16)
    on_board = read_frame(make_frame(counts, LEBXSUM=2, LEBYSUM=2))
    on_chip = read_frame(make_frame(counts, SUMCOL=2, SUMROW=2))
    floor = noise.READ_NOISE["C3"] ** 2 + 1 / 12
    assert noise.variance(on_board, 1500)[0, 0] == pytest.approx(4 * floor, rel=1e-6)
    assert noise.variance(on_chip, 1500)[0, 0] == pytest.approx(floor, rel=1e-6)


def test_the_response_of_summed_pixels_averages(make_frame):
    counts = np.full((512, 512), 11500, np.int16)
    summed = read_frame(make_frame(counts, LEBXSUM=2, LEBYSUM=2))
    signal = 10000.0
    expected = signal / 14.0 + (0.008 * signal) ** 2 / 4 + 4 * (1.0 + 1 / 12)
    assert noise.variance(summed, 1500.0)[0, 0] == pytest.approx(expected, rel=1e-6)


def test_lossy_compression_adds_its_rounding(make_frame):
    assert noise.compression(read_frame(make_frame())) == 0
    assert noise.compression(read_frame(make_frame(HCOMP_SF=32))) == pytest.approx(16**2 / 12)
