"""A file gets into the folder only when it is good and what was recorded; the record follows."""

from __future__ import annotations

import os

import official_tree
import pytest

from corinpaint.lasco.errors import CalibrationError, OutputError
from corinpaint.lasco.reference_files import catalogue, install, manifest
from corinpaint.lasco.reference_files.install import Installer

TABLE = catalogue.identify("c3_expfactor_020108.dat")
OTHER = official_tree.TABLE.replace(b"0.996987", b"0.996988")


def _put(directory, content, asset=TABLE, **options):
    with Installer(directory) as folder:
        return folder.install(asset, lambda part: part.write_bytes(content), source="there", label="it", **options)


def test_a_file_is_installed_and_recorded_in_the_lock_file(tmp_path):
    assert _put(tmp_path, official_tree.TABLE) is True
    assert (tmp_path / TABLE.path).read_bytes() == official_tree.TABLE
    assert manifest.read(tmp_path)[TABLE.path].source == "there"
    assert manifest.verify(tmp_path) == []
    assert _put(tmp_path, official_tree.TABLE) is False


@pytest.mark.parametrize("content", [b"", official_tree.PAGE, b"32082037.fts 1.0"])
def test_damaged_content_leaves_no_file(tmp_path, content):
    with pytest.raises(CalibrationError, match=r"c3_expfactor_020108\.dat: it is .*get it from elsewhere"):
        _put(tmp_path, content)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_content_that_differs_from_the_record_is_refused_without_update(tmp_path):
    _put(tmp_path, official_tree.TABLE)
    with pytest.raises(CalibrationError, match=r"lock\.json records .*--update"):
        _put(tmp_path, OTHER)
    assert (tmp_path / TABLE.path).read_bytes() == official_tree.TABLE
    assert manifest.verify(tmp_path) == []
    assert _put(tmp_path, OTHER, update=True) is True
    assert (tmp_path / TABLE.path).read_bytes() == OTHER
    assert manifest.verify(tmp_path) == []


def test_a_changed_file_is_replaced_by_the_recorded_content(tmp_path):
    _put(tmp_path, official_tree.TABLE)
    (tmp_path / TABLE.path).write_bytes(OTHER)
    assert _put(tmp_path, official_tree.TABLE) is True
    assert manifest.verify(tmp_path) == []


def test_a_valid_unrecorded_file_is_not_replaced_by_different_content(tmp_path):
    path = tmp_path / "mine" / TABLE.name
    path.parent.mkdir()
    path.write_bytes(OTHER)
    with pytest.raises(CalibrationError, match=r"the existing file has .*--update"):
        _put(tmp_path, official_tree.TABLE)
    assert path.read_bytes() == OTHER
    assert _put(tmp_path, OTHER) is False
    assert list(manifest.read(tmp_path)) == [f"mine/{TABLE.name}"]


def test_a_damaged_unrecorded_file_is_replaced(tmp_path):
    path = tmp_path / TABLE.name
    path.write_bytes(official_tree.PAGE)
    assert _put(tmp_path, official_tree.TABLE) is True
    assert path.read_bytes() == official_tree.TABLE


def test_a_file_in_the_folder_is_recorded_in_place(tmp_path):
    (tmp_path / TABLE.name).write_bytes(official_tree.TABLE)
    with Installer(tmp_path) as folder:
        assert folder.record(TABLE, TABLE.name, source="imported") is True
        assert folder.record(TABLE, TABLE.name, source="imported") is False
        assert folder.is_installed(TABLE)
        (tmp_path / TABLE.name).write_bytes(OTHER)
        assert not folder.is_installed(TABLE)
        with pytest.raises(CalibrationError, match="--update"):
            folder.record(TABLE, TABLE.name, source="imported")
        assert folder.record(TABLE, TABLE.name, source="imported", update=True) is True
        (tmp_path / TABLE.name).write_bytes(official_tree.PAGE)
        with pytest.raises(CalibrationError, match="an HTML page"):
            folder.record(TABLE, TABLE.name, source="imported")


def test_the_lock_file_is_written_while_files_are_installed_and_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(install, "MIN_SECONDS_PER_ENTRY", 0)
    folder = Installer(tmp_path)
    folder.install(TABLE, lambda part: part.write_bytes(official_tree.TABLE), source="there", label="it")
    assert list(manifest.read(tmp_path)) == [TABLE.path]
    monkeypatch.setattr(install, "MIN_SECONDS_PER_ENTRY", 1e9)
    second = catalogue.identify("c3_expfactor_020109.dat")

    def interrupted():
        with folder:
            folder.install(second, lambda part: part.write_bytes(official_tree.TABLE), source="there", label="it")
            assert second.path not in manifest.read(tmp_path)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert second.path in manifest.read(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match=r"c3_expfactor_020108\.dat: cannot be written \(No space left"):
        _put(tmp_path, official_tree.TABLE)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
