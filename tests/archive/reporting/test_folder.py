"""The folder of a report is whole at any time, and holds nothing else."""

from __future__ import annotations

import pytest

from corinpaint.archive.reporting.entries import Entry
from corinpaint.archive.reporting.folder import ASSETS, Folder, address
from corinpaint.lasco.errors import OutputError

ENTRY = Entry("a.fits", "a-1", "a")


def test_a_frame_is_known_as_long_as_its_product_stays(tmp_path):
    folder = Folder(tmp_path / "report")
    assert folder.known("a-1", [1, 2]) is None
    folder.write_frame(ENTRY, [1, 2], {"index.html": b"x"})
    assert folder.known("a-1", [1, 2]) == ENTRY
    assert folder.known("a-1", [1, 3]) is None
    folder.write_frame(ENTRY, [1, 3], {"index.html": b"y"})
    assert (tmp_path / "report" / "frames" / "a-1" / "index.html").read_bytes() == b"y"
    assert [path.name for path in (tmp_path / "report" / "frames").iterdir()] == ["a-1"]
    (tmp_path / "report" / "frames" / "a-1" / "entry.json").write_text("{torn")
    assert folder.known("a-1", [1, 3]) is None


def test_the_index_leaves_no_old_data_and_writes_nothing_anew_without_need(tmp_path, make_entries):
    folder = Folder(tmp_path)
    folder.write_index(make_entries(3))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    Folder(tmp_path).write_index(make_entries(3))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before
    folder.write_index(make_entries(4))
    (data,) = (tmp_path / "data").glob("page-*.js")
    assert data.name in (tmp_path / "index.html").read_text()
    assert {path.name for path in (tmp_path / "assets").iterdir()} == set(ASSETS)


def test_pages_of_products_that_are_gone_are_removed(tmp_path):
    folder = Folder(tmp_path)
    folder.write_frame(ENTRY, [1], {})
    (tmp_path / "frames" / "of somebody else").mkdir()
    assert folder.remove_others([]) == 1
    assert [path.name for path in (tmp_path / "frames").iterdir()] == ["of somebody else"]


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(OutputError, match="something else than a report"):
        Folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_products_are_linked_only_inside_the_folder(tmp_path):
    inside = address(tmp_path / "a b.fits", tmp_path, tmp_path / "report", "k")
    assert inside == "../../../a b.fits"
    assert address(tmp_path / "a.fits", tmp_path, tmp_path.parent / "elsewhere", "k") == ""
