"""Chunks on processes of this machine."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from planned import FakeMaker, planned

from corinpaint.archive.outcome import Fate
from corinpaint.archive.planning.plan_file import Plan
from corinpaint.archive.running import logs
from corinpaint.archive.running.local import run_locally
from corinpaint.archive.running.run import Run, Wanted


def worked(folder, processes=2, stop=None):
    (folder / "products").mkdir(exist_ok=True)
    stop = stop or threading.Event()
    with Plan(folder / "run") as plan:
        run = Run(plan, Wanted(folder / "products"), FakeMaker)
        yield from run.work(lambda session, chunks, stop: run_locally(session, chunks, processes, stop), stop)


@pytest.mark.slow
def test_a_frame_that_kills_its_process_twice_is_set_aside_and_all_others_are_made(tmp_path):
    planned(tmp_path, ["", "kill", "", "kill once", "fail", "", "", ""])
    outcomes = {int(Path(outcome.frame).stem) - 22000000: outcome for outcome in worked(tmp_path)}
    assert len(outcomes) == 8
    assert {number for number, one in outcomes.items() if one.fate is Fate.MADE} == {0, 2, 3, 5, 6, 7}
    assert outcomes[1].fate is Fate.SET_ASIDE
    assert "22000001.fts: ended the process that worked on it 2 times (SIGKILL)" in outcomes[1].what
    assert list(worked(tmp_path)) == []


@pytest.mark.slow
def test_a_chunk_is_worked_through_by_one_process(tmp_path):
    planned(tmp_path, ["slow"] * 12)
    list(worked(tmp_path))
    with Plan(tmp_path / "run") as plan:
        chunks = [{entry.key for entry in plan.chunk(number).entries} for number in range(plan.chunks)]
    written = [{line.key for line in logs.read(path)} for path in logs.files(tmp_path / "run")]
    assert len(written) == 2
    assert all(sum(bool(chunk & keys) for keys in written) == 1 for chunk in chunks)


@pytest.mark.slow
def test_no_frame_is_begun_after_the_stop(tmp_path):
    planned(tmp_path, ["slow"] * 30)
    stop = threading.Event()
    outcomes = []
    for outcome in worked(tmp_path, stop=stop):
        outcomes.append(outcome)
        stop.set()
    assert 1 <= len(outcomes) <= 4
    assert len(list((tmp_path / "products").glob("*.fits"))) == len(outcomes)
    assert len(list(worked(tmp_path))) == 30 - len(outcomes)
