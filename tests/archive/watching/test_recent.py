"""Frames that have arrived lately."""

from __future__ import annotations

import pytest

from corinpaint.archive.watching import recent as module
from corinpaint.archive.watching.recent import Recent


@pytest.fixture
def arrive(tmp_path, make_frame):
    """Write a frame: its number, the minute of its exposure, and cards that differ; give its path."""

    def write(number: int, minute: int, **cards: object):
        path = tmp_path / f"{number}.fts"
        clock = f"{2 + minute // 60:02}:{minute % 60:02}:05.594"
        path.write_bytes(make_frame(FILENAME=path.name, TIME_OBS=clock, **cards))
        return path

    return write


def test_a_frame_serves_the_two_nearest_of_its_kind_on_each_side(arrive):
    recent = Recent()
    paths = [arrive(32000000 + minute, minute) for minute in (0, 12, 24, 36, 48)]
    others = [arrive(32000060, 30, POLAR="PB"), arrive(32000061, 600)]
    for path in [*paths, *others]:
        recent.add(path)
    assert recent.served_by(paths[4]) == [paths[3], paths[2]]
    assert sorted(recent.served_by(paths[2])) == [paths[0], paths[1], paths[3], paths[4]]


def test_a_frame_of_another_kind_serves_those_of_the_same_telescope_within_the_hour(arrive):
    recent = Recent()
    blue, near, far = arrive(32000030, 30, FILTER="Blue"), arrive(32000042, 42), arrive(32000240, 240)
    for path in (blue, near, far):
        recent.add(path)
    assert recent.served_by(blue) == [near]
    c2 = arrive(22000036, 36, DETECTOR="C2", FILTER="Orange")
    recent.add(c2)
    assert recent.served_by(blue) == [near]


def test_what_has_arrived_may_be_context(arrive):
    recent = Recent()
    one, other = arrive(32000001, 0), arrive(32000002, 12)
    recent.add(one)
    assert recent.nearby(other) == (one,)
    recent.add(other)
    assert recent.nearby(one) == (other,)


def test_the_final_version_of_a_quick_look_is_known(arrive):
    recent = Recent()
    quick, final, other = arrive(31000001, 0), arrive(32000001, 0), arrive(32000002, 12)
    recent.add(quick)
    assert recent.superseded(quick) == ""
    for path in (final, other):
        recent.add(path)
    assert recent.superseded(final) == "31000001"
    assert recent.superseded(other) == ""


def test_what_is_no_frame_serves_none(tmp_path):
    path = tmp_path / "32000001.fts"
    path.write_text("<html>")
    recent = Recent()
    recent.add(path)
    assert recent.served_by(path) == []
    assert recent.superseded(path) == ""


def test_old_exposures_are_forgotten(arrive, monkeypatch):
    monkeypatch.setattr(module, "MAX_EXPOSURES", 2)
    recent = Recent()
    quick = arrive(31000001, 0)
    for path in (quick, arrive(32000002, 12), arrive(32000003, 24)):
        recent.add(path)
    final = arrive(32000001, 0)
    recent.add(final)
    assert recent.superseded(final) == ""
