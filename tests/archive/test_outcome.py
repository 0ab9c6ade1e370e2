"""Records of what became of a frame."""

from __future__ import annotations

import json

import pytest

from corinpaint.archive.outcome import Fate, Outcome, from_json


def test_a_line_gives_the_outcome_back():
    outcome = Outcome("a/b.fts", Fate.MADE, "p.fits", 4, 3, 1, 0, 0.25, ("too large",), ("dark",), "OFFICIAL", key="k")
    line = outcome.to_json()
    assert "\n" not in line
    assert from_json(line) == outcome
    assert from_json(line.encode()) == outcome


def test_a_line_holds_only_what_there_is_to_say():
    assert json.loads(Outcome("ä.fts", Fate.THERE).to_json()) == {"frame": "ä.fts", "fate": "there"}


def test_names_that_this_version_does_not_know_are_ignored():
    assert from_json('{"frame": "a.fts", "fate": "failed", "new": 1}') == Outcome("a.fts", Fate.FAILED)


@pytest.mark.parametrize("line", ["", '{"frame": "a.fts", "fa', "[]", "{}", '{"frame": "a.fts", "fate": "eaten"}'])
def test_a_torn_line_is_an_error(line):
    with pytest.raises(ValueError):  # noqa: PT011 that of json too
        from_json(line)


@pytest.mark.parametrize("fate", list(Fate))
def test_only_failures_have_failed(fate):
    assert Outcome("a.fts", fate).has_failed is (fate in (Fate.FAILED, Fate.SET_ASIDE))


def test_an_error_reads_as_one_line():
    assert Outcome("a.fts", Fate.FAILED, what="a.fts: dark", remedy="light it").error == "a.fts: dark; light it"
    assert Outcome("a.fts", Fate.FAILED, what="a.fts: dark").error == "a.fts: dark"
