"""`corinpaint archive`: what its commands say, and their exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.fixture
def planned(run, frames, tmp_path) -> Path:
    assert run("archive", "plan", frames, "-o", tmp_path / "run", "--fill", "none").exit_code == 0
    return tmp_path / "run"


def test_what_would_be_made_is_said_and_nothing_made(run, planned, frames, tmp_path):
    result = run("archive", "run", planned, "-o", tmp_path / "out", "--dry-run", "--shard", "1/1")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        f"{tmp_path / 'out' / f'3500000{number}.fits'}: from {frames / f'3200000{number}.fts'}" for number in (2, 1, 0)
    ]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("options", [["--shard", "3/2"], ["--shard", "x"]], ids=" ".join)
def test_a_shard_that_cannot_be_is_an_error(run, planned, tmp_path, options):
    result = run("archive", "run", planned, "-o", tmp_path / "out", *options)
    assert result.exit_code == 1
    assert "--shard 1/4 for the first of four" in result.output


@pytest.mark.parametrize("words", [["run", "-o", "out"], ["status"], ["merge"]], ids=lambda words: words[0])
def test_a_run_without_a_plan_is_an_error(run, tmp_path, words):
    result = run("archive", words[0], tmp_path, *words[1:])
    assert result.exit_code == 1
    assert "make it with corinpaint archive plan" in result.output


def test_the_state_of_a_run_that_has_not_begun(run, planned):
    result = run("archive", "status", planned)
    assert result.output.splitlines()[0] == "3 frames: 3 remaining"
    assert json.loads(run("archive", "status", planned, "--json").output)["frames"] == {"remaining": 3}


def archive(*words: object) -> list[str]:
    return [sys.executable, "-m", "corinpaint.cli.main", "archive", *map(str, words)]


@pytest.mark.slow
def test_a_run_makes_the_products_and_a_second_one_has_nothing_to_do(run, planned, frames, tmp_path):
    path = frames / "32000001.fts"
    path.write_bytes(path.read_bytes()[:-5000])  # after it was planned
    command = archive("run", planned, "-o", tmp_path / "out", "-j", "2", "--log-json", tmp_path / "log.json")
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    assert first.returncode == 1, first.stderr
    assert "Error: " in first.stderr
    assert "3 frames: 2 made, 1 failed" in first.stderr
    assert json.loads((tmp_path / "log.json").read_text())["frames"]["made"] == 2
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["35000000.fits", "35000002.fits"]
    state = json.loads(run("archive", "status", planned, "--json").output)
    assert state["frames"] == {"failed": 1, "made": 2, "remaining": 0}
    assert [one["frame"] for one in state["failures"]["truncated"]] == [str(path)]
    text = run("archive", "status", planned).output
    assert f"Failed (truncated): 1: {path}" in text
    merged = run("archive", "merge", planned, "--json")
    assert len((planned / "outcomes.jsonl").read_text().splitlines()) == 3
    assert json.loads(merged.stdout)["frames"] == state["frames"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("scheduler", ["processes", "dask"])
def test_a_signal_stops_a_run_after_the_frames_in_hand_and_it_goes_on_later(
    make_frame, run, tmp_path, number, scheduler
):
    (tmp_path / "frames").mkdir()
    for index in range(40):
        content = make_frame(TIME_OBS=f"02:{index:02}:00", EXPTIME=19.0 + index / 100)
        (tmp_path / "frames" / f"{32000000 + index}.fts").write_bytes(content)
    run("archive", "plan", tmp_path / "frames", "-o", tmp_path / "run", "--fill", "none", "--chunk", "20")
    out = tmp_path / "out"
    command = archive("run", tmp_path / "run", "-o", out, "-j", "1", "--scheduler", scheduler)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while process.poll() is None and not list(out.glob("*.fits")):
        time.sleep(0.05)
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)  # as Ctrl-C does
    _, said = process.communicate(timeout=120)
    assert process.returncode == 128 + number, said
    assert "Stopped; the same command goes on where it was stopped." in said
    state = json.loads(run("archive", "status", tmp_path / "run", "--json").output)
    assert state["frames"]["made"] == len(list(out.glob("*.fits"))) < 40
    assert state["interrupted"] == 0
    assert not list(out.glob(".*"))
    assert (
        run("archive", "run", tmp_path / "run", "-o", out, "--dry-run").output.count("from")
        == 40 - state["frames"]["made"]
    )
