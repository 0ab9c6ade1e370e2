"""A movie: frames, time, gaps, its list, and what is left when it fails."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import sequences
import video
from PIL import Image as Pillow

from corinpaint.archive.movies import movie
from corinpaint.archive.movies.movie import Options, make_movie
from corinpaint.lasco.errors import NoFrameError, OutputError


def make(folder, path, *, overwrite=False, **options):
    setting, members = sequences.members(folder)
    return make_movie(setting, members, path, Options(**options), overwrite=overwrite)


def listed(path):
    return json.loads((path / "movie.json" if path.is_dir() else path.with_name(f"{path.name}.json")).read_text())


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "count"), [("original", 6), ("running", 5), ("base", 5)])
def test_a_movie_has_a_frame_for_each_image_and_a_list_of_them(tmp_path, kind, count):
    folder, path = sequences.write(tmp_path / "in"), tmp_path / "movie"
    made = make(folder, path, kind=kind)
    assert len(made.frames) == count
    assert len(list(path.glob("*.png"))) == count
    record = listed(path)
    assert record["kind"] == kind
    assert record["frames"][-1]["file"] == "25000005.fits"
    assert record["frames"][-1]["l05hash"] == f"{5:064x}"
    assert record["frames"][-1]["date_obs"] == "2014-02-25T02:00:00.000"
    expected = {"original": None, "running": "25000004.fits", "base": "25000000.fits"}
    assert record["frames"][-1]["subtracted"] == expected[kind]
    assert record["limits"] == list(record["limits"])
    assert {frame["seconds"] for frame in record["frames"]} == {0.125}


def test_a_frame_is_held_until_the_next_and_a_gap_shows_a_card(tmp_path):
    folder, path = sequences.write(tmp_path / "in", (0, 12, 24, 48, 200, 212)), tmp_path / "movie"
    made = make(folder, path, kind="original", rate=10.0)
    assert [frame["seconds"] for frame in made.frames] == pytest.approx([0.1, 0.1, 0.2, 0.1, 0.1, 0.1])
    assert [gap["seconds"] for gap in listed(path)["gaps"]] == [152 * 60]
    pictures = sorted(path.glob("*.png"))
    assert len(pictures) == 7
    shown = [float(Pillow.open(picture).text["seconds"]) for picture in pictures]
    assert shown == pytest.approx([0.1, 0.1, 0.2, 0.1, 1.0, 0.1, 0.1])


def test_by_frames_there_is_one_for_each_and_no_card(tmp_path):
    folder, path = sequences.write(tmp_path / "in", (0, 12, 24, 200)), tmp_path / "movie"
    made = make(folder, path, kind="original", axis="frames")
    assert len(list(path.glob("*.png"))) == 4
    assert len(made.gaps) == 1


@pytest.mark.slow
def test_an_mp4_shows_what_the_pictures_show(tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    folder = sequences.write(tmp_path / "in")
    make(folder, tmp_path / "movie", axis="frames")
    make(folder, tmp_path / "movie.mp4", axis="frames")
    pictures = [np.asarray(Pillow.open(path)) for path in sorted((tmp_path / "movie").glob("*.png"))]
    frames = video.frames(tmp_path / "movie.mp4", pictures[0].shape[1::-1])
    assert len(frames) == len(pictures) == 5
    for frame, picture in zip(frames, pictures, strict=True):
        assert np.abs(frame.astype(int) - picture).mean() < 3
    assert np.abs(frames[0].astype(int) - frames[1]).mean() > 0.5


def test_products_that_cannot_be_used_are_left_out_and_listed(tmp_path):
    folder, path = sequences.write(tmp_path / "in"), tmp_path / "movie"
    broken = folder / "25000002.fits"
    broken.write_bytes(broken.read_bytes()[:-5000])
    made = make(folder, path)
    assert len(made.frames) == 4
    assert [one["file"] for one in listed(path)["left_out"]] == ["25000002.fits"]
    assert made.frames[1]["seconds"] == pytest.approx(0.125)


def test_too_few_products_are_an_error(tmp_path):
    with pytest.raises(NoFrameError, match="a difference needs two products"):
        make(sequences.write(tmp_path / "in", (0,)), tmp_path / "movie")


@pytest.mark.parametrize("name", ["movie.gif", "movie"])
def test_nothing_is_left_of_a_movie_that_fails(tmp_path, monkeypatch, name):
    folder = sequences.write(tmp_path / "in")

    def fail(*_: object) -> None:
        raise OutputError("no space")

    monkeypatch.setattr(movie, "place", fail)
    with pytest.raises(OutputError, match="no space"):
        make(folder, tmp_path / "out" / name)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.slow
def test_nothing_is_left_of_a_movie_that_is_killed(tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    folder = sequences.write(tmp_path / "in", range(0, 960, 12))
    command = [sys.executable, "-m", "corinpaint.cli.main", "movie", str(folder), "-o", str(tmp_path / "out" / "a.mp4")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    for _ in range(6000):
        if (tmp_path / "out").is_dir() and list((tmp_path / "out").iterdir()):
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert list((tmp_path / "out").iterdir()) == []


def test_a_movie_that_is_there_is_kept(tmp_path):
    folder, path = sequences.write(tmp_path / "in"), tmp_path / "movie.gif"
    make(folder, path)
    with pytest.raises(OutputError, match="is there already"):
        make(folder, path)
    make(folder, path, overwrite=True, kind="base")
    assert listed(path)["kind"] == "base"
