"""`corinpaint watch`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest


def test_a_folder_that_is_not_there_is_an_error(run, tmp_path):
    result = run("watch", tmp_path / "nowhere", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "nowhere: no such folder" in result.stderr


def test_a_server_needs_a_folder_for_its_frames(run, tmp_path):
    result = run("watch", "near-real-time", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "near-real-time: --frames is missing" in result.stderr


def test_what_cannot_be_done_is_an_error_before_the_first_frame(run, tmp_path):
    result = run("watch", tmp_path, "-o", tmp_path / "out", "--layout", "by-day")
    assert result.exit_code == 1
    assert "by-day" in result.stderr


def test_a_mask_that_is_not_there_is_an_error_before_the_first_frame(run, tmp_path):
    result = run("watch", tmp_path, "-o", tmp_path / "out", "--fill", "none", "--mask", tmp_path / "gone.fits")
    assert result.exit_code == 1
    assert "gone.fits: cannot be read" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_watch_tells_logs_and_ends_cleanly(make_frame, tmp_path, number):
    folder, log = tmp_path / "in", tmp_path / "logs" / "watch.jsonl"
    folder.mkdir()
    (folder / "32082001.fts").write_bytes(make_frame(missing=((20, 10),)))
    command = [
        sys.executable, "-m", "corinpaint.cli.main", "watch", folder, "-o", tmp_path / "out", "--fill", "harmonic",
        "--log", log,
    ]  # fmt: skip
    watch = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not log.exists():
        assert watch.poll() is None
        time.sleep(0.05)
    os.kill(watch.pid, number)
    stdout, stderr = watch.communicate(timeout=100)
    assert watch.returncode == 0, stderr
    assert "35082001.fits: nominal calibration, 1 missing block: 1 filled" in stdout
    assert "Stopped: 1 product made, 0 failures." in stderr
    (line,) = log.read_text().splitlines()
    assert json.loads(line)["fate"] == "made"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["35082001.fits"]
