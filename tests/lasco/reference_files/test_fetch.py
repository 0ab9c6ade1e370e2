"""Fetching from a server with the official layout, and its failures."""

from __future__ import annotations

import errno
import os
from datetime import date

import official_tree
import pytest

from corinpaint.lasco.errors import FetchError
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files import catalogue, manifest, servers, transfer
from corinpaint.lasco.reference_files import fetch as fetching

DAYS = [date(2002, 1, 8), date(2002, 1, 9), date(2010, 1, 4)]
TABLES = catalogue.daily_tables(DAYS, ["C3"])
FIRST, SECOND, THIRD = TABLES
RAMP = catalogue.identify("C3ramp.fts")
ATTITUDE = [catalogue.identify("SO_AT_PRE_20100104_V02.FTS"), catalogue.identify("SO_AT_ROL_20100104_V01.DAT")]


@pytest.fixture
def server():
    with official_tree.serving([*catalogue.FIXED_FILES, *TABLES, *ATTITUDE]) as running:
        yield running


@pytest.fixture
def fetch(server, tmp_path):
    """Fetch into `tmp_path` from the server, without waiting."""

    def call(*assets, **options):
        connection = transfer.Connection(retries=2, sleep=lambda _: None)
        return fetching.fetch(tmp_path, assets, mirror=server.url, connection=connection, **options)

    return call


def _files(directory):
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


def test_fetched_files_have_the_layout_of_the_server_and_are_recorded(server, fetch, tmp_path):
    needed = catalogue.required_files({"C3": [DAYS[0]]})
    report = fetch(*needed)
    assert (report.ok, report.added) == (True, needed)
    assert _files(tmp_path) == {asset.path for asset in needed} | {manifest.LOCK_FILE}
    assert all((tmp_path / asset.path).read_bytes() == official_tree.content(asset) for asset in needed)
    assert manifest.read(tmp_path)[RAMP.path].source == f"{server.url}/{RAMP.path}"
    assert manifest.verify(tmp_path) == []
    assert load_calibration_set(tmp_path).kind == "OFFICIAL"


def test_a_second_run_requests_nothing_from_the_server(server, fetch):
    fetch(RAMP, FIRST)
    server.asked.clear()
    report = fetch(RAMP, FIRST)
    assert report.kept == [RAMP, FIRST]
    assert not server.asked


def test_an_interrupted_run_is_continued(server, fetch, tmp_path, monkeypatch):
    download = transfer.download

    def stop_at_second(url, *rest):
        if SECOND.name in url:
            raise KeyboardInterrupt
        download(url, *rest)

    monkeypatch.setattr(transfer, "download", stop_at_second)
    with pytest.raises(KeyboardInterrupt):
        fetch(*TABLES)
    assert _files(tmp_path) == {FIRST.path, manifest.LOCK_FILE}
    assert list(manifest.read(tmp_path)) == [FIRST.path]
    monkeypatch.undo()
    report = fetch(*TABLES)
    assert (report.kept, report.added) == ([FIRST], [SECOND, THIRD])
    assert server.asked[f"/{FIRST.path}"] == 1


def test_a_day_without_a_table_is_not_a_failure(server, fetch):
    del server.files[f"/{SECOND.path}"]
    report = fetch(*TABLES)
    assert (report.ok, report.added, report.absent) == (True, [FIRST, THIRD], [SECOND])


def test_a_missing_file_is_a_failure_and_the_others_are_fetched(server, fetch, tmp_path):
    server.break_(RAMP, "404")
    report = fetch(RAMP, FIRST)
    ((asset, error),) = report.failed
    assert (asset, report.added) == (RAMP, [FIRST])
    assert f"{server.url}/{RAMP.path}: the server has no such file (status 404)" in str(error)
    assert not (tmp_path / RAMP.path).exists()


@pytest.mark.parametrize("asset", [RAMP, FIRST], ids=["image", "table"])
def test_an_html_page_instead_of_the_file_is_a_failure_and_not_installed(server, fetch, tmp_path, asset):
    server.break_(asset, "page")
    report = fetch(asset, SECOND)
    ((_, error),) = report.failed
    assert "is an HTML page, not data" in str(error)
    assert f"{server.url}/{asset.path}" in str(error)
    assert report.added == [SECOND]
    assert _files(tmp_path) == {SECOND.path, manifest.LOCK_FILE}


def test_a_truncated_download_is_a_failure_and_not_installed(server, fetch, tmp_path):
    server.break_(RAMP, "cut", "cut", "cut")
    report = fetch(RAMP, FIRST)
    ((_, error),) = report.failed
    assert isinstance(error, transfer.UnreachableError)
    assert _files(tmp_path) == {FIRST.path, manifest.LOCK_FILE}


def test_a_temporary_server_error_is_not_reported(server, fetch):
    server.break_(RAMP, "500", "cut")
    assert fetch(RAMP).added == [RAMP]
    assert server.asked[f"/{RAMP.path}"] == 3


def test_complete_but_damaged_content_is_a_failure(server, fetch, tmp_path):
    server.files[f"/{RAMP.path}"] = official_tree.content(RAMP)[:9000]
    ((_, error),) = fetch(RAMP).failed
    assert "not a readable FITS image" in str(error)
    assert not (tmp_path / RAMP.path).exists()


def test_a_checksum_that_differs_from_the_record_is_a_failure_and_the_file_stays_missing(server, fetch, tmp_path):
    fetch(RAMP)
    (tmp_path / RAMP.path).unlink()
    server.files[f"/{RAMP.path}"] = official_tree.fits_image(value=99)
    ((_, error),) = fetch(RAMP).failed
    assert "records" in str(error)
    assert "--update" in str(error)
    assert not (tmp_path / RAMP.path).exists()
    assert fetch(RAMP, update=True).added == [RAMP]
    assert manifest.verify(tmp_path) == []


def test_an_update_requests_every_file_and_installs_new_content(server, fetch, tmp_path):
    fetch(FIRST, SECOND)
    server.files[f"/{FIRST.path}"] = official_tree.TABLE + b"32082038.fts 1.0 377.7 0 8999.9\n"
    report = fetch(FIRST, SECOND, update=True)
    assert (report.added, report.kept) == ([FIRST], [SECOND])
    assert (tmp_path / FIRST.path).read_bytes() == server.files[f"/{FIRST.path}"]
    assert manifest.verify(tmp_path) == []


def test_a_changed_file_is_fetched_again(fetch, tmp_path):
    fetch(FIRST)
    (tmp_path / FIRST.path).write_bytes(official_tree.PAGE)
    assert fetch(FIRST).added == [FIRST]
    assert manifest.verify(tmp_path) == []


def test_a_full_disk_ends_the_run_and_keeps_the_files_before(server, fetch, tmp_path, monkeypatch):
    def write(sink, data, write=transfer._Sink.write):
        if SECOND.name in sink.url:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(sink, data)

    monkeypatch.setattr(transfer._Sink, "write", write)
    report = fetch(*TABLES)
    ((asset, error),) = report.failed
    assert (asset, report.added, report.untried) == (SECOND, [FIRST], [THIRD])
    assert "cannot be written (No space left on device)" in str(error)
    assert _files(tmp_path) == {FIRST.path, manifest.LOCK_FILE}
    assert manifest.verify(tmp_path) == []
    assert server.asked[f"/{SECOND.path}"] == 1
    assert not server.asked[f"/{THIRD.path}"]


def test_a_server_that_does_not_answer_is_not_asked_after_a_few_files(tmp_path):
    with official_tree.serving([]) as gone:
        mirror = gone.url
    slept = []
    connection = transfer.Connection(retries=1, sleep=slept.append)
    report = fetching.fetch(tmp_path, list(catalogue.FIXED_FILES), mirror=mirror, connection=connection)
    assert len(report.failed) == len(catalogue.FIXED_FILES)
    assert len(slept) == servers.MAX_UNANSWERED
    assert "not tried" in str(report.failed[-1][1])


def test_every_file_has_its_progress_bar(server, fetch):
    made = []

    class Bar:
        total, closed = 0, False

        def update(self, n):
            pass

        def reset(self):
            pass

        def close(self):
            self.closed = True

    def progress(label):
        made.append((label, Bar()))
        return made[-1][1]

    server.break_(SECOND, "404")
    fetch(FIRST, SECOND, progress=progress)
    assert [label for label, _ in made] == [f"1/2 {FIRST.name}", f"2/2 {SECOND.name}"]
    assert all(bar.closed for _, bar in made)
    assert made[0][1].total == len(official_tree.TABLE)


def test_the_official_servers_are_used_without_a_mirror(tmp_path, monkeypatch):
    asked = []

    def download(url, path, *_):
        asked.append(url)
        path.write_bytes(official_tree.TABLE)

    monkeypatch.setattr(transfer, "download", download)
    assert fetching.fetch(tmp_path, [FIRST]).added == [FIRST]
    assert asked == [FIRST.url()] == [manifest.read(tmp_path)[FIRST.path].source]


def test_attitude_files_come_from_the_index_of_the_server(server, fetch):
    found = fetching.find_attitude_files(DAYS[2:], mirror=server.url)
    assert found == ATTITUDE
    assert fetch(*found).added == ATTITUDE
    server.faults["/ancillary/attitude/predictive/2002/"] = ["404"]
    with pytest.raises(FetchError, match="predictive/2002/"):
        fetching.find_attitude_files(DAYS, mirror=server.url)
