"""The lock file: what it records, and what `verify` finds against it."""

from __future__ import annotations

import hashlib
import json
import os

import official_tree
import pytest

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.reference_files import catalogue, manifest

TABLE = catalogue.identify("c3_expfactor_020108.dat")
RAMP = catalogue.identify("C3ramp.fts")
ASSETS = [RAMP, TABLE]


@pytest.fixture
def directory(tmp_path):
    """A folder of two files, both recorded."""
    official_tree.tree(tmp_path, ASSETS)
    manifest.update(tmp_path, {asset.path: manifest.make_entry(tmp_path / asset.path, asset.url()) for asset in ASSETS})
    return tmp_path


def _problems(directory):
    return [(finding.path, finding.problem) for finding in manifest.verify(directory)]


def test_the_lock_file_names_size_hash_origin_and_time_of_every_file(directory):
    recorded = json.loads((directory / "calibration.lock.json").read_text())["files"]
    assert list(recorded) == sorted(asset.path for asset in ASSETS)
    entry, content = recorded[TABLE.path], official_tree.TABLE
    assert (entry["size"], entry["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert entry["source"] == TABLE.url()
    assert entry["recorded"].endswith("Z")


def test_new_entries_keep_the_old_ones(directory):
    before = manifest.read(directory)
    manifest.update(directory, {"more.dat": manifest.make_entry(directory / TABLE.path, "imported")})
    assert manifest.read(directory) == {**before, "more.dat": manifest.read(directory)["more.dat"]}


def test_a_lock_file_that_cannot_be_written_stays_as_it_was(directory, monkeypatch):
    before = (directory / manifest.LOCK_FILE).read_bytes()
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(Exception, match="No space left"):
        manifest.update(directory, {})
    assert (directory / manifest.LOCK_FILE).read_bytes() == before
    assert not list(directory.glob(".corinpaint-*"))


def test_a_folder_as_recorded_has_no_defects(directory):
    assert manifest.verify(directory) == []


def test_a_missing_file_is_found(directory):
    (directory / RAMP.path).unlink()
    assert _problems(directory) == [(RAMP.path, "missing")]


def test_a_file_of_another_size_is_found(directory):
    with (directory / TABLE.path).open("ab") as file:
        file.write(b"32082038.fts 1.0 377.7 0 8999.9\n")
    assert _problems(directory) == [(TABLE.path, "size")]


def test_a_changed_file_of_the_same_size_is_found(directory):
    path = directory / TABLE.path
    path.write_bytes(path.read_bytes().replace(b"0.996987", b"0.996988"))
    assert _problems(directory) == [(TABLE.path, "changed")]


@pytest.mark.parametrize("content", [official_tree.PAGE, official_tree.fits_image()[:9000]], ids=["page", "cut"])
def test_a_damaged_file_is_found(directory, content):
    (directory / RAMP.path).write_bytes(content)
    (finding,) = manifest.verify(directory)
    assert (finding.path, finding.problem) == (RAMP.path, "damaged")
    assert "fetch or import it again" in finding.message


def test_an_unrecorded_official_file_is_found_and_other_files_are_ignored(directory):
    (directory / "sub").mkdir()
    (directory / "sub" / "c3_expfactor_020109.dat").write_bytes(official_tree.TABLE)
    (directory / "sub" / "notes.txt").write_text("mine")
    assert _problems(directory) == [("sub/c3_expfactor_020109.dat", "unlocked")]


def test_a_second_file_of_the_same_name_is_found(directory):
    (directory / "C3ramp.fts").write_bytes(official_tree.content(RAMP))
    assert _problems(directory) == [("C3ramp.fts", "unlocked")]


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(CalibrationError, match="fetch or import"):
        manifest.verify(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"format": 2, "files": {}}',
        '{"format": 1, "files": {"a.dat": {"size": 3}}}',
        '{"format": 1, "files": {"../a.dat": {}}}',
        '{"format": 1, "files": {"/etc/hosts": {}}}',
    ],
)
def test_a_damaged_lock_file_is_named(directory, text):
    (directory / manifest.LOCK_FILE).write_text(text)
    with pytest.raises(CalibrationError, match=r"calibration\.lock\.json.*remove it"):
        manifest.verify(directory)


def test_the_status_lists_all_fixed_files_and_the_daily_ones_that_exist(directory):
    (directory / "c2vig_final.fts").write_bytes(official_tree.fits_image())
    rows = {row.path.split("/")[-1]: row for row in manifest.status(directory)}
    assert len(rows) == len(catalogue.FIXED_FILES) + 1
    ramp, table, absent = rows["C3ramp.fts"], rows[TABLE.name], rows["occulter_center.dat"]
    assert (ramp.present, ramp.size, ramp.source) == (True, len(official_tree.content(RAMP)), RAMP.url())
    assert (table.present, table.sha256) == (True, hashlib.sha256(official_tree.TABLE).hexdigest())
    assert (absent.present, absent.size, absent.sha256, absent.source) == (False, None, None, None)
    assert (rows["c2vig_final.fts"].present, rows["c2vig_final.fts"].sha256) == (True, None)
    assert all(row.purpose for row in rows.values())
