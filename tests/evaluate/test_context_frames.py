"""Frames that serve each other as context."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.evaluate import context_frames
from corinpaint.evaluate.context_frames import ContextFrames, Sides, parse_sides
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry import calibrated
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.context import Context


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


def _context(*hours):
    empty = np.zeros((1, 1), np.float32)
    return tuple(Context(f"{one:g}", one, empty, empty > 0, 1.0) for one in hours)


def _hours(chosen):
    return [one.hours for one in chosen]


def test_each_kind_of_context_takes_the_nearest_of_its_sides():
    around = _context(0.2, 0.4, 0.6, -0.3, -0.5, -0.7)
    assert _hours(parse_sides("earlier", 2).choose(around)) == [0.2, 0.4]
    assert _hours(parse_sides("1+1", 2).choose(around)) == [0.2, -0.3]
    assert _hours(parse_sides("2+2", 1).choose(around)) == [0.2, -0.3, 0.4, -0.5]
    assert [parse_sides(name, 2).suffix for name in context_frames.SIDES] == ["", " 1+1", " 2+2"]


def test_context_from_both_sides_needs_a_frame_on_each():
    assert Sides(2, 2).choose(_context(0.2, 0.4)) == Sides(1, 1).choose(_context(-0.2)) == ()
    assert _hours(Sides(2, 2).choose(_context(0.2, -0.3, -0.5))) == [0.2, -0.3, -0.5]


def test_an_unknown_kind_of_context_is_refused():
    with pytest.raises(OptionError, match="3\\+3"):
        parse_sides("3+3", 2)


def test_later_frames_serve_where_they_are_asked_for(sequence):
    middle = calibrate_on_detector(read_frame(sequence[1]), load_calibration_set())
    frames = ContextFrames(sequence, 1, later=1)
    assert sorted(round(one.hours * 60) for one in frames.of(middle)) == [-12, 12]
    assert [round(one.hours * 60) for one in ContextFrames(sequence, 1).of(middle)] == [12]


def test_a_context_frame_is_calibrated_once(sequence, monkeypatch):
    calls = []
    monkeypatch.setattr(calibrated, "calibrate_on_detector", lambda *given: calls.append(1) or real(*given))
    real, middle = calibrate_on_detector, calibrate_on_detector(read_frame(sequence[1]), load_calibration_set())
    frames = ContextFrames(sequence, 1, later=1)
    frames.of(middle), frames.of(middle)
    assert len(calls) == 2


@pytest.mark.slow
def test_frames_of_other_kinds_serve_where_there_are_none_of_the_same(tmp_path, make_frame):
    paths = []
    for number, (minute, polar) in enumerate(((0, "+60 Deg"), (4, "0 Deg"), (8, "-60 Deg"))):
        paths.append(tmp_path / f"3208200{number}.fts")
        paths[-1].write_bytes(make_frame(TIME_OBS=f"02:{minute:02}:00.000", POLAR=polar, FILENAME=paths[-1].name))
    middle = calibrate_on_detector(read_frame(paths[1]), load_calibration_set())
    (both,) = ContextFrames(paths, 2, later=2).of(middle)
    assert sorted(both.number.split()) == ["32082000", "32082002"]
    assert Sides(2, 2).choose([both]) == (both,)
    assert Sides(2).choose([both]) == ()  # a later frame is in it
    (earlier,) = ContextFrames(paths, 2).of(middle)
    assert (earlier.number, Sides(2).choose([earlier])) == ("32082000", (earlier,))
