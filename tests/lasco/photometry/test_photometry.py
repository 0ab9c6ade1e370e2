"""Counts to brightness: the formulas, and what is refused."""

from __future__ import annotations

import level05
import numpy as np
import pytest

from corinpaint.lasco.errors import FrameError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.photometry import photometry
from corinpaint.lasco.photometry.optics import load_calibration_set


def test_the_rate_is_counts_without_bias_per_corrected_second():
    assert photometry.count_rate(np.array([100.0, 500.0]), 100, 20, 0.5).tolist() == [0, 40]


def test_stray_light_is_neither_vignetted_nor_scaled():
    bright = photometry.brightness(np.array([2.0]), np.array([3.0]), 1e-12, np.array([4e-12]))
    assert bright == pytest.approx([2e-12], abs=0)
    assert bright.dtype == np.float32


@pytest.mark.parametrize("name", level05.KINDS)
def test_what_cannot_be_calibrated_is_refused_by_name(name):
    damage, error = level05.KINDS[name]
    frame = read_frame(damage(), name="odd.fts")
    with pytest.raises(error, match=name.split()[0]) as caught:
        calibrate(frame, load_calibration_set())
    assert isinstance(caught.value, FrameError)
    assert "odd.fts" in str(caught.value)


def test_a_lamp_that_is_off_in_words_is_off(make_frame):
    photometry.check_supported(read_frame(make_frame(LAMP="0")))


def test_only_pixels_at_full_well_are_saturated(real_frames):
    for path in real_frames:
        assert photometry.saturated_pixels(read_frame(path)).mean() < 2e-3


def test_a_sum_is_saturated_when_its_mean_read_out_is(make_frame):
    counts = np.full((512, 512), 30000, np.int32)
    counts[5, 5] = 44100  # C3: 11025 DN each
    frame = read_frame(make_frame(counts, LEBXSUM=2, LEBYSUM=2))
    assert np.argwhere(photometry.saturated_pixels(frame)).tolist() == [[5, 5]]
