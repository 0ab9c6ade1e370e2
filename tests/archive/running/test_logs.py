"""The logs of a run."""

from __future__ import annotations

import pytest

from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.planning.plan_file import Shard
from corinpaint.archive.running import logs
from corinpaint.lasco.errors import OutputError

MADE = Outcome("22000001.fts", Fate.MADE, "25000001.fits", missing=2, filled=2, key="ab")


@pytest.fixture
def log(tmp_path):
    with logs.Log(tmp_path, "session") as one:
        yield one


def test_a_log_gives_back_what_began_and_what_ended(tmp_path, log):
    log.begin("ab")
    log.end(MADE)
    begun, ended = logs.read(log.path)
    assert (begun.key, begun.outcome) == ("ab", None)
    assert (ended.key, ended.outcome) == ("ab", MADE)
    assert log.path.read_bytes()[ended.offset :].startswith(b'{"frame"')
    assert logs.files(tmp_path) == [log.path]


def test_torn_lines_are_overlooked(log):
    log.end(MADE)
    with log.path.open("ab") as file:
        file.write(b'{"frame": "22000002.fts", "fate": "ma')
    assert [line.outcome for line in logs.read(log.path)] == [MADE]


def test_a_line_after_a_torn_one_is_whole(tmp_path, log):
    with log.path.open("ab") as file:
        file.write(b'{"frame": "22000002.fts", "fate": "ma')
    with logs.Log(tmp_path, "session") as other:
        assert other.path == log.path
        other.end(MADE)
    assert [line.outcome for line in logs.read(log.path)] == [MADE]


def test_lines_that_are_no_outcomes_are_overlooked(log):
    log.path.write_text('{}\n[]\n{"fate": "made"}\n{"frame": "a", "fate": "unknown", "key": "ab"}\n{"begin": 1}\n')
    assert list(logs.read(log.path)) == []


def test_names_of_logs_have_the_shard():
    assert "-2of3-" in logs.session_name(Shard(2, 3))
    assert "of" not in logs.session_name(Shard()).split("-")[1]


def test_logs_are_chosen_by_the_beginning_of_their_names(tmp_path):
    for part in ("chunk000001", "chunk000002"):
        logs.Log(tmp_path, "session", part).close()
    assert len(logs.files(tmp_path)) == 2
    assert [path.name.split("-")[1] for path in logs.files(tmp_path, "session-chunk000002-")] == ["chunk000002"]


def test_a_run_without_logs_has_none(tmp_path):
    assert logs.files(tmp_path) == []


def test_a_log_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / logs.FOLDER).write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        logs.Log(tmp_path, "session")


def test_a_log_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(OutputError, match="cannot be read"):
        list(logs.read(tmp_path / "none.jsonl"))
