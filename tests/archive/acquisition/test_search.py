"""Searching the folders of days: by their lists, by the frames where there is no list, and when a server fails."""

from __future__ import annotations

from datetime import datetime, timedelta

import frame_archive
import pytest

from corinpaint.archive.acquisition.query import Query
from corinpaint.archive.acquisition.search import search
from corinpaint.lasco.errors import FetchError, NoFrameError
from corinpaint.lasco.reference_files.transfer import UnreachableError

START = datetime(2002, 1, 8)
LIST = "020108/c3/img_hdr.txt"


def _query(days=1, detectors=("C3",), **options):
    return Query(START, START + timedelta(days=days), detectors, **options)


def _names(folder):
    return [header.name for header in folder.wanted]


def test_the_list_is_read_and_no_frame(archive, server, shots):
    (folder,) = search(Query(START, START + timedelta(hours=2), ("C3",)), server)
    assert (folder.name, folder.url) == ("020108/c3", f"{archive.url}/020108/c3/")
    assert _names(folder) == [shot.name for shot in shots[:2]]
    assert folder.count == len(shots)
    assert folder.image_headers == archive.files[f"/{LIST}"]
    assert (folder.notes, folder.errors) == ([], [])
    assert list(archive.asked) == [f"/{LIST}"]


@pytest.mark.parametrize("missing", [None, b"\n"], ids=["absent", "empty"])
@pytest.mark.parametrize("ranges", [True, False])
def test_without_a_list_the_index_page_and_the_headers_of_the_frames_serve(archive, server, shots, missing, ranges):
    archive.ranges = ranges
    archive.files |= {"/020108/c3/32082036.jp2": b"", "/020108/c3/._32082036.fts": b"", "/020108/c3/x.fts": b""}
    if missing is None:
        del archive.files[f"/{LIST}"]
    else:
        archive.files[f"/{LIST}"] = missing
    (folder,) = search(Query(START + timedelta(hours=1), START + timedelta(hours=3), ("C3",)), server)
    assert _names(folder) == [shot.name for shot in shots[1:3]]
    assert folder.count == len(shots)
    assert folder.notes == [
        f"{archive.url}/020108/c3/: no img_hdr.txt, so its index page and the headers of its 4 frames serve"
    ]
    assert folder.errors == []
    assert not any(".jp2" in path for path in archive.asked)


def test_without_a_list_a_frame_whose_header_cannot_be_read_is_an_error(archive, server, shots):
    del archive.files[f"/{LIST}"]
    archive.break_path(shots[1].path, "page")
    (folder,) = search(_query(), server)
    assert _names(folder) == [shot.name for shot in (shots[0], *shots[2:])]
    (error,) = folder.errors
    assert f"{archive.url}/{shots[1].path}: an HTML page" in str(error)


def test_a_day_without_frames_is_an_error_that_names_it_and_other_servers(archive, server, shots):
    first, second = search(_query(days=2), server)
    assert len(first.wanted) == len(shots)
    (error,) = second.errors
    assert isinstance(error, NoFrameError)
    assert str(error).startswith(f"{archive.url}/020109/c3/: no frames (neither img_hdr.txt nor an index page")
    assert "--source nrl, sdac" in error.remedy


def test_an_index_page_that_is_refused_lists_nothing(archive, server):
    del archive.files[f"/{LIST}"]
    archive.break_path("020108/c3/", "403")
    (folder,) = search(_query(), server)
    assert isinstance(folder.errors[0], NoFrameError)


def test_a_page_in_place_of_the_list_is_an_error(archive, server):
    archive.break_path(LIST, "page")
    (folder,) = search(_query(), server)
    assert isinstance(folder.errors[0], FetchError)
    assert f"{archive.url}/{LIST}: an HTML page" in str(folder.errors[0])


def test_lines_that_cannot_be_read_are_told(archive, server, shots):
    archive.files[f"/{LIST}"] += b"32082040.fts    2002/01/08  04:\n"
    (folder,) = search(_query(), server)
    assert len(folder.wanted) == len(shots)
    (note,) = folder.notes
    assert f"{LIST}: 1 line cannot be read and the frames are left out: line 5, '32082040.fts" in note


def test_a_list_of_several_telescopes_gives_each_its_own(archive, server, shots):
    other = frame_archive.Shot(22400001, "2002-01-08T00:30:05", "C2")
    archive.files |= {f"/{path}": body for path, body in frame_archive.files([other]).items()}
    archive.files[f"/{LIST}"] += f"{other.line()}\n".encode()
    c2, c3 = search(_query(detectors=("C2", "C3")), server)
    assert _names(c2) == [other.name]
    assert _names(c3) == [shot.name for shot in shots]


def test_a_server_that_stops_answering_ends_the_search(archive, server):
    for day in ("08", "09", "10", "11"):
        archive.break_path(f"0201{day}/c3/img_hdr.txt", *["503"] * 9)
    folders = list(search(_query(days=30), server))
    assert len(folders) == 3
    assert all(isinstance(folder.errors[0], UnreachableError) for folder in folders)
    assert server.has_stopped_answering
