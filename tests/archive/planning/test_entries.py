"""Entries and chunks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from planned import entry

from corinpaint.archive.planning.entries import Chunk


def test_frames_of_the_same_kind_within_hours_are_nearby(tmp_path):
    hours = [entry(tmp_path, 60 * hour) for hour in range(8)]
    hours[4] = replace(hours[4], filter="BLUE")
    chunk = Chunk(0, (hours[3],), (3,), tuple(hours))
    assert [Path(hours[hour].frame) for hour in (2, 1, 5, 0, 6)] == list(chunk.nearby(hours[3]))


def test_without_context_nothing_is_nearby(tmp_path):
    entries = tuple(entry(tmp_path, number) for number in range(3))
    assert Chunk(0, entries).nearby(entries[1]) == ()
