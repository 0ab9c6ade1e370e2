"""Walking through folders."""

from __future__ import annotations

import pytest

from corinpaint.lasco.inputs.walk import walk
from corinpaint.lasco.reference_files.manifest import LOCK_FILE


@pytest.fixture
def tree(tmp_path):
    for name in ("b/2.fts", "b/1.fts", "a/deep/3.fts", "4.fts", ".hidden/5.fts", "a/._6.fts"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_a_folder_comes_before_its_subfolders_each_in_order(tree):
    found = [(str(folder.path.relative_to(tree)), [path.name for path in folder.files]) for folder in walk(tree, set())]
    assert found == [(".", ["4.fts"]), ("a", []), ("a/deep", ["3.fts"]), ("b", ["1.fts", "2.fts"])]


def test_a_folder_is_searched_once(tree):
    (tree / "link").symlink_to(tree / "b")
    met = set()
    assert [folder.path.name for folder in walk(tree, met) if folder.is_met] == ["link"]
    assert [folder.is_met for folder in walk(tree / "b", met)] == [True]


def test_calibration_folders_are_not_searched(tree):
    (tree / "b" / LOCK_FILE).touch()
    (calibration,) = (folder for folder in walk(tree, set()) if folder.is_calibration)
    assert (calibration.path, calibration.files) == (tree / "b", ())


def test_a_folder_that_cannot_be_read_is_an_error(tree):
    (folder,) = walk(tree / "none", set())
    assert "cannot be read" in str(folder.error)
