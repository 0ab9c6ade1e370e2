"""Joining what shards or machines did."""

from __future__ import annotations

import shutil

import pytest
from planned import planned

from corinpaint.archive.outcome import Fate, Outcome, from_json
from corinpaint.archive.planning.plan_file import Plan
from corinpaint.archive.running import logs
from corinpaint.archive.running.merge import MERGED, merge
from corinpaint.lasco.errors import OptionError


@pytest.fixture
def machines(tmp_path):
    """Two folders of one plan of six frames."""
    first = planned(tmp_path, [""] * 6)
    second = tmp_path / "second"
    shutil.copytree(first, second)
    return first, second


def log(run, numbers, session, fate=Fate.MADE, **values):
    with Plan(run) as plan, logs.Log(run, session) as file:
        entries = list(plan.entries())
        for number in numbers:
            file.begin(entries[number].key)
            file.end(Outcome(entries[number].frame, fate, missing=2, key=entries[number].key, **values))


def test_logs_of_two_machines_make_one_with_a_line_a_frame_in_time_order(machines):
    first, second = machines
    log(first, [0, 1, 4], "a")
    log(second, [5, 3, 2], "b")
    state = merge(first, [second])
    assert state.frames() == {"made": 6, "remaining": 0}
    lines = (first / MERGED).read_text().splitlines()
    with Plan(first) as plan:
        assert [from_json(line).key for line in lines] == [entry.key for entry in plan.entries()]
    assert not (second / MERGED).exists()


def test_merging_again_changes_nothing(machines):
    first, second = machines
    log(first, [0, 1], "a")
    log(second, [2], "b")
    merge(first, [second])
    before = {path: path.read_bytes() for path in first.rglob("*.jsonl")}
    state = merge(first, [second, first])
    assert {path: path.read_bytes() for path in first.rglob("*.jsonl")} == before
    assert not state.conflicts


def test_what_another_machine_has_added_since_is_taken(machines):
    first, second = machines
    log(second, [2], "b")
    merge(first, [second])
    log(second, [3], "b")
    assert merge(first, [second]).frames() == {"made": 2, "remaining": 4}
    assert merge(second, [first]).frames() == {"made": 2, "remaining": 4}


def test_what_both_machines_made_is_a_conflict_and_what_failed_on_one_is_not(machines):
    first, second = machines
    log(first, [0, 1], "a")
    log(first, [2], "c", Fate.FAILED, code="output", what="is full")
    log(second, [1, 2], "b")
    state = merge(first, [second])
    assert [conflict.frame.rpartition("/")[2] for conflict in state.conflicts] == ["22000001.fts"]
    assert state.frames() == {"made": 3, "remaining": 3}
    assert len((first / MERGED).read_text().splitlines()) == 3


def test_different_logs_of_one_name_are_refused(machines):
    first, second = machines
    log(first, [0], "a")
    log(second, [1], "a")
    with pytest.raises(OptionError, match="another log of the same name"):
        merge(first, [second])


def test_a_folder_without_logs_is_refused(machines):
    with pytest.raises(OptionError, match="has no logs"):
        merge(machines[0], [machines[1]])
