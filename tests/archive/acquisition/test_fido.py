"""The client of sunpy's Fido: what it answers, what it leaves to others, and the frames that it gets."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import frame_archive
import official_tree
import pytest

pytest.importorskip("sunpy.net")
pytest.importorskip("parfive")

import astropy.units as u
from sunpy.net import Fido
from sunpy.net import attrs as a

from corinpaint.archive.acquisition import server as asking
from corinpaint.archive.acquisition.fido import FrameWarning, LASCOLevel05Client
from corinpaint.lasco.errors import FetchError
from corinpaint.lasco.reference_files.transfer import UnreachableError

TIME = a.Time("2002-01-08 00:00", "2002-01-08 02:18:05")
LASCO, C3, LEVEL = a.Instrument.lasco, a.Detector.c3, a.Level("0.5")


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch):
    monkeypatch.setattr(asking.Server.__init__, "__defaults__", (None, 0.0, lambda: 0.0))


@pytest.fixture(autouse=True)
def closed_loops(monkeypatch):
    """Close the event loops that parfive leaves open."""
    loops, make = [], asyncio.new_event_loop
    monkeypatch.setattr(asyncio, "new_event_loop", lambda: loops.append(make()) or loops[-1])
    yield
    for loop in loops:
        loop.close()


@pytest.fixture
def mirror(archive):
    return a.corinpaint.Mirror(archive.url)


@pytest.fixture
def find(mirror):
    """Search the archive by Fido; no client but CorInpaint's knows of the mirror."""
    return lambda *query: Fido.search(TIME, LASCO, LEVEL, mirror, *query)


def _clients(*query):
    return {client.__name__ for client in Fido._check_registered_widgets(*query)}


def test_frames_of_a_range_of_time_are_found(find, archive, shots):
    (found,) = find(C3)
    assert [url.rsplit("/", 1)[-1] for url in found["url"]] == [shot.name for shot in shots[:3]]
    row = found[0]
    assert (row["Start Time"].iso, row["End Time"].iso) == ("2002-01-08 00:18:05.000", "2002-01-08 00:18:24.100")
    assert (row["Instrument"], row["Source"], row["Level"], row["Detector"]) == ("LASCO", "SOHO", "0.5", "C3")
    assert (row["Filter"], row["Polar"], row["Exposure"], row["Provider"]) == ("Clear", "Clear", 19.1, "MIRROR")
    assert not any(path.endswith(".fts") for path in archive.asked)


def test_fido_fetches_whole_frames(find, shots, tmp_path):
    files = Fido.fetch(find(C3), path=tmp_path / "{detector}" / "{file}", progress=False)
    assert files.errors == []
    assert files == [str(tmp_path / "C3" / shot.name) for shot in shots[:3]]
    assert [path.read_bytes() for path in sorted(tmp_path.rglob("*.fts"))] == [shot.content() for shot in shots[:3]]


def test_one_row_of_a_search_is_fetched(find, shots, tmp_path):
    found = find(C3)["lascolevel05"]
    (file,) = Fido.fetch(found[1], path=tmp_path, progress=False)
    assert file == str(tmp_path / shots[1].name)


def test_whole_frames_that_are_there_are_kept_and_damaged_ones_are_not(find, archive, shots, tmp_path):
    found = find(C3)
    (tmp_path / shots[0].name).write_bytes(shots[0].content())
    (tmp_path / shots[1].name).write_bytes(shots[1].content()[:3000])
    assert len(Fido.fetch(found, path=tmp_path, progress=False)) == 3
    assert (tmp_path / shots[1].name).read_bytes() == shots[1].content()
    assert f"/{shots[0].path}" not in archive.asked
    Fido.fetch(found, path=tmp_path, progress=False, overwrite=True)
    assert archive.asked[f"/{shots[0].path}"] == 1
    names = {file.rsplit("/", 1)[-1] for file in Fido.fetch(found, path=tmp_path, progress=False, overwrite="unique")}
    assert names == {shot.name.replace(".fts", ".1.fts") for shot in shots[:3]}


def test_a_frame_that_fails_is_an_error_of_the_results_and_can_be_tried_again(find, archive, shots, tmp_path):
    archive.break_path(shots[1].path, "page", "page")
    files = Fido.fetch(find(C3), path=tmp_path, progress=False)
    assert len(files) == 2
    (error,) = files.errors
    assert error.url == f"{archive.url}/{shots[1].path}"
    assert "an HTML page" in str(error.exception)
    assert not (tmp_path / shots[1].name).exists()
    assert Fido.fetch(files, progress=False).errors == []
    assert (tmp_path / shots[1].name).read_bytes() == shots[1].content()


def test_nothing_is_fetched_of_an_empty_search(find):
    (found,) = find(C3, a.corinpaint.Filter("Orange"))
    assert len(found) == 0
    assert list(LASCOLevel05Client().fetch(found)) == []


@pytest.mark.parametrize(
    ("attribute", "count"),
    [
        (a.Sample(2 * u.hour), 2),
        (a.corinpaint.Filter("clear"), 3),
        (a.corinpaint.Polar("0"), 0),
        (a.Source("SOHO"), 3),
        (a.Provider("SDAC"), 3),
    ],
)
def test_frames_are_selected_by_attributes(find, attribute, count):
    assert find(C3, attribute).file_num == count


def test_both_telescopes_are_searched_without_a_detector(find, archive):
    other = frame_archive.Shot(22240001, "2002-01-08T00:30:05", "C2", filter="Orange")
    archive.files |= {f"/{path}": body for path, body in frame_archive.files([other]).items()}
    (found,) = find()
    assert list(found["Detector"]) == ["C2", "C3", "C3", "C3"]


def test_days_without_frames_give_no_rows(mirror):
    (found,) = Fido.search(a.Time("1999-01-01", "1999-01-02"), LASCO, C3, LEVEL, mirror)
    assert len(found) == 0
    (found,) = Fido.search(a.Time("1990-01-01", "1990-01-02"), LASCO, C3, LEVEL, mirror)
    assert len(found) == 0


def test_frames_of_the_last_century_are_found(archive, mirror):
    old = frame_archive.Shot(32020001, "1997-05-12T04:30:05")
    archive.files |= {f"/{path}": body for path, body in frame_archive.files([old]).items()}
    (found,) = Fido.search(a.Time("1997-05-12", "1997-05-13"), LASCO, C3, LEVEL, mirror)
    assert [time.to_datetime() for time in found["Start Time"]] == [datetime(1997, 5, 12, 4, 30, 5)]


def test_lines_that_cannot_be_read_are_a_warning(find, archive):
    archive.files["/020108/c3/img_hdr.txt"] += b"32082040.fts  2002\n"
    with pytest.warns(FrameWarning, match="1 line cannot be read"):
        assert find(C3).file_num == 3


def test_a_day_that_fails_is_an_error_when_it_is_all_and_a_warning_otherwise(find, archive, mirror):
    archive.break_path("020108/c3/img_hdr.txt", "page")
    with pytest.raises(FetchError, match="an HTML page"):
        find(C3)
    archive.break_path("020109/c3/img_hdr.txt", "page")
    with pytest.warns(FrameWarning, match="an HTML page"):
        assert Fido.search(a.Time("2002-01-08", "2002-01-09 12:00"), LASCO, C3, LEVEL, mirror).file_num == 4


def test_a_server_that_cannot_be_reached_is_an_error():
    with official_tree.serving(files={}) as gone:
        url = gone.url
    with pytest.raises(UnreachableError, match="cannot be reached"):
        Fido.search(TIME, LASCO, C3, LEVEL, a.corinpaint.Mirror(url))


@pytest.mark.parametrize("level", [a.Level("0.5"), a.Level(0.5), a.Level.zeropointfive])
def test_fido_asks_corinpaint_for_level_05_of_lasco(level):
    assert _clients(TIME, LASCO, C3, level) == {"LASCOLevel05Client", "VSOClient"}
    assert "LASCOLevel05Client" in _clients(TIME, LASCO, level)
    assert "LASCOLevel05Client" in _clients(TIME, LASCO, C3, level, a.Provider.near_real_time)


@pytest.mark.parametrize(
    "query",
    [
        (TIME, LASCO),
        (TIME, LASCO, C3),
        (TIME, LASCO, C3, a.Level(1)),
        (TIME, LASCO, a.Detector.c1, LEVEL),
        (TIME, a.Instrument.eit, LEVEL),
        (TIME, a.Instrument.eve, a.Level.zero),
        (TIME, a.Instrument.aia, a.Sample(1 * u.hour)),
        (TIME, LASCO, C3, LEVEL, a.Provider("JSOC")),
        (TIME, LASCO, C3, LEVEL, a.Physobs.intensity),
        (TIME, C3, LEVEL),
    ],
    ids=lambda query: " ".join(str(getattr(attr, "value", "")) for attr in query),
)
def test_other_searches_go_to_the_clients_that_they_went_to_before(query):
    clients = _clients(*query)
    assert "LASCOLevel05Client" not in clients
    registered = Fido.registry.pop(LASCOLevel05Client)
    try:
        assert _clients(*query) == clients
    finally:
        Fido.registry[LASCOLevel05Client] = registered


def test_attributes_of_corinpaint_are_understood_by_no_other_client(mirror):
    assert _clients(TIME, LASCO, C3, LEVEL, mirror) == {"LASCOLevel05Client"}
    assert _clients(TIME, LASCO, LEVEL, a.corinpaint.Filter("Orange")) == {"LASCOLevel05Client"}


def test_the_client_is_shown_by_fido():
    assert "LASCOLevel05Client" in str(Fido)
    assert "Level 0.5" in str(LASCOLevel05Client())
    assert LASCOLevel05Client().info_url.startswith("https://lasco-www.nrl.navy.mil")


def test_sunpy_is_imported_only_where_its_objects_are_made():
    root = Path(__file__).resolve().parents[3]
    modules = [path for room in ("archive", "cli", "lasco", "restore") for path in (root / room).rglob("*.py")]
    users = {path.name for path in modules if re.search(r"^\s*(import|from) (sunpy|parfive)", path.read_text(), re.M)}
    assert users == {"fido.py", "fido_attrs.py", "maps.py"}


@pytest.mark.slow
def test_frames_are_fetched_without_sunpy():
    program = (
        "import sys, corinpaint.cli.archives.fetch\n"
        "from corinpaint.archive.acquisition import download, search\n"
        "sys.exit(int('sunpy' in sys.modules or 'parfive' in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
