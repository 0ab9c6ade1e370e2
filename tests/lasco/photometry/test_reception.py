"""Missing blocks, blocks that are never sent, and counts that cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level05.readout import Summing
from corinpaint.lasco.photometry.reception import received

BIAS = 377.741
HERE = slice(320, 352), slice(640, 672)
"""Pixels of block row 10, column 20."""


def _read(counts, make_frame, **cards):
    return read_frame(make_frame(counts.astype(np.int16), **cards))


def _frame(value=500):
    counts = np.full((1024, 1024), value)
    counts[blocks.to_pixels(blocks.never_sent())] = 0
    return counts


def _places(missing):
    return np.argwhere(missing).tolist()


@pytest.mark.parametrize("rows", [17, 20, 31, 32])
def test_a_block_of_which_more_than_half_is_zero_is_missing(make_frame, rows):
    counts = _frame()
    counts[HERE][:rows] = 0
    found = received(_read(counts, make_frame), BIAS)
    assert _places(found.missing) == [[10, 20]]
    assert not found.impossible.any()


@pytest.mark.parametrize("value", [150, 9000])
def test_a_stray_count_in_an_empty_block_does_not_make_it_received(make_frame, value):
    counts = _frame()
    counts[HERE] = 0
    counts[326, 650] = value
    assert _places(received(_read(counts, make_frame), BIAS).missing) == [[10, 20]]


@pytest.mark.parametrize(("rows", "value"), [(16, 0), (3, 0), (1, 200), (16, 330)])
def test_a_smaller_part_of_a_block_without_possible_counts_is_not_observed(make_frame, rows, value):
    counts = _frame()
    counts[HERE][:rows] = value
    found = received(_read(counts, make_frame), BIAS)
    assert not found.missing.any()
    assert found.impossible[HERE][:rows].all()
    assert found.impossible.sum() == rows * 32


def test_counts_of_noise_and_compression_below_the_bias_are_observed(make_frame):
    counts = _frame()
    counts[HERE][0, 0] = BIAS - 45  # 9 times the noise of a frame that was compressed with HCOMP_SF = 32
    counts[HERE][0, 1] = BIAS - 60
    found = received(_read(counts, make_frame, HCOMP_SF=32), BIAS)
    assert np.argwhere(found.impossible).tolist() == [[320, 641]]


def test_a_sum_of_read_outs_contains_the_bias_of_each(make_frame):
    counts = np.full((512, 512), 2000)
    counts[160:192, 320:352] = 1000
    found = received(_read(counts, make_frame, LEBXSUM=2, LEBYSUM=2), 4 * BIAS)
    assert _places(found.missing) == [[5, 10]]


def test_a_corner_block_was_sent_only_when_most_of_its_pixels_have_counts(make_frame):
    counts = _frame()
    counts[0, 0] = 9000
    assert received(_read(counts, make_frame), BIAS).unsent.sum() == 99 * 1024
    counts[:32, :32] = 380
    assert received(_read(counts, make_frame), BIAS).unsent.sum() == 98 * 1024
    assert not received(_read(np.full_like(counts, 380), make_frame), BIAS).unsent.any()


@pytest.mark.parametrize(("binning", "count"), [(1, 99), (2, 17), (4, 1)])
def test_empty_blocks_that_are_never_sent_of_summed_frames_are_not_missing(make_frame, binning, count):
    side = 1024 // binning
    counts = np.full((side, side), 500 * binning**2)
    counts[blocks.to_pixels(blocks.never_sent("C3", Summing(leb_x=binning, leb_y=binning)))] = 0
    found = received(_read(counts, make_frame, LEBXSUM=binning, LEBYSUM=binning), BIAS * binning**2)
    assert not found.missing.any()
    assert found.unsent.sum() == count * 1024


def test_blocks_are_missing_inside_of_a_subfield_only(make_frame):
    counts = np.full((256, 512), 700)
    counts[32:64, 64:96] = 0
    frame = _read(counts, make_frame, R1COL=20 + 128, R1ROW=1 + 320, R2COL=20 + 639, R2ROW=1 + 575)
    found = received(frame, BIAS)
    assert _places(found.missing) == [[11, 6]]
    assert found.unsent.sum() >= 1024**2 - counts.size
    assert not found.impossible.any()


def test_a_block_of_a_difference_image_with_zero_mean_is_not_missing(make_frame):
    image = np.where(np.indices((1024, 1024)).sum(axis=0) % 2, 3.5, -3.5).astype(np.float32)
    image[320:352, 320:352] = 0
    image[500, 500] = 0
    found = received(read_frame(make_frame(image, POLAR="Us")), 0.0)
    assert _places(found.missing) == [[10, 10]]
    assert not found.impossible.any()


def test_real_frames_have_no_missing_block_and_one_pixel_that_cannot_be(real_frames):
    for path in real_frames:
        frame = read_frame(path)
        found = received(frame, float(frame.header["OFFSET"]) * frame.sums.reads)
        assert found.missing.sum() == 0
        assert found.impossible.sum() <= 1
