"""What a process does with entries."""

from __future__ import annotations

from dataclasses import replace

import pytest
from planned import JOB, FakeMaker, planned

from corinpaint.archive.claims import claim
from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.planning.plan_file import Plan, PlanError
from corinpaint.archive.processes import MAX_DEATHS
from corinpaint.archive.running import logs, work
from corinpaint.archive.running.work import Session, Work, run_chunk, run_planned
from corinpaint.lasco.retries import RetryPolicy


def session(folder, texts):
    run = planned(folder, texts, chunk=10)
    (folder / "products").mkdir()
    with Plan(run) as plan:
        return Session(run, folder / "products", "session", JOB, FakeMaker), plan.chunk(0)


def fates(outcomes) -> list[Fate]:
    return [outcome.fate for outcome in outcomes]


def logged(of: Session) -> list[logs.Line]:
    return [line for path in logs.files(of.run) for line in logs.read(path)]


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch):
    monkeypatch.setattr(work, "RETRIES", RetryPolicy(retries=2, sleep=lambda _: None))
    monkeypatch.setattr(work, "_makers", {})


def test_a_chunk_is_made_and_logged_in_order(tmp_path):
    of, chunk = session(tmp_path, ["", "fail", ""])
    outcomes = run_chunk(of, chunk)
    assert fates(outcomes) == [Fate.MADE, Fate.FAILED, Fate.MADE]
    assert [outcome.key for outcome in outcomes] == [entry.key for entry in chunk.entries]
    assert [line.key for line in logged(of)] == [entry.key for entry in chunk.entries for _ in "12"]
    assert len(list(of.products.glob("*.fits"))) == 2


def test_a_chunk_goes_on_where_another_process_left_it_with_the_frame_in_hand_last(tmp_path):
    of, chunk = session(tmp_path, [""] * 4)
    with logs.Log(of.run, of.name, "chunk000000") as log:
        log.begin(chunk.entries[0].key)
        log.end(Outcome(chunk.entries[0].frame, Fate.MADE, key=chunk.entries[0].key))
        log.begin(chunk.entries[1].key)
    outcomes = run_chunk(of, chunk)
    assert [outcome.key for outcome in outcomes] == [chunk.entries[index].key for index in (0, 2, 3, 1)]
    assert len(list(of.products.glob("*.fits"))) == 3


def test_a_chunk_that_is_done_is_not_begun_again(tmp_path):
    of, chunk = session(tmp_path, [""] * 3)
    first = run_chunk(of, chunk)
    lines = len(logged(of))
    assert run_chunk(of, chunk) == first
    assert len(logged(of)) == lines


def test_a_frame_that_ended_several_processes_is_set_aside_and_the_others_are_made(tmp_path):
    of, chunk = session(tmp_path, [""] * 3)
    for index in range(MAX_DEATHS):
        path = logs.Log(of.run, of.name, "chunk000000").path
        path.write_text(f'{{"begin": "{chunk.entries[1].key}"}}\n')
        path.rename(path.with_name(path.name.replace("chunk000000-", f"chunk000000-{index}")))
    outcomes = run_chunk(of, chunk)
    assert fates(outcomes) == [Fate.MADE, Fate.MADE, Fate.SET_ASIDE]
    assert chunk.entries[1].frame in outcomes[-1].what
    assert outcomes[-1].key == chunk.entries[1].key


def test_an_error_that_may_pass_is_tried_again_some_times(tmp_path, monkeypatch):
    of, chunk = session(tmp_path, ["full disk", ""])
    tries = []
    make = FakeMaker.make
    monkeypatch.setattr(FakeMaker, "make", lambda *args, **kept: tries.append(1) or make(*args, **kept))
    outcomes = run_chunk(of, chunk)
    assert fates(outcomes) == [Fate.FAILED, Fate.MADE]
    assert "tried 3 times" in outcomes[0].what
    assert len(tries) == 4


def test_no_frame_is_begun_after_the_stop(tmp_path):
    of, chunk = session(tmp_path, [""] * 3)
    (of.run / logs.FOLDER).mkdir()
    of.stop_file.touch()
    assert run_chunk(of, chunk) == []
    assert logged(of) == []
    work.remove_stop_file(of)
    assert len(run_chunk(of, chunk)) == 3


def test_a_product_that_another_process_is_making_comes_later(tmp_path):
    of, chunk = session(tmp_path, ["", ""])
    work_on = Work(of)
    task = of.task(chunk, chunk.entries[0])
    with claim(task.target, wait=False):
        assert work_on(task) is None
    assert work_on(replace(task, wait=True)).fate is Fate.MADE
    work_on.log.close()
    assert [line.outcome is None for line in logged(of)] == [True, True, False]


def test_entries_of_a_chunk_are_read_from_the_plan_in_the_order_that_is_asked_for(tmp_path):
    of, chunk = session(tmp_path, [""] * 4)
    outcomes = run_planned(of, 0, (3, 1), chunk.entries[3].key)
    assert [outcome.key for outcome in outcomes] == [chunk.entries[3].key, chunk.entries[1].key]


@pytest.mark.parametrize(("places", "first"), [((0, 1), 1), ((0, 4), 0)], ids=["another frame", "fewer frames"])
def test_a_plan_that_was_replaced_meanwhile_is_an_error(tmp_path, places, first):
    of, chunk = session(tmp_path, [""] * 4)
    with pytest.raises(PlanError, match="changed during the run"):
        run_planned(of, 0, places, chunk.entries[first].key)


def test_the_maker_is_opened_once_in_a_process(tmp_path):
    of, chunk = session(tmp_path, [""])
    opened = []
    of = replace(of, open=lambda job: opened.append(job) or FakeMaker(job))
    for number in range(3):
        run_chunk(of, replace(chunk, number=number))
    assert len(opened) == 1
