"""Frames that serve each other as context."""

from __future__ import annotations

from corinpaint.evaluate.context_frames import ContextFrames
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set


def test_context_is_the_nearest_earlier_frames_that_can_serve(sequence):
    last = calibrate_on_detector(read_frame(sequence[2]), load_calibration_set())
    assert [round(one.hours * 60) for one in ContextFrames(sequence, 2).before(last)] == [12, 24]
    assert [round(one.hours * 60) for one in ContextFrames(sequence, 1).before(last)] == [12]
    assert (
        ContextFrames(sequence, 2).before(calibrate_on_detector(read_frame(sequence[0]), load_calibration_set())) == ()
    )


def test_frames_that_cannot_be_read_are_left_out(sequence, tmp_path):
    (tmp_path / "bad.fts").write_text("no FITS")

    assert len(ContextFrames([*sequence, tmp_path / "bad.fts"], 1).frames) == len(sequence)
