"""Sequences of frames with the same holes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corinpaint.evaluate.benchmark import Plan
from corinpaint.evaluate.measures import sequences
from corinpaint.lasco.photometry.optics import load_calibration_set


def test_frames_of_one_kind_that_are_near_in_time_make_a_sequence(sequence, make_frame):
    late = sequence[0].with_name("22000004.fts")
    late.write_bytes(make_frame(DETECTOR="C2", FILTER="Orange", DATE_OBS="2002/01/08", TIME_OBS="04:18:05.594"))
    other = sequence[0].with_name("32000005.fts")
    other.write_bytes(make_frame(DATE_OBS="2002/01/08", TIME_OBS="02:10:05.594"))
    bad = sequence[0].with_name("bad.fts")
    bad.write_text("no FITS")
    assert sequences.sequences([bad, other, late, *reversed(sequence)]) == [sequence[:3]]


def test_long_sequences_are_divided(sequence, monkeypatch):
    monkeypatch.setattr(sequences, "MAX_FRAMES", 2)
    assert sequences.sequences(sequence) == [sequence[:2]]


@pytest.mark.slow
def test_all_frames_have_the_same_holes_and_every_method_fills_them(sequence):
    def zero(around, _wanted, _context):
        return replace(around, brightness=np.zeros_like(around.brightness))

    filled = list(sequences.fill(sequence[:2], "2x2", {"zero": zero}, Plan(holes=2), load_calibration_set()))
    first, second = (frame.holed for frame in filled)
    assert [frame.frame.number for frame in (first, second)] == ["22000000", "22000001"]
    assert len(first.holes) == 2
    assert np.array_equal(first.holes, second.holes)
    assert not filled[0].fills["zero"].any()
