"""The record of fetched files, also when a run is killed while it writes."""

from __future__ import annotations

import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from corinpaint.archive.acquisition import manifest
from corinpaint.lasco.errors import OutputError


@pytest.fixture
def frame(tmp_path):
    path = tmp_path / "32082037.fts"
    path.write_bytes(b"content")
    return path


def test_address_size_sha256_and_time_are_recorded(frame, tmp_path):
    entry = manifest.record(frame, "https://example.org/32082037.fts")
    assert manifest.read(tmp_path) == {frame.name: entry}
    assert (entry.url, entry.size) == ("https://example.org/32082037.fts", 7)
    assert entry.sha256 == hashlib.sha256(b"content").hexdigest()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.time)
    line = json.loads((tmp_path / manifest.NAME).read_text())
    assert set(line) == {"name", "url", "size", "sha256", "time"}


def test_a_folder_without_a_manifest_has_no_records(tmp_path):
    assert manifest.read(tmp_path / "absent") == {}


def test_a_file_is_as_recorded_or_not(frame):
    entry = manifest.record(frame, "")
    assert manifest.is_as_recorded(frame, entry)
    frame.write_bytes(b"CONTENT")
    assert not manifest.is_as_recorded(frame, entry)
    frame.unlink()
    assert not manifest.is_as_recorded(frame, entry)
    assert not manifest.is_as_recorded(frame, None)


def test_the_last_record_of_a_file_is_valid(frame, tmp_path):
    manifest.record(frame, "first")
    frame.write_bytes(b"other")
    last = manifest.record(frame, "second")
    assert manifest.read(tmp_path) == {frame.name: last}


@pytest.mark.parametrize("torn", ['{"name": "3208', "[]", '{"name": "x"}', "\0\0\0"])
def test_a_line_that_a_killed_run_left_is_passed_over(frame, tmp_path, torn):
    first = manifest.record(frame, "first")
    with (tmp_path / manifest.NAME).open("a") as file:
        file.write(torn)
    second = tmp_path / "32082038.fts"
    second.write_bytes(b"more")
    entry = manifest.record(second, "second")
    assert manifest.read(tmp_path) == {frame.name: first, second.name: entry}


def test_threads_record_at_the_same_time(tmp_path):
    paths = [tmp_path / f"{32000000 + number}.fts" for number in range(40)]
    for path in paths:
        path.write_bytes(path.name.encode())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda path: manifest.record(path, path.name), paths))
    assert set(manifest.read(tmp_path)) == {path.name for path in paths}


def test_a_manifest_that_cannot_be_read_or_written_is_named(frame, tmp_path):
    (tmp_path / manifest.NAME).mkdir()
    with pytest.raises(OutputError, match=r"fetched\.jsonl: cannot be read"):
        manifest.read(tmp_path)
    with pytest.raises(OutputError, match=r"fetched\.jsonl: cannot be written"):
        manifest.record(frame, "")
