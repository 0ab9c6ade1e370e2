"""Downloading frames: whole ones only, each once, whatever the server sends."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta

import pytest

from corinpaint.archive.acquisition import download, manifest, search
from corinpaint.archive.acquisition.query import Query
from corinpaint.lasco.errors import FetchError, FrameError, OutputError, TruncatedError, WrongInstrumentError
from corinpaint.lasco.reference_files import transfer
from corinpaint.lasco.reference_files.transfer import AbsentError, UnreachableError

PLACE = "020108/c3"


@pytest.fixture
def folder(server):
    """The folder of the day as the search finds it."""
    start = datetime(2002, 1, 8)
    (found,) = search.search(Query(start, start + timedelta(days=1), ("C3",)), server)
    return found


@pytest.fixture
def fetch(folder, server, archive, tmp_path):
    """Download the folder; requests are counted from here on."""
    archive.asked.clear()
    return lambda **options: download.fetch(folder, tmp_path, server, **options)


def _contents(place):
    return {path.name: path.read_bytes() for path in place.glob("*.fts")}


def _expected(shots):
    return {shot.name: shot.content() for shot in shots}


def test_frames_are_in_the_layout_of_the_archive_with_the_list_and_the_manifest(fetch, archive, shots, tmp_path):
    report = fetch()
    place = tmp_path / PLACE
    assert _contents(place) == _expected(shots)
    assert (place / "img_hdr.txt").read_bytes() == archive.files[f"/{PLACE}/img_hdr.txt"]
    assert sorted(path.name for path in place.iterdir()) == sorted([*_expected(shots), "img_hdr.txt", manifest.NAME])
    assert report.fetched == [place / shot.name for shot in shots]
    assert (report.kept, report.failed, report.untried) == ([], [], [])
    recorded = manifest.read(place)
    assert {name: entry.url for name, entry in recorded.items()} == {
        shot.name: f"{archive.url}/{shot.path}" for shot in shots
    }
    assert all(manifest.is_as_recorded(place / name, entry) for name, entry in recorded.items())


def test_frames_that_are_there_as_recorded_are_not_asked_for_again(fetch, archive, folder, shots, tmp_path):
    fetch()
    archive.asked.clear()
    assert download.missing(folder, tmp_path) == []
    report = fetch()
    assert (len(report.kept), report.fetched) == (len(shots), [])
    assert not archive.asked


def test_a_frame_that_is_not_as_recorded_is_fetched_again(fetch, archive, folder, shots, tmp_path):
    fetch()
    archive.asked.clear()
    (tmp_path / shots[0].path).write_bytes(shots[1].content())
    (tmp_path / shots[1].path).unlink()
    assert [header.name for header in download.missing(folder, tmp_path)] == [shots[0].name, shots[1].name]
    report = fetch()
    assert len(report.fetched) == 2
    assert _contents(tmp_path / PLACE) == _expected(shots)
    assert sum(archive.asked.values()) == 2


def test_whole_frames_that_are_there_without_a_record_are_kept_and_put_on_record(fetch, archive, shots, tmp_path):
    place = tmp_path / PLACE
    place.mkdir(parents=True)
    (place / shots[0].name).write_bytes(shots[0].content())
    (place / shots[1].name).write_bytes(shots[1].content()[:4000])
    report = fetch()
    assert report.kept == [place / shots[0].name]
    assert manifest.read(place)[shots[0].name].url == ""
    assert f"/{shots[0].path}" not in archive.asked
    assert _contents(place) == _expected(shots)


@pytest.mark.parametrize("fault", ["page", "short", "cut", "stop", "reset", "500", "503", "429", "wait 3"])
def test_a_passing_fault_does_no_harm(fetch, archive, shots, tmp_path, fault):
    archive.break_path(shots[1].path, fault)
    assert fetch().failed == []
    assert _contents(tmp_path / PLACE) == _expected(shots)


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ("page", FetchError, "an HTML page instead of the frame"),
        ("short", TruncatedError, "the image is truncated"),
        ("cut", UnreachableError, "tried 3 times"),
        ("reset", UnreachableError, "tried 3 times"),
        ("503", UnreachableError, "503"),
        ("404", AbsentError, "no such file"),
        ("403", FetchError, "refuses"),
    ],
)
def test_a_lasting_fault_is_named_and_the_other_frames_are_fetched(fetch, archive, shots, tmp_path, fault, error, said):
    archive.break_path(shots[1].path, *[fault] * 9)
    report = fetch()
    (failure,) = report.failed
    assert isinstance(failure, error)
    assert f"{archive.url}/{shots[1].path}: " in str(failure)
    assert said in str(failure)
    assert _contents(tmp_path / PLACE) == _expected([shots[0], *shots[2:]])
    assert shots[1].name not in manifest.read(tmp_path / PLACE)
    assert not list((tmp_path / PLACE).glob(".*"))


def test_a_frame_cut_at_8_kb_that_the_server_calls_whole_is_an_error(fetch, archive, shots, tmp_path):
    archive.files[f"/{shots[0].path}"] = shots[0].content(small=False)
    archive.break_path(shots[0].path, "8 KB", "8 KB")
    (failure,) = fetch().failed
    assert isinstance(failure, TruncatedError)
    assert "8192 of " in str(failure)
    assert not (tmp_path / shots[0].path).exists()
    assert fetch().failed == []
    assert (tmp_path / shots[0].path).stat().st_size > 2**21


def test_a_slow_server_is_given_up_after_a_while(fetch, archive, shots, monkeypatch):
    monkeypatch.setattr(transfer, "TIMEOUT", (5.0, 0.05))
    archive.break_path(shots[1].path, *["hang"] * 9)
    (failure,) = fetch().failed
    assert isinstance(failure, UnreachableError)
    assert "timed out" in str(failure)


def test_the_server_is_given_the_time_that_it_asks_for(fetch, archive, waited, shots):
    archive.break_path(shots[0].path, "wait 7")
    assert fetch().failed == []
    assert waited == [7]


def test_a_frame_of_another_telescope_is_an_error(fetch, archive, shots):
    archive.files[f"/{shots[0].path}"] = shots[0].content().replace(b"'C3      '", b"'C2      '")
    (failure,) = fetch().failed
    assert isinstance(failure, WrongInstrumentError)


def test_a_server_that_stops_answering_is_not_asked_for_the_rest(fetch, archive, shots, server):
    for shot in shots:
        archive.break_path(shot.path, *["503"] * 9)
    report = fetch(connections=1)
    assert len(report.failed) == 3
    assert len(report.untried) == 1
    assert server.has_stopped_answering


def test_at_most_two_connections_are_open_at_once(fetch, shots, monkeypatch):
    open_now, most = [], []
    before = download.download_frame

    def counted(url, *rest):
        open_now.append(url)
        most.append(len(open_now))
        before(url, *rest)
        open_now.remove(url)

    monkeypatch.setattr(download, "download_frame", counted)
    assert len(fetch(connections=9).fetched) == len(shots)
    assert max(most) <= 2


def test_progress_is_called_for_each_frame(fetch, shots):
    done = []
    fetch(done=lambda: done.append(1))
    fetch(done=lambda: done.append(1))
    assert len(done) == 2 * len(shots)


def test_nothing_is_written_where_nothing_is_wanted(folder, server, tmp_path):
    folder.wanted.clear()
    download.fetch(folder, tmp_path, server)
    assert not list(tmp_path.iterdir())


def test_an_output_that_cannot_be_written_ends_the_run(fetch, tmp_path):
    (tmp_path / "020108").write_bytes(b"a file in place of the folder")
    with pytest.raises(OutputError, match="020108"):
        fetch()


def test_an_interrupted_run_is_continued(fetch, archive, shots, tmp_path, monkeypatch):
    before = download.check_frame

    def interrupted(path, label, detector):
        if shots[2].name in label:
            raise KeyboardInterrupt
        before(path, label, detector)

    monkeypatch.setattr(download, "check_frame", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(connections=1)
    monkeypatch.undo()
    assert not (tmp_path / shots[2].path).exists()
    report = fetch()
    assert {path.name for path in report.kept} >= {shots[0].name, shots[1].name}
    assert _contents(tmp_path / PLACE) == _expected(shots)
    assert archive.asked[f"/{shots[0].path}"] == 1


def test_folders_that_killed_runs_left_behind_are_removed_and_those_of_other_runs_are_not(fetch, tmp_path):
    place, an_age = tmp_path / PLACE, time.time() - 2 * download.LEFT_BEHIND_SECONDS
    left, at_work = place / ".corinpaint-left", place / ".corinpaint-working"
    for path in (left, at_work):
        path.mkdir(parents=True)
        (path / "32082036.fts").write_bytes(b"half")
    for path in (left / "32082036.fts", left, at_work):
        os.utime(path, (an_age, an_age))
    fetch()
    assert at_work.exists()
    assert not left.exists()


@pytest.mark.slow
def test_simulated_and_real_frames_are_whole(tmp_path):
    from corinpaint.lasco.simulation import scene

    path = scene.write(scene.simulate(5), tmp_path / "32000005.fts")
    download.check_frame(path, path.name, "C3")
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(FrameError):
        download.check_frame(path, path.name, "C3")


def test_real_frames_are_whole(real_frames):
    download.check_frame(real_frames[0], real_frames[0].name, "C3")
    with pytest.raises(WrongInstrumentError):
        download.check_frame(real_frames[0], real_frames[0].name, "C2")
