"""Calibrated frames that are kept."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.calibrated import CalibratedFrames
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.simulation.scene import simulate, write


def test_the_last_frames_are_kept(tmp_path):
    frames = [read_frame(write(simulate(number), tmp_path / f"3200000{number}.fts")) for number in range(3)]
    calibrate = partial(CalibratedFrames(2).get, calibration=load_calibration_set())
    first, second = calibrate(frames[0]), calibrate(frames[1])
    assert calibrate(frames[0]) is first
    calibrate(frames[2])
    assert calibrate(frames[0]) is first
    assert calibrate(frames[1]) is not second
    unnamed = replace(frames[0], sha256="")
    assert calibrate(unnamed) is not calibrate(unnamed)
