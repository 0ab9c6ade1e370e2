"""Scenes from files and from the simulator."""

import hashlib

import numpy as np
import pytest

from corinpaint.lasco.errors import TrainingError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.photometry.optics import load_assets
from corinpaint.lasco.simulation.scene import simulate, write
from corinpaint.lasco.version import __version__
from corinpaint.train.equalised import scenes
from corinpaint.train.equalised.scenes import (
    Scene,
    load_scenes,
    scenes_from_folder,
    scenes_from_simulator,
    split_by_date,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("frames")
    write(simulate(5, lost=20, date="2002-01-08T02:17:00"), path / "32082037.fts")
    (path / "32082038.fts").write_bytes(b"no FITS file")
    (path / "notes.txt").write_text("not a frame")
    return path


@pytest.fixture(scope="module")
def read(folder):
    return scenes_from_folder(folder, load_assets())[0]


def bare(day, kind="real"):
    empty = np.zeros((1, 1))
    return Scene(empty.astype(np.float32), empty.astype(bool), (0.0, 0.0), day, day, kind, "")


def test_a_frame_is_equalised_and_keeps_its_origin(read, folder):
    assert read.image.shape == read.known.shape == (1024, 1024)
    assert read.image.dtype == np.float32
    assert (read.image.min(), read.image.max()) == (0, 1)
    assert np.median(read.image[read.known]) == pytest.approx(0.5, abs=0.02)
    assert (read.day, read.kind) == ("2002-01-08", "real")
    assert read.sha256 == hashlib.sha256((folder / "32082037.fts").read_bytes()).hexdigest()


def test_lost_never_sent_and_occulted_pixels_are_unknown(read):
    lost = simulate(5, lost=20, date="2002-01-08T02:17:00").lost

    assert lost.sum() == 20
    assert not read.known[blocks.expand(lost | blocks.never_sent())].any()
    assert not read.known[530, 516]
    assert 0.6 < read.known.mean() < 0.9
    assert not read.image[~read.known].any()


def test_unusable_files_are_logged_and_left_out(folder, caplog):
    found = scenes_from_folder(folder, load_assets())

    assert len(found) == 1
    assert "32082038.fts" in caplog.text


def test_a_folder_without_frames_and_a_missing_folder_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="no usable"):
        scenes_from_folder(tmp_path, load_assets())
    with pytest.raises(TrainingError, match="no such folder"):
        scenes_from_folder(tmp_path / "gone", load_assets())


def test_simulated_scenes_are_made_once_and_damaged_ones_again(tmp_path, monkeypatch):
    made = []

    def counted(seed, **options):
        made.append(seed)
        return simulate(5, **options)

    monkeypatch.setattr(scenes, "simulate", counted)
    first = scenes_from_simulator(1, 7, load_assets(), tmp_path)[0]
    again = scenes_from_simulator(1, 7, load_assets(), tmp_path)[0]
    assert made == [7]

    next(tmp_path.glob("*.npz")).write_bytes(b"PK damaged")
    repaired = scenes_from_simulator(1, 7, load_assets(), tmp_path)[0]

    assert made == [7, 7]
    for scene in (again, repaired):
        assert np.array_equal(scene.image, first.image)
        assert np.array_equal(scene.known, first.known)
        assert (scene.centre, scene.sha256, scene.kind, scene.day) == (
            first.centre,
            first.sha256,
            "simulated",
            first.name,
        )


def test_nothing_to_train_on_is_said(tmp_path):
    with pytest.raises(TrainingError, match="nothing to train on"):
        load_scenes(None, 0, 0, None, tmp_path)


def test_no_day_straddles_training_and_validation():
    frames = [bare(f"2002-01-{day:02d}") for day in range(1, 11) for _ in range(3)]

    training, held = split_by_date(frames, 0.2)

    assert len(held) == 6
    assert not {scene.day for scene in training} & {scene.day for scene in held}


def test_the_split_does_not_depend_on_the_order_of_the_frames():
    frames = [bare(f"2002-01-{day:02d}") for day in range(1, 11)]

    first, second = split_by_date(frames, 0.3)[1], split_by_date(frames[::-1], 0.3)[1]

    assert {scene.day for scene in first} == {scene.day for scene in second}


def test_every_kind_with_two_days_is_on_both_sides():
    frames = [bare("a"), bare("b"), bare("c", "simulated"), bare("d", "simulated")]

    training, held = split_by_date(frames, 0.01)

    assert {scene.kind for scene in training} == {scene.kind for scene in held} == {"real", "simulated"}


def test_frames_of_a_single_day_are_refused():
    with pytest.raises(TrainingError, match="two days"):
        split_by_date([bare("a"), bare("a")], 0.2)


def test_a_scene_cached_with_its_centre_in_the_other_order_is_not_read(tmp_path):
    (scene,) = scenes_from_simulator(1, 7, load_assets(), tmp_path)
    (path,) = tmp_path.glob("*.npz")
    with np.load(path) as saved:
        reversed_ = dict(saved) | {"centre": saved["centre"][::-1]}
    np.savez(tmp_path / f"simulated-000007-{__version__}.npz", **reversed_)  # as it was named and written before
    path.unlink()

    (again,) = scenes_from_simulator(1, 7, load_assets(), tmp_path)

    assert again.centre == scene.centre == pytest.approx((517.956, 532.632))
