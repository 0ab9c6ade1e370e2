"""The plan of a run on disk."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from planned import JOB, entry, planned

from corinpaint.archive.planning.plan_file import NAME, Plan, PlanError, Settings, Shard, parse_shard, write_plan
from corinpaint.lasco.errors import OptionError, OutputError

SETTINGS = Settings(JOB, "ab" * 32, 4, "1")


def test_a_plan_gives_back_its_settings_and_entries(tmp_path):
    entries = [entry(tmp_path / "frames", number) for number in range(10)]
    assert write_plan(tmp_path, SETTINGS, entries) == 10
    with Plan(tmp_path) as plan:
        assert plan.settings == SETTINGS
        assert list(plan.entries()) == entries
        assert list(plan.entries(3, 5)) == entries[3:5]
        assert list(plan.positions([entries[7].key, "ff" * 32, "no key"])) == [7, None, None]


def test_frames_and_products_are_in_a_plan_once(tmp_path):
    first, second = (entry(tmp_path / "frames", number) for number in range(2))
    copy, rival = replace(first, frame="copy", product="other"), replace(second, key="cd" * 32, frame="rival")
    left_out = []
    count = write_plan(tmp_path, SETTINGS, [first, copy, second, rival], lambda *pair: left_out.append(pair))
    assert count == 2
    assert left_out == [(copy, first), (rival, second)]
    with Plan(tmp_path) as plan:
        assert [one.frame for one in plan.entries()] == [first.frame, second.frame]


def test_chunks_have_all_entries_in_order(tmp_path):
    with Plan(planned(tmp_path, [""] * 10, chunk=4)) as plan:
        chunks = [plan.chunk(number) for number in range(plan.chunks)]
        assert [len(chunk.entries) for chunk in chunks] == [4, 4, 2]
        assert [one for chunk in chunks for one in chunk.entries] == list(plan.entries())
        assert not any(chunk.around for chunk in chunks)


def test_a_chunk_knows_the_frames_of_the_hours_around_it(tmp_path):
    entries = [entry(tmp_path / "frames", 60 * hour) for hour in range(12)]
    write_plan(tmp_path, replace(SETTINGS, job=replace(JOB, auto_context=True), chunk=2), entries)
    with Plan(tmp_path) as plan:
        assert plan.chunk(2).around == tuple(entries[1:9])
        assert plan.chunk(0).around == tuple(entries[:5])
        assert plan.chunk(5).around == tuple(entries[7:])


def test_a_plan_is_replaced_as_a_whole(tmp_path):
    write_plan(tmp_path, SETTINGS, [entry(tmp_path / "frames", 0)])

    def interrupted():
        yield entry(tmp_path / "frames", 1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_plan(tmp_path, SETTINGS, interrupted())
    with Plan(tmp_path) as plan:
        assert plan.count == 1
    assert {path.name for path in tmp_path.iterdir()} == {NAME, "frames"}


def test_a_plan_can_be_read_where_nothing_can_be_written(tmp_path):
    run = planned(tmp_path, [""])
    (run / NAME).chmod(0o400)
    run.chmod(0o500)
    try:
        with Plan(run) as plan:
            assert plan.count == 1
        assert [path.name for path in run.iterdir()] == [NAME]
    finally:
        run.chmod(0o700)


def test_a_missing_or_damaged_plan_is_named(tmp_path):
    with pytest.raises(PlanError, match="no such plan"):
        Plan(tmp_path)
    (tmp_path / NAME).write_bytes(os.urandom(5000))
    with pytest.raises(PlanError, match="cannot be read"):
        Plan(tmp_path)


def test_a_plan_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(OutputError):
        write_plan(tmp_path / "run", SETTINGS, [])


def test_every_chunk_belongs_to_one_shard():
    shards = [parse_shard(f"{index}/3") for index in (1, 2, 3)]
    assert all(sum(shard.has(chunk) for shard in shards) == 1 for chunk in range(10))
    assert str(shards[1]) == "2/3"


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/2", "1/2/3"])
def test_a_shard_that_cannot_be_is_named(text):
    with pytest.raises(OptionError, match="shard"):
        parse_shard(text)


def test_the_whole_plan_is_one_shard():
    assert all(Shard().has(chunk) for chunk in range(5))
