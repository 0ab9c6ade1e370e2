"""Entries and chunks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from planned import entry

from corinpaint.archive.planning.entries import Chunk


def test_frames_of_the_same_kind_within_hours_are_nearby(tmp_path):
    hours = [entry(tmp_path, 60 * hour) for hour in range(8)]
    hours[4] = replace(hours[4], polar="PB")
    hours[1] = replace(hours[1], filter="BLUE")  # of another kind, and two hours away
    chunk = Chunk(0, (hours[3],), (3,), tuple(hours))
    assert [Path(hours[hour].frame) for hour in (2, 5, 0, 6)] == list(chunk.nearby(hours[3]))


def test_frames_of_another_kind_within_the_hour_are_nearby(tmp_path):
    served, blue, later = (entry(tmp_path, minutes) for minutes in (0, 12, 90))
    blue, later = replace(blue, filter="BLUE"), replace(later, filter="BLUE")
    assert Chunk(0, (served,), (0,), (served, blue, later)).nearby(served) == (Path(blue.frame),)


def test_the_other_telescope_is_not_nearby(tmp_path):
    c3 = replace(entry(tmp_path, 0), detector="C3", filter="CLEAR")
    c2 = replace(entry(tmp_path, 12), detector="C2", filter="ORANGE")
    chunk = Chunk(0, (c3, c2), (0, 1), (c3, c2))
    assert chunk.nearby(c2) == chunk.nearby(c3) == ()


def test_without_context_nothing_is_nearby(tmp_path):
    entries = tuple(entry(tmp_path, number) for number in range(3))
    assert Chunk(0, entries).nearby(entries[1]) == ()
