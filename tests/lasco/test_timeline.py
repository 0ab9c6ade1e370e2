"""Frames in the order of time."""

from __future__ import annotations

import level05
import pytest

from corinpaint.lasco import timeline
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.timeline import Timeline, read_entry

HOURS = 3.0
FRAME = level05.small_frame()


@pytest.fixture
def write(tmp_path):
    """Writer of small frames: `write("32082036.fts", TIME_OBS="02:00:00")`."""

    def write(name: str, **cards: object):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(level05.small_frame(**cards))
        return path

    return write


@pytest.fixture
def frame(write):
    return read_frame(write("32082037.fts"))


def names(entries) -> list[str]:
    return [entry.path.name for entry in entries]


def at(minutes: int) -> str:
    """A time of day, minutes after the frame's 02:18."""
    hours, minutes = divmod(138 + minutes, 60)
    return f"{hours:02d}:{minutes:02d}:05.594"


def test_an_entry_says_what_kind_of_frame_a_file_is_and_when_it_was_taken(write, frame):
    entry = read_entry(write("32082038.fts", TIME_OBS=at(24)))
    assert (entry.mjd - frame.date.mjd) * 24 == pytest.approx(0.4)
    assert entry.kind == timeline.kind_of_frame(frame) == ("C3", "CLEAR", "CLEAR", (32, 32), None)
    assert entry.has_roll


def test_what_is_no_frame_has_no_entry_until_it_is_replaced_by_one(tmp_path, write):
    path = tmp_path / "32082038.fts"
    assert read_entry(path) is None
    for content in (b"", b"damaged", level05.small_frame(LEVEL="1.0"), level05.small_frame(EXPTIME=-1.0)):
        path.write_bytes(content)
        assert read_entry(path) is None
    assert read_entry(write("32082038.fts")) is not None


def test_frames_of_the_kinds_that_fit_are_found_in_one_telescope(write, frame, tmp_path):
    write("32082038.fts", TIME_OBS=at(12), FILTER="Blue"), write("32082039.fts", TIME_OBS=at(24), POLAR="0 Deg")
    write("22082038.fts", TIME_OBS=at(12), DETECTOR="C2", FILTER="Blue")
    found = Timeline([tmp_path / "32082037.fts"])
    assert names(found.fitting(frame, HOURS, lambda kind: kind[1] == "BLUE")) == ["32082038.fts"]
    assert names(found.fitting(frame, HOURS, lambda _: True)) == ["32082038.fts", "32082039.fts"]


def test_frames_alike_are_found_beside_the_inputs_the_nearest_first(write, frame, tmp_path):
    for name, minutes in (("32082035.fts", -48), ("32082036.fts", -20), ("32082038.fts", 24), ("32082050.fts", 200)):
        write(name, TIME_OBS=at(minutes))
    found = Timeline([tmp_path / "32082037.fts"])
    assert names(found.alike(frame, HOURS)) == ["32082036.fts", "32082038.fts", "32082035.fts"]
    assert names(found.alike(frame, 0.5)) == ["32082036.fts", "32082038.fts"][:2]
    assert Timeline([tmp_path / "32082037.fts"], with_folders=False).alike(frame, HOURS) == []


@pytest.mark.parametrize(
    "cards",
    [
        {"FILTER": "Orange"},
        {"POLAR": "+60 Deg"},
        {"DETECTOR": "C2", "FILTER": "Orange"},
        {"DATE_OBS": "2002/01/07", "MID_DATE": 52281},
        {"TIME_OBS": at(0)},
        {"LEVEL": "1.0"},
    ],
)
def test_frames_of_another_kind_day_or_level_and_copies_are_left_out(write, frame, tmp_path, cards):
    write("32082038.fts", **{"TIME_OBS": at(24), **cards})
    assert Timeline([tmp_path / "32082037.fts"]).alike(frame, HOURS) == []


def test_copies_of_a_neighbour_count_once(write, frame):
    paths = [write(name, TIME_OBS=at(24)) for name in ("32082038.fts", "a.fts")]
    assert len(Timeline(paths).alike(frame, HOURS)) == 1


def test_inputs_of_other_folders_and_sources_and_of_any_name_count_too(write, frame):
    paths = [
        write("b/32082036.fts", TIME_OBS=at(-20)),
        write("c/33000001.fts", TIME_OBS=at(5)),
        write("d/z.fts", TIME_OBS=at(10)),
        write("d/y.fts", TIME_OBS=at(15)),
    ]
    found = Timeline(paths, with_folders=False).alike(frame, HOURS)
    assert names(found) == ["33000001.fts", "z.fts", "y.fts", "32082036.fts"]


def test_only_headers_around_the_frame_are_read(write, frame, tmp_path, monkeypatch):
    for hour in range(72):
        write(f"320820{hour:02d}.fts", DATE_OBS=f"2002/01/{7 + hour // 24:02d}", TIME_OBS=f"{hour % 24:02d}:00:00")
    looked = []
    monkeypatch.setattr(timeline, "read_entry", lambda path: looked.append(path.name) or read_entry(path))
    found = Timeline(tmp_path.glob("*.fts")).alike(frame, HOURS)
    assert names(found)[:4] == ["32082026.fts", "32082027.fts", "32082025.fts", "32082028.fts"]
    assert len(set(looked)) < 20


def test_files_that_are_no_frames_are_looked_over(write, frame, tmp_path):
    write("32082038.fts", TIME_OBS=at(24))
    write("35082037.fits", LEVEL="1.0")
    write("._32082036.fts", TIME_OBS=at(-20))
    (tmp_path / "32082036.fts").write_bytes(FRAME[:2000])
    (tmp_path / "32082039.fts").mkdir()
    assert names(Timeline([tmp_path / "32082037.fts"]).alike(frame, HOURS)) == ["32082038.fts"]


def test_a_folder_that_is_gone_has_no_frames(frame, tmp_path):
    assert Timeline([tmp_path / "gone" / "32082037.fts"]).alike(frame, HOURS) == []


def test_files_next_to_a_file_are_told_without_opening_any(tmp_path):
    for number in (35, 36, 37, 38, 39):
        (tmp_path / f"320820{number}.fts").touch()
    found = Timeline([tmp_path / "32082037.fts"])
    assert [path.name for path in found.around(tmp_path / "32082037.fts", 1)] == ["32082036.fts", "32082038.fts"]
    assert len(found.around(tmp_path / "32082037.fts")) == 4
    assert found.around(tmp_path / "22000001.fts") == []


UNKNOWN = {"DATE_OBS": "2025/08/25", "MID_DATE": 60912}


def test_frames_that_tell_the_roll_may_be_of_the_other_telescope(write):
    c2 = {"DETECTOR": "C2", "FILTER": "Orange", **UNKNOWN}
    frame = read_frame(write("24000464.fts", **c2, CRPIX1=16.5, CRPIX2=16.5))
    unknown = write("24000465.fts", TIME_OBS=at(10), **c2, CRPIX1=16.5, CRPIX2=16.5)
    told = write("34000002.fts", TIME_OBS=at(60), CROTA1=-178.0, **UNKNOWN)
    late = write("24000466.fts", TIME_OBS=at(900), CROTA1=-178.0, **c2)
    assert [read_entry(path).has_roll for path in (unknown, told, late)] == [False, True, True]
    found = Timeline([unknown, told, late])
    assert names(found.with_roll(frame, 12.0)) == ["34000002.fts"]
    assert names(found.with_roll(frame, 24.0))[:2] == ["34000002.fts", "24000466.fts"]
