"""Scenes from files and from the simulator."""

import hashlib

import numpy as np
import pytest
from level05 import smooth_counts

from corinpaint.lasco.errors import TrainingError
from corinpaint.lasco.geometry.pointing import DEFAULT_SUN_CENTRE
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.simulation.scene import simulate, write
from corinpaint.train.config import TrainConfig
from corinpaint.train.equalised.scenes import load_scenes, scenes_from_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("frames")
    write(simulate(5, missing=20, date="2002-01-08T02:17:00"), path / "32082037.fts")
    (path / "32082038.fts").write_bytes(b"no FITS file")
    (path / "notes.txt").write_text("not a frame")
    return path


@pytest.fixture(scope="module")
def read(folder):
    return scenes_from_folder(folder, load_calibration_set())[0]


@pytest.mark.slow
def test_a_frame_is_equalised_and_keeps_its_origin(read, folder):
    assert read.image.shape == read.known.shape == (1024, 1024)
    assert read.image.dtype == np.float32
    assert (read.image.min(), read.image.max()) == (0, 1)
    assert np.median(read.image[read.known]) == pytest.approx(0.5, abs=0.02)
    assert (read.day, read.kind) == ("2002-01-08", "real")
    assert read.sha256 == hashlib.sha256((folder / "32082037.fts").read_bytes()).hexdigest()


@pytest.mark.slow
def test_missing_never_sent_and_occulted_pixels_are_unknown(read):
    missing = simulate(5, missing=20, date="2002-01-08T02:17:00").missing

    assert missing.sum() == 20
    assert not read.known[blocks.to_pixels(missing | blocks.never_sent())].any()
    assert not read.known[530, 516]
    assert 0.6 < read.known.mean() < 0.9
    assert not read.image[~read.known].any()


def test_unusable_files_are_logged_and_left_out(folder, caplog):
    found = scenes_from_folder(folder, load_calibration_set())

    assert len(found) == 1
    assert "32082038.fts" in caplog.text


def test_a_folder_without_frames_and_a_missing_folder_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="no usable"):
        scenes_from_folder(tmp_path, load_calibration_set())
    with pytest.raises(TrainingError, match="no such folder"):
        scenes_from_folder(tmp_path / "gone", load_calibration_set())


def test_the_sun_centre_is_that_of_the_calibrated_frame(make_frame, tmp_path):
    """A C2 header holds the occulter's centre in place of the sun's, which the calibration does not believe."""
    raw = make_frame(np.maximum(smooth_counts(), 400), DETECTOR="C2", FILTER="Orange", CRPIX1=512.634, CRPIX2=505.293)
    (tmp_path / "22000001.fts").write_bytes(raw)

    (scene,) = scenes_from_folder(tmp_path, load_calibration_set())

    assert scene.centre == pytest.approx(DEFAULT_SUN_CENTRE["C2"])


@pytest.mark.slow
def test_simulated_scenes_follow_those_of_the_folder(folder, tmp_path):
    real, simulated = load_scenes(TrainConfig(tmp_path, data_dir=folder, simulated=1, simulated_seed=7))

    assert (real.kind, simulated.kind) == ("real", "simulated")
    assert simulated.day == simulated.name == "simulated-000007"
    assert simulated.image.shape == simulated.known.shape == (1024, 1024)
    assert simulated.centre == pytest.approx((517.956, 532.632))


def test_nothing_to_train_on_is_reported(tmp_path):
    with pytest.raises(TrainingError, match="nothing to train on"):
        load_scenes(TrainConfig(tmp_path))
