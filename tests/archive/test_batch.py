"""Many frames through one job, in one process or several."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import pytest

from corinpaint.archive.batch import FRAMES_WORTH_A_PROCESS, Task, available_cores, run, set_aside
from corinpaint.archive.claims import claim
from corinpaint.archive.outcome import Fate
from corinpaint.archive.processes import Death


def tasks_of(frames: list[Path], folder: Path) -> list[Task]:
    return [Task(frame, folder / f"{frame.stem}.fits", key=frame.stem) for frame in frames]


@pytest.mark.slow
def test_every_task_has_its_outcome_and_a_bad_frame_costs_no_other(write_frames, tmp_path, quick):
    frames = write_frames(3)
    frames[1].write_text("no FITS")
    outcomes = list(run(quick, tasks_of(frames, tmp_path / "out")))
    assert [outcome.fate for outcome in outcomes] == [Fate.MADE, Fate.FAILED, Fate.MADE]
    assert [outcome.key for outcome in outcomes] == [frame.stem for frame in frames]


def test_tasks_are_drawn_as_they_are_worked_on(write_frames, tmp_path, quick):
    drawn = []
    tasks = (drawn.append(task) or task for task in tasks_of(write_frames(3), tmp_path / "out"))
    next(iter(run(quick, tasks)))
    assert len(drawn) == 1


def test_no_frame_is_begun_after_the_stop(write_frames, tmp_path, quick):
    stop = threading.Event()
    outcomes = []
    for outcome in run(quick, tasks_of(write_frames(3), tmp_path / "out"), stop=stop):
        outcomes.append(outcome)
        stop.set()
    assert len(outcomes) == 1
    assert len(list((tmp_path / "out").iterdir())) == 1


@pytest.mark.slow
def test_products_that_another_run_makes_come_last(write_frames, tmp_path, quick):
    tasks = tasks_of(write_frames(3), tmp_path / "out")
    other = claim(tasks[0].target, wait=False)
    other.__enter__()
    ended = []
    for outcome in run(quick, tasks):
        ended.append(Path(outcome.frame).stem)
        if len(ended) == 2:
            other.__exit__(None, None, None)
    assert ended == [tasks[1].frame.stem, tasks[2].frame.stem, tasks[0].frame.stem]


@pytest.mark.slow
def test_processes_make_the_same_bytes(write_frames, tmp_path, quick):
    frames = write_frames(FRAMES_WORTH_A_PROCESS + 2)
    one = list(run(quick, tasks_of(frames, tmp_path / "one")))
    two = list(run(quick, tasks_of(frames, tmp_path / "two"), processes=2))
    assert {outcome.fate for outcome in [*one, *two]} == {Fate.MADE}
    assert sorted(outcome.frame for outcome in two) == sorted(map(str, frames))
    for frame in frames:
        name = f"{frame.stem}.fits"
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.slow
def test_a_second_run_starts_no_processes(write_frames, tmp_path, quick, monkeypatch):
    tasks = tasks_of(write_frames(FRAMES_WORTH_A_PROCESS), tmp_path / "out")
    list(run(quick, tasks))
    monkeypatch.setattr("corinpaint.archive.batch.Workers", None)
    assert {outcome.fate for outcome in run(quick, tasks, processes=2)} == {Fate.THERE}


@pytest.mark.slow
def test_two_runs_in_one_folder_make_each_product_once(write_frames, tmp_path, quick):
    tasks = tasks_of(write_frames(6), tmp_path / "out")
    found: list[list[Fate]] = [[], []]

    def work(number: int) -> None:
        found[number] = [outcome.fate for outcome in run(quick, tasks)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fates = list(itertools.chain(*found))
    assert (fates.count(Fate.MADE), fates.count(Fate.THERE)) == (6, 6)
    assert not list((tmp_path / "out").glob(".*"))


def test_a_frame_that_ends_its_processes_is_set_aside_by_name():
    outcome = set_aside(Task(Path("a.fts"), Path("p.fits"), "key"), 2, Death(-9).cause)
    assert (outcome.fate, outcome.code, outcome.key) == (Fate.SET_ASIDE, "worker_died", "key")
    assert outcome.what == "a.fts: ended the process that worked on it 2 times (SIGKILL)"


def test_there_is_a_core():
    assert available_cores() >= 1
