"""What is kept of the files of a run's inputs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corinpaint.archive.planning.facts import UNREADABLE, Facts, Place
from corinpaint.archive.planning.known_files import KnownFiles
from corinpaint.lasco.errors import OutputError

PLACE = Place("/a/22000001.fts", "a", "22000001", 10, 20)
FACTS = Facts("", "ab" * 32, "2002-01-08T02:18:05.594", "C2", "ORANGE", "CLEAR", 1024, 1024)


@pytest.fixture
def known(tmp_path):
    files = KnownFiles(tmp_path)
    yield files
    files.close()


def test_a_file_is_known_until_its_size_or_time_changes(known):
    known.add([(PLACE, FACTS)])
    assert known.is_known(PLACE)
    assert not known.is_known(replace(PLACE, size=11))
    assert not known.is_known(replace(PLACE, mtime_ns=21))


def test_what_was_added_is_there_after_a_restart_but_belongs_to_a_scan_only_when_it_is_met(tmp_path):
    first = KnownFiles(tmp_path)
    first.add([(PLACE, FACTS)])
    first.close()
    second = KnownFiles(tmp_path)
    assert list(second.frames()) == []
    assert second.is_known(PLACE)
    assert list(second.frames()) == [(PLACE, FACTS)]
    second.close()


def test_frames_come_in_time_order(known):
    later, earlier = (
        (replace(PLACE, path=path), replace(FACTS, date=f"{date}-01-08T00:00:00.000"))
        for path, date in (("/a", 2003), ("/b", 2001))
    )
    known.add([later, earlier])
    assert list(known.frames()) == [earlier, later]


def test_unreadable_files_and_other_kinds_are_counted_and_named(known):
    bad = Facts(UNREADABLE, code="truncated", what="ends early", remedy="fetch it again")
    known.add([(PLACE, bad), (replace(PLACE, path="/b.fts"), Facts("calibration file"))])
    assert known.counts() == {"calibration file": 1, UNREADABLE: 1}
    ((_, facts),) = known.unreadable()
    assert (facts.code, facts.what, facts.remedy) == ("truncated", "ends early", "fetch it again")
    assert [str(path) for path in known.paths("calibration file", 3)] == ["/b.fts"]


def test_files_of_one_number_and_time_with_different_content_may_be_the_same_frame(known):
    paths = ("/a/22000001.fts", "/b/22000001.fts.fz", "/b/22000002.fts")
    places = [replace(PLACE, path=path, number=path[3:11]) for path in paths]
    known.add([(place, replace(FACTS, sha256=f"{index}" * 64)) for index, place in enumerate(places)])
    assert [[str(path) for path in paths] for paths in known.of_one_number()] == [
        ["/a/22000001.fts", "/b/22000001.fts.fz"]
    ]


@pytest.mark.slow
def test_two_processes_do_not_plan_one_run_at_a_time(known):
    known.add([(PLACE, FACTS)])
    with pytest.raises(OutputError, match=r"files\.sqlite: cannot be written"):
        KnownFiles(known.path.parent)


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        KnownFiles(tmp_path / "run")
