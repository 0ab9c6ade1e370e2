"""Where a run stands by its logs."""

from __future__ import annotations

import pytest
from planned import planned

from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.planning.plan_file import Plan, Shard
from corinpaint.archive.running import logs
from corinpaint.archive.running.state import MAX_ATTEMPTS, read_state


@pytest.fixture
def plan(tmp_path):
    with Plan(planned(tmp_path, [""] * 5)) as opened:
        yield opened


@pytest.fixture
def keys(plan):
    return [entry.key for entry in plan.entries()]


def made(key: str, filled: int = 2, fate: Fate = Fate.MADE) -> Outcome:
    return Outcome("frame", fate, "product", missing=3, filled=filled, refused=3 - filled, key=key)


def failed(key: str, code: str = "bad_frame", fate: Fate = Fate.FAILED) -> Outcome:
    return Outcome("frame", fate, code=code, what="is bad", remedy="leave it", key=key)


def log(plan, *outcomes: Outcome, part: str = "") -> None:
    with logs.Log(plan.run, logs.session_name(Shard()), part) as file:
        for outcome in outcomes:
            file.begin(outcome.key)
            file.end(outcome)


def test_without_logs_everything_remains(plan):
    assert read_state(plan).frames() == {"remaining": 5}


def test_entries_are_counted_by_what_became_of_them(plan, keys):
    log(plan, made(keys[0]), made(keys[1], fate=Fate.THERE), failed(keys[2]), failed(keys[3], fate=Fate.SET_ASIDE))
    state = read_state(plan)
    assert state.frames() == {"made": 1, "there": 1, "failed": 1, "set aside": 1, "remaining": 1}
    assert [state.is_done(position) for position in range(5)] == [True, True, False, False, False]
    assert [state.is_given_up(position) for position in range(5)] == [False, False, True, True, False]
    assert state.to_dict()["blocks"] == {"missing": 3, "filled": 2, "refused": 1, "occulted": 0}
    assert state.to_dict()["failures"]["bad_frame"][0]["what"] == "is bad"


def test_a_product_outweighs_failures_whichever_log_is_read_first(plan, keys):
    log(plan, failed(keys[0]), made(keys[1]), part="a")
    log(plan, made(keys[0]), failed(keys[1]), part="b")
    state = read_state(plan)
    assert state.frames() == {"made": 2, "remaining": 3}
    assert not state.failures
    assert not state.conflicts


def test_an_error_that_may_pass_is_given_up_only_after_some_runs(plan, keys):
    for attempt in range(MAX_ATTEMPTS):
        assert not read_state(plan).is_given_up(0)
        log(plan, failed(keys[0], "output"), part=str(attempt))
    assert read_state(plan).is_given_up(0)


def test_a_frame_in_hand_at_the_end_of_a_log_was_interrupted_others_were_not(plan, keys):
    with logs.Log(plan.run, "session") as file:
        file.begin(keys[0])  # another process was making it
        file.begin(keys[1])
    state = read_state(plan)
    assert dict(state.interrupted) == {1: 1}
    assert state.to_dict()["interrupted"] == 1


def test_what_was_made_twice_is_a_conflict_by_name(plan, keys):
    log(plan, made(keys[0]), made(keys[1]), part="a")
    log(plan, made(keys[0]), made(keys[1], filled=1), made(keys[2], fate=Fate.THERE), part="b")
    same, other = read_state(plan).conflicts
    assert (same.frame, same.what) == ("frame", "made more than once")
    assert "with [3, 1, 2, 0] and [3, 2, 1, 0] blocks" in other.what


def test_frames_that_are_not_in_the_plan_are_counted(plan):
    log(plan, made("ff" * 32))
    state = read_state(plan)
    assert state.strangers == 1
    assert state.frames() == {"remaining": 5}
