"""`corinpaint fetch`."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time

import frame_archive
import official_tree
import pytest

from corinpaint.archive.acquisition import manifest
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.reference_files import servers

C3 = frame_archive.hourly()
C2 = [
    frame_archive.Shot(22240001 + at, f"2002-01-08T00:{minute:02d}:05", "C2", 25.3, "Orange", polar)
    for at, (minute, polar) in enumerate([(6, "Clear"), (30, "Clear"), (32, "+60 Deg"), (34, "0 Deg"), (36, "-60 Deg")])
]
NEXT_DAY = frame_archive.hourly("2002-01-09", first=32082060)
FILES = frame_archive.files([*C3, *C2, *NEXT_DAY])
LIST = "020108/c3/img_hdr.txt"


@pytest.fixture
def archive():
    with official_tree.serving(files=FILES) as running:
        yield running


@pytest.fixture
def output(tmp_path):
    return tmp_path / "frames"


@pytest.fixture
def fetch(run, archive, output):
    """`corinpaint fetch` from the server, without pauses and retries."""
    quick = ["-o", output, "--mirror", archive.url, "--delay", 0, "--retries", 0]
    return lambda *words: run("fetch", *words, *quick)


def _there(output):
    return sorted(path.relative_to(output).as_posix() for path in output.glob("*/c?/*.fts"))


def _paths(*shots):
    return sorted(shot.path for shot in shots)


@pytest.mark.parametrize(
    ("words", "shots"),
    [
        ("2002-01-08 --hours 2 --detector c3", C3[:2]),
        ("2002-01-08T02:00 2002-01-09 --detector C3", [*C3[2:], *NEXT_DAY]),
        ("2002-01-08T02:00 2002-01-09T02:00 --detector c3", [*C3[2:], *NEXT_DAY[:2]]),
        ("2002-01-08", [*C3, *C2]),
        ("2002-01-08 --filter orange", C2),
        ("2002-01-08 --detector c2 --polar Clear", C2[:2]),
        ("2002-01-08 --detector c2 --polar +60 --polar -60", [C2[2], C2[4]]),
        ("2002-01-08 --detector c2 --polar Clear --cadence 60", C2[:1]),
        ("2002-01-08 2002-01-09 --detector c3 --cadence 120", [C3[0], C3[2], NEXT_DAY[0], NEXT_DAY[2]]),
        ("2002-01-08 --min-exposure 20", C2),
        ("2002-01-08 --max-exposure 20", C3),
    ],
)
def test_wanted_frames_are_fetched_and_no_others(fetch, archive, output, words, shots):
    result = fetch(*words.split())
    assert result.exit_code == 0, result.output
    assert _there(output) == _paths(*shots)
    assert all((output / shot.path).read_bytes() == shot.content() for shot in shots)
    assert {path for path in archive.asked if path.endswith(".fts")} == {f"/{shot.path}" for shot in shots}


def test_one_line_tells_what_became_of_the_frames_of_a_folder(fetch, output):
    first = fetch("2002-01-08", "--hours", 2, "--detector", "c3")
    assert first.output == f"{output / '020108/c3'}: 2 frames fetched, 0 already present; 4 on the server\n"
    again = fetch("2002-01-08", "--hours", 3, "--detector", "c3")
    assert again.output == f"{output / '020108/c3'}: 1 frame fetched, 2 already present; 4 on the server\n"


def test_a_dry_run_lists_what_would_be_fetched_and_writes_nothing(fetch, archive, output):
    result = fetch("2002-01-08", "--hours", 2, "--detector", "c3", "--dry-run")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "020108/c3/32082036.fts  2002-01-08 00:18:05    19.1 s  1024 x 1024  Clear  Clear",
        "020108/c3/32082037.fts  2002-01-08 01:18:05    19.1 s  1024 x 1024  Clear  Clear",
    ]
    assert "020108/c3: 2 frames to fetch, about 4 MiB; 0 already present; 4 on the server" in result.stderr
    assert not output.exists()
    assert list(archive.asked) == [f"/{LIST}"]
    fetch("2002-01-08", "--hours", 1, "--detector", "c3")
    result = fetch("2002-01-08", "--hours", 2, "--detector", "c3", "--dry-run")
    assert len(result.stdout.splitlines()) == 1
    assert "1 frame to fetch, about 2 MiB; 1 already present" in result.stderr


def test_a_frame_that_fails_is_named_and_the_exit_status_says_so(fetch, archive, output):
    archive.break_path(C3[1].path, "page", "page")
    result = fetch("2002-01-08", "--detector", "c3")
    assert result.exit_code == 1
    assert f"Error: {archive.url}/{C3[1].path}: an HTML page instead of the frame" in result.stderr
    assert "3 frames fetched, 0 already present, 1 failed; 4 on the server" in result.stdout
    assert result.stderr.endswith("1 failure.\n")
    assert _there(output) == _paths(C3[0], *C3[2:])
    assert fetch("2002-01-08", "--detector", "c3").exit_code == 0


def test_a_day_without_frames_is_an_error_by_name_and_the_others_are_fetched(fetch, archive, output):
    result = fetch("2002-01-09", "2002-01-10", "--detector", "c3")
    assert result.exit_code == 1
    assert f"Error: {archive.url}/020110/c3/: no frames" in result.stderr
    assert "--source nrl, sdac" in result.stderr
    assert _there(output) == _paths(*NEXT_DAY)


def test_without_a_list_the_frames_themselves_are_searched_and_that_is_said(fetch, archive, output):
    del archive.files[f"/{LIST}"]
    result = fetch("2002-01-08", "--hours", 2, "--detector", "c3")
    assert result.exit_code == 0
    assert "no img_hdr.txt, so its index page and the headers of its 4 frames serve" in result.stderr
    assert _there(output) == _paths(*C3[:2])
    assert not (output / LIST).exists()


def test_a_range_in_which_no_frame_is_wanted_is_an_error(fetch, output):
    result = fetch("2002-01-08", "--filter", "Ornage")
    assert result.exit_code == 1
    assert "none of the 9 frames of these days is wanted" in result.stderr
    assert not output.exists()


def test_a_server_that_stops_answering_ends_the_run_and_the_rest_is_counted(fetch, archive):
    for shot in C3:
        archive.break_path(shot.path, *["503"] * 9)
    result = fetch("2002-01-08", "2002-03-08", "--detector", "c3", "--connections", 1)
    assert result.exit_code == 1
    assert "the server stopped answering, 1 frame of these days not tried; run the same command" in result.stderr
    assert "020109" not in result.output


def test_offline_one_line_says_so_at_once_and_names_other_servers(run, output):
    with official_tree.serving(files={}) as gone:
        url = gone.url
    result = run("fetch", "2002-01-08", "-o", output, "--mirror", url)
    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1
    assert result.output.startswith("Error: 127.0.0.1: cannot be reached (Connection refused)")
    assert "--source nrl, sdac, near-real-time or quick-look, or from a --mirror" in result.output
    assert servers.REACH_SECONDS < 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["yesterday"], "neither a day nor a time"),
        (["2002-01-09", "2002-01-08"], "ends before it begins"),
        (["2002-01-08", "2002-01-09", "--hours", "2"], "two ends"),
        (["2002-01-08", "--detector", "c1"], "c1"),
        (["2002-01-08", "--source", "vso"], "vso"),
        (["2002-01-08", "--connections", "8"], "8"),
        (["2002-01-08", "--mirror", "http://mirror.example"], "--insecure"),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_asked_for_is_said_before_anything_is_asked(run, output, words, said):
    result = run("fetch", *words, "-o", output)
    assert result.exit_code != 0
    assert said in result.output
    assert not output.exists()


PROGRAM = "from corinpaint.cli.main import main; main()"


def _environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


@pytest.mark.slow
def test_a_run_that_is_killed_is_continued_with_nothing_lost_and_nothing_fetched_twice(archive, output):
    command = [sys.executable, "-c", PROGRAM, "fetch", "2002-01-08", "-o", output]
    command += ["--mirror", archive.url, "--delay", "0"]
    archive.break_path(C3[2].path, "hang")
    process = subprocess.Popen(list(map(str, command)), env=_environment())
    while not archive.asked[f"/{C3[2].path}"]:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (output / C3[2].path).exists()
    whole = {path: (output / path).stat().st_ino for path in _there(output)}
    result = subprocess.run(list(map(str, command)), env=_environment(), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    everything = [*C3, *C2]
    assert _there(output) == _paths(*everything)
    assert all((output / shot.path).read_bytes() == shot.content() for shot in everything)
    assert whole.items() <= {path: (output / path).stat().st_ino for path in _there(output)}.items()
    for folder in {(output / shot.path).parent for shot in everything}:
        assert set(manifest.read(folder)) == {path.name for path in folder.glob("*.fts")}


@pytest.mark.slow
def test_real_frames_that_were_fetched_are_read(run, real_frames, output):
    shots, content = [], {}
    for path in real_frames:
        frame = read_frame(path)
        shot = frame_archive.Shot(
            int(number_of(path.name)), frame.date.isot, frame.detector, frame.header["EXPTIME"], frame.header["FILTER"]
        )
        shots.append(shot)
        content[shot.path] = gzip.decompress(path.read_bytes())
    lists = {path: body for path, body in frame_archive.files(shots).items() if path.endswith(".txt")}
    with official_tree.serving(files={**content, **lists}) as archive:
        for shot in shots:
            result = run(
                "fetch", shot.start[:10], "--detector", "c3", "-o", output, "--mirror", archive.url, "--delay", 0
            )
            assert result.exit_code == 0, result.output
    assert _there(output) == _paths(*shots)
    for path in output.rglob("*.fts"):
        assert read_frame(path).detector == "C3"
