"""Files of movies, read back."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest
import video
from PIL import Image as Pillow

from corinpaint.archive.movies.writers import Form, writer_for
from corinpaint.lasco.errors import OptionError, OutputError

SIZE = (64, 48)
GREYS = (30, 90, 150, 210)
SECONDS = (0.1, 0.2, 0.1, 0.3)
PALETTE = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
ABOUT = {"title": "a; b=c # d", "comment": "CorInpaint 0, running"}


def write(path, rate=10.0):
    with writer_for(path)(path, Form(SIZE, rate, PALETTE, ABOUT)) as add:
        for grey, seconds in zip(GREYS, SECONDS, strict=True):
            add(Pillow.new("RGB", SIZE, (grey, grey, grey)), seconds)
    return path


def test_an_mp4_has_the_frames_for_their_time_and_the_metadata(tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    path = write(tmp_path / "a.mp4")
    means = video.frames(path, SIZE).mean(axis=(1, 2, 3))
    assert means == pytest.approx([30, 90, 90, 150, 210, 210, 210], abs=3)
    said = video.about(path)
    assert re.search(r"Video: h264 .*yuv420p.*, 64x48, .*10 fps", said)
    assert re.search(r"title +: a; b=c # d\n", said)
    assert re.search(r"comment +: CorInpaint 0, running\n", said)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert [found.name for found in tmp_path.iterdir()] == ["a.mp4"]


def test_a_gif_has_the_frames_for_their_time_and_the_metadata(tmp_path):
    with Pillow.open(write(tmp_path / "a.gif")) as found:
        assert found.n_frames == 4
        assert found.info["loop"] == 0
        assert found.info["comment"].endswith(b"comment: CorInpaint 0, running")
        for number, (grey, seconds) in enumerate(zip(GREYS, SECONDS, strict=True)):
            found.seek(number)
            assert found.info["duration"] == pytest.approx(1000 * seconds)
            assert np.asarray(found.convert("RGB")) == pytest.approx(grey, abs=4)  # Pillow looks up roughly


def test_a_folder_has_the_frames_as_pictures(tmp_path):
    names = sorted(write(tmp_path / "a").iterdir())
    assert [path.name for path in names] == ["00001.png", "00002.png", "00003.png", "00004.png"]
    with Pillow.open(names[3]) as found:
        assert (np.asarray(found) == 210).all()
        assert found.text["seconds"] == "0.3"
        assert found.text["comment"] == ABOUT["comment"]


def test_an_unknown_ending_is_an_error(tmp_path):
    with pytest.raises(OptionError, match=r"no movie is written as .avi; name a .mp4, a .gif, or a folder"):
        writer_for(tmp_path / "a.avi")


def test_a_missing_encoder_is_an_error_that_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(OptionError, match=r"install corinpaint\[movie\], or write a .gif"):
        writer_for(tmp_path / "a.mp4")
    writer_for(tmp_path / "a.gif")


def test_an_encoder_that_fails_says_why(tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    path = tmp_path / "a.mp4"
    with (
        pytest.raises(OutputError, match=r"a.mp4: the encoder failed \(.+\)"),
        writer_for(path)(path, Form((63, 47), 10.0, PALETTE, ABOUT)) as add,
    ):
        add(Pillow.new("RGB", (63, 47)), 100.0)


def test_the_encoder_is_ended_when_the_frames_fail(tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    path = tmp_path / "a.mp4"
    with pytest.raises(KeyError), writer_for(path)(path, Form(SIZE, 10.0, PALETTE, ABOUT)):
        raise KeyError
    assert [found.name for found in tmp_path.iterdir()] in ([], ["a.mp4"])  # which the caller removes
