"""Finding and reading the files of a plan."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest

from corinpaint.archive.planning import scan as module
from corinpaint.archive.planning.facts import UNREADABLE
from corinpaint.archive.planning.known_files import KnownFiles
from corinpaint.archive.planning.scan import scan

SMALL = np.full((32, 32), 400, np.int16)


@pytest.fixture
def archive(make_frame, tmp_path):
    """A folder as an archive has it."""
    folder = tmp_path / "archive"
    for name, cards in (("020108/c2/22000001.fts", {"DETECTOR": "C2"}), ("020108/c3/32000001.fts", {})):
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_bytes(make_frame(SMALL, **cards))
    c3 = folder / "020108" / "c3"
    (c3 / "._32000001.fts").write_bytes(b"of macOS")
    (c3 / "img_hdr.txt").write_text("32000001.fts ...")
    (c3 / "35000001.fts").write_bytes(make_frame(SMALL, LEVEL="1.0", CREATOR="CorInpaint 1"))
    (c3 / "32000002.fts").write_bytes(b"cut off")
    (c3 / "32000003.part").write_bytes(make_frame(SMALL))
    return folder


@pytest.fixture
def known(tmp_path):
    files = KnownFiles(tmp_path / "run")
    yield files
    files.close()


def test_frames_are_found_with_their_subfolders_and_what_is_none_is_counted(archive, known):
    told = []
    assert scan([archive], known, tell=told.append) == []
    frames = [(place.path, place.subfolder, place.number) for place, _ in known.frames()]
    assert frames == [
        (str(archive / "020108" / name / f"{number}.fts"), f"020108/{name}", number)
        for name, number in (("c2", "22000001"), ("c3", "32000001"))
    ]
    counts = known.counts()
    assert (counts[UNREADABLE], sum(counts.values())) == (1, 5)
    assert sum(told) == 5


def test_a_second_scan_reads_only_what_is_new_or_has_changed(archive, tmp_path, monkeypatch, make_frame):
    first = KnownFiles(tmp_path / "run")
    scan([archive], first)
    first.close()
    read = []
    facts = module._facts
    monkeypatch.setattr(module, "_facts", lambda path: read.append(path.name) or facts(path))
    (archive / "020108" / "c2" / "22000002.fts").write_bytes(make_frame(SMALL, DETECTOR="C2", EXPTIME=5.0))
    os.utime(archive / "020108" / "c3" / "32000001.fts", ns=(1, 1))
    (archive / "020108" / "c2" / "22000001.fts").unlink()
    second = KnownFiles(tmp_path / "run")
    scan([archive], second)
    assert sorted(name for name in read if name != "img_hdr.txt") == ["22000002.fts", "32000001.fts"]
    assert [place.number for place, _ in second.frames()] == ["22000002", "32000001"]
    second.close()


def test_inputs_that_do_not_exist_are_errors_and_the_others_are_read(archive, known, tmp_path):
    (failure,) = scan([tmp_path / "none", archive / "020108" / "c2" / "22000001.fts"], known)
    assert "none: cannot be read" in str(failure)
    assert known.counts() == {"": 1}


@pytest.mark.slow
def test_several_processes_find_the_same(archive, known, tmp_path):
    scan([archive], known)
    other = KnownFiles(tmp_path / "other")
    scan([archive], other, processes=2)
    assert list(other.frames()) == list(known.frames())
    assert other.counts() == known.counts()
    other.close()


def test_patterns_and_lists_name_inputs_as_they_do_for_restore(archive, known, tmp_path):
    (failure,) = scan([archive / "*" / "c2", tmp_path / "none*"], known)
    assert failure.what.endswith("nothing matches the pattern")
    stdin = io.StringIO(f"{archive / '020108' / 'c3' / '32000001.fts'}\n")
    assert scan([Path("-")], known, stdin=stdin) == []
    assert [place.number for place, _ in known.frames()] == ["22000001", "32000001"]
