"""Frames of a folder, and their division into training and validation."""

import gzip
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from astropy.time import Time

from corinpaint.lasco.errors import FrameError, TrainingError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.train.config import TrainConfig
from corinpaint.train.frames import (
    day_of,
    frames_in,
    neighbouring_frames,
    read_scenes,
    split_by_day,
    usable_scenes,
)


class Scene(NamedTuple):
    name: str
    day: str
    kind: str
    sha256: str = ""


def bare(day, kind="real"):
    return Scene(day, day, kind)


def test_the_scenes_of_a_day_stay_together():
    frames = [bare(f"2002-01-{day:02d}") for day in range(1, 11) for _ in range(3)]

    training, held = split_by_day(frames, 0.2)

    assert len(held) == 6
    assert not {scene.day for scene in training} & {scene.day for scene in held}


def test_the_split_does_not_depend_on_the_order_of_the_frames():
    frames = [bare(f"2002-01-{day:02d}") for day in range(1, 11)]

    first, second = split_by_day(frames, 0.3)[1], split_by_day(frames[::-1], 0.3)[1]

    assert {scene.day for scene in first} == {scene.day for scene in second}


def test_every_kind_with_two_days_is_on_both_sides():
    frames = [bare("a"), bare("b"), bare("c", "simulated"), bare("d", "simulated")]

    training, held = split_by_day(frames, 0.01)

    assert {scene.kind for scene in training} == {scene.kind for scene in held} == {"real", "simulated"}


def test_frames_of_a_single_day_are_refused():
    with pytest.raises(TrainingError, match="two days"):
        split_by_day([bare("a"), bare("a")], 0.2)


def test_frames_are_read_at_any_depth_and_those_of_no_use_are_logged(make_frame, tmp_path, caplog):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "32082037.fts").write_bytes(make_frame())
    (tmp_path / "32082038.fts").write_bytes(make_frame(EXPTIME=5.0))
    (tmp_path / "32082039.fts").write_bytes(b"no FITS file")
    (tmp_path / "._32082037.fts").write_bytes(b"of macOS")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "32082037.fts.gz").write_bytes(gzip.compress(make_frame()))

    found = list(frames_in(tmp_path, lambda frame: frame.header["EXPTIME"] > 6, "too short"))

    assert [path.name for path, _, _ in found] == ["32082037.fts.gz"]
    assert "32082038.fts: too short" in caplog.text
    assert "further copy of the same frame" in caplog.text
    assert "32082039.fts" in caplog.text


def test_a_frame_that_cannot_be_calibrated_is_logged_and_the_others_are_used(tmp_path, caplog):
    def fail():
        raise FrameError("32082038.fts: no factor", "leave it out")

    assert usable_scenes(tmp_path, [lambda: "a", fail, lambda: "b"]) == ["a", "b"]
    assert "32082038.fts: no factor" in caplog.text
    with pytest.raises(TrainingError, match="no usable"):
        usable_scenes(tmp_path, [fail])


def test_simulated_frames_have_the_seeds_from_the_first_one_on(tmp_path):
    config = TrainConfig(tmp_path, simulated=3, simulated_seed=7, cache_dir=tmp_path / "cache")

    found = read_scenes(config, lambda *_: [], lambda seed, _, cache: (seed, cache))

    assert found == [(seed, tmp_path / "cache") for seed in (7, 8, 9)]


def test_the_day_is_that_of_the_frame(make_frame):
    assert day_of(read_frame(make_frame(DATE_OBS="2002/01/08"))) == "2002-01-08"


def test_neighbours_are_those_of_the_same_hours_by_their_order():
    hours = (0, 1, 2, 6)
    frames = [SimpleNamespace(date=Time(f"2002-01-08T0{hour}:00:00")) for hour in hours]
    found = neighbouring_frames(frames, 1, (-2, -1, 1, 2), 3)
    assert [(order, hours[frames.index(frame)]) for order, frame in found] == [(-1, 0), (1, 2)]
