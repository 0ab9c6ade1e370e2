"""What logs of runs say of their frames."""

from __future__ import annotations

import json

import pytest

from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.reporting import run_logs
from corinpaint.archive.summary import Summary
from corinpaint.lasco.errors import OptionError, OutputError

FAILED = Outcome("32000001.fts", Fate.FAILED, code="truncated", what="cut off", remedy="fetch it", key="ab")
MADE = Outcome("32000001.fts", Fate.MADE, "35000001.fits", key="ab")


def test_the_summary_of_log_json_names_the_failures(tmp_path):
    summary = Summary()
    summary.add(FAILED)
    (tmp_path / "log.json").write_text(json.dumps(summary.to_dict(1.0)))
    (found,) = run_logs.read(tmp_path / "log.json")
    assert (found.frame, found.fate, found.error) == (FAILED.frame, Fate.FAILED, FAILED.error)


def test_of_the_logs_of_a_run_the_last_word_counts(tmp_path):
    assert not run_logs.has_logs(tmp_path)
    (tmp_path / "logs").mkdir()
    lines = ['{"begin": "ab"}', FAILED.to_json(), MADE.to_json(), '{"torn']
    (tmp_path / "logs" / "1.jsonl").write_text("\n".join(lines))
    assert run_logs.has_logs(tmp_path)
    assert run_logs.read(tmp_path) == run_logs.read(tmp_path / "logs" / "1.jsonl") == [MADE]


def test_other_files_are_refused(tmp_path):
    (tmp_path / "other.txt").write_text("something else")
    with pytest.raises(OptionError, match=r"other\.txt: is no log"):
        run_logs.read(tmp_path / "other.txt")
    with pytest.raises(OptionError, match="has no logs"):
        run_logs.read(tmp_path)
    with pytest.raises(OutputError, match="cannot be read"):
        run_logs.read(tmp_path / "absent")
