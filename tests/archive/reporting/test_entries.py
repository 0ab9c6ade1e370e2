"""Entries are kept as JSON, in the order of time."""

from __future__ import annotations

import json

import pytest

from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.reporting import entries


def test_an_entry_is_read_back_as_it_was_written():
    entry = entries.Entry("a.fits", "a-1", zones={"network": 2}, reasons=("x",), warnings=("y",))
    assert entries.from_json(json.loads(json.dumps(entry.to_json()))) == entry
    for other in ({}, [], None, {"file": 1}):
        with pytest.raises(ValueError, match="no entry"):
            entries.from_json(other)


def test_what_failed_has_no_page_and_says_why():
    failed = entries.failed(Outcome("in/32000001.fts", Fate.FAILED, what="cut off", remedy="fetch it"))
    assert (failed.number, failed.reasons, failed.has_failed) == ("32000001", ("cut off; fetch it",), True)
    assert entries.failed(Outcome("", Fate.FAILED, what="x")).file == "unknown"
    assert entries.damaged("a/35000001.fits", "x").fate == "damaged"


def test_entries_without_a_date_come_last():
    late, early, unknown = (entries.Entry("x", date=date) for date in ("2002", "2001", ""))
    assert sorted([unknown, late, early], key=lambda entry: entry.order) == [early, late, unknown]


def test_keys_are_plain_names_and_tell_folders_apart():
    assert entries.key_of("a/35000001.fits") != entries.key_of("b/35000001.fits")
    assert "/" not in entries.key_of('../<"%20.fits')
    assert entries.key_of('<"\udcff .fits').isascii()
