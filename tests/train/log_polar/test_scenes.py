"""Scenes in units of the noise."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from noise_scenes import make_noise_scene

from corinpaint.lasco.errors import TrainingError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.simulation.scene import simulate, write
from corinpaint.train import simulated
from corinpaint.train.config import TrainConfig
from corinpaint.train.log_polar import scenes
from corinpaint.train.log_polar.scene import Neighbour
from corinpaint.train.log_polar.scenes import (
    binned_copy,
    load_scenes,
    scene_from_frame,
    scenes_from_folder,
    split_scenes,
)

TIMES = ("02:18", "02:42", "03:18", "09:18")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("frames")
    for number, time in enumerate(TIMES):
        write(simulate(5, missing=20, date=f"2002-01-08T{time}:00", exptime=19.1), path / f"3208203{number}.fts")
    (path / "32082038.fts").write_bytes(b"no FITS file")
    return path


@pytest.fixture(scope="module")
def read(folder):
    return scenes_from_folder(folder, load_calibration_set())


def scatter(level, known):
    whole = known[1:, 1:] & known[1:, :-1] & known[:-1, 1:] & known[:-1, :-1]
    steps = (level[1:, 1:] - level[1:, :-1] - level[:-1, 1:] + level[:-1, :-1])[whole] / 2
    return np.median(np.abs(steps)) / 0.6745


@pytest.mark.slow
def test_a_frame_comes_in_units_of_its_noise(read):
    scene = read[0]

    assert scene.level.shape == scene.known.shape == (1024, 1024)
    assert scene.level.dtype == np.float32
    assert 0.7 < scatter(scene.level, scene.known) < 1.3
    assert not scene.level[~scene.known].any()
    assert (scene.day, scene.kind, scene.detector) == ("2002-01-08", "C3", "C3")
    assert scene.centre == pytest.approx((518, 532.6), abs=0.5)


@pytest.mark.slow
def test_levels_of_the_histogram_rise_with_the_noise_scale_and_leave_all_else_as_it_is(folder):
    frame, other = (read_frame(folder / f"3208203{number}.fts") for number in range(2))
    calibrate = partial(calibrate_on_detector, calibration=load_calibration_set())
    found = scene_from_frame(frame, calibrate, "", [(1, other)], levels="histogram")
    scene = scene_from_frame(frame, calibrate, "", [(1, other)])

    assert np.array_equal(found.known, scene.known)
    assert np.array_equal(found.sources, scene.sources)
    order = np.argsort(scene.level[scene.known])[::1000]
    assert (np.diff(found.level[scene.known][order]) >= 0).all()
    shares, _ = np.histogram(found.level[found.known], bins=10)
    assert np.abs(shares / found.known.sum() - 0.1).max() < 0.02
    assert np.array_equal(found.context[0].known, scene.context[0].known)
    assert np.ptp(found.context[0].level) == pytest.approx(np.ptp(found.level), rel=0.05)


@pytest.mark.slow
def test_missing_blocks_are_unknown(read):
    missing = simulate(5, missing=20).missing
    assert not read[0].known[blocks.to_pixels(missing | blocks.never_sent())].any()


def test_frames_of_the_same_hours_are_context_in_their_order(read):
    assert [[one.order for one in scene.context] for scene in read] == [[1, 2], [-1, 1], [-2, -1], []]
    (after, _) = read[0].context
    both = after.known & read[0].known
    assert both.mean() > 0.5
    assert abs(np.median((after.level - read[0].level)[both])) < 0.5


@pytest.mark.slow
def test_unusable_files_are_logged_and_left_out(folder, caplog):
    assert len(scenes_from_folder(folder, load_calibration_set())) == len(TIMES)
    assert "32082038.fts" in caplog.text


def test_a_folder_without_frames_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="no usable"):
        scenes_from_folder(tmp_path, load_calibration_set())
    with pytest.raises(TrainingError, match="nothing to train on"):
        load_scenes(TrainConfig(tmp_path))


def test_a_binned_copy_has_half_the_noise_on_half_the_grid():
    scene = make_noise_scene(3, context=True)
    copy = binned_copy(scene)

    assert copy.binned
    assert copy.level.shape == (scene.level.shape[0] // 2, scene.level.shape[1] // 2)
    assert 0.9 < scatter(copy.level, copy.known) < 1.1
    assert copy.level[100, 50] == pytest.approx(2 * scene.level[200:202, 100:102].mean(), rel=1e-5)
    assert copy.centre == ((scene.centre[0] - 0.5) / 2, (scene.centre[1] - 0.5) / 2)
    assert copy.known.sum() * 4 <= scene.known.sum()
    assert [one.order for one in copy.context] == [one.order for one in scene.context]


@pytest.mark.slow
def test_simulated_scenes_are_made_once_and_come_with_binned_copies(tmp_path, monkeypatch):
    made = []

    def counted(seed, **options):
        made.append(seed)
        return simulate(seed, **options)

    monkeypatch.setattr(simulated, "simulate", counted)
    config = TrainConfig(tmp_path, simulated=1, simulated_seed=7)
    first, again = (load_scenes(config) for _ in range(2))

    assert made == [7]
    assert [(scene.kind, scene.binned, scene.level.shape) for scene in again] == [
        ("simulated", False, (1024, 1024)),
        ("simulated", True, (512, 512)),
    ]
    assert np.array_equal(first[0].level, again[0].level)
    assert (first[0].centre, first[0].sha256) == (again[0].centre, again[0].sha256)
    ranked, _ = load_scenes(replace(config, preset="log-polar-levels"))
    assert made == [7]
    shares, _ = np.histogram(ranked.level[ranked.known], bins=10)
    assert np.abs(shares / ranked.known.sum() - 0.1).max() < 0.02


def bare(day, kind, *context):
    empty = np.zeros((2, 2), np.float32)
    beside = tuple(Neighbour(-1, empty, empty > 0, other, 0.2) for other in context)
    return replace(make_noise_scene(0), level=empty, known=empty > 0, day=day, kind=kind, context=beside)


@pytest.mark.slow
def test_the_scenes_of_a_day_stay_together_whatever_their_kinds():
    frames = [bare(f"2002-01-{day:02d}", kind) for day in range(1, 9) for kind in ("C2", "C3", "summed")]
    frames = [frame for number, frame in enumerate(frames) if number % 5]

    training, held = split_scenes(frames, 0.2)

    assert len(training) + len(held) == len(frames)
    assert not {scene.day for scene in training} & {scene.day for scene in held}


def test_context_from_the_other_side_is_taken_away():
    days = ["2002-01-01", "2002-01-02"]

    training, held = split_scenes([bare(day, "C2", *days) for day in days], 0.5)

    for scene in (*training, *held):
        assert [one.day for one in scene.context] == [scene.day]


def test_a_split_that_leaves_nothing_to_train_on_is_refused(monkeypatch):
    frames = [bare("a", "C2"), bare("b", "C2")]
    monkeypatch.setattr(scenes, "split_by_day", lambda all_of_them, _: ([], list(all_of_them)))
    with pytest.raises(TrainingError, match="other days"):
        split_scenes(frames, 0.5)


def test_scenes_blend_with_their_like_alone():
    one = make_noise_scene(0, kind="C2")
    assert one.blends_with(make_noise_scene(1, kind="summed"))
    assert not one.blends_with(replace(one, detector="C3"))
    assert not one.blends_with(binned_copy(one))
    assert not one.blends_with(replace(one, kind="simulated"))
