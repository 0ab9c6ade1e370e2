"""Reading img_hdr.txt as LASCO's pipeline writes it, as it did in 1996, and when it is damaged."""

from __future__ import annotations

import math
from datetime import datetime

import official_tree
import pytest
from frame_archive import Shot, hourly

from corinpaint.archive.acquisition import image_headers
from corinpaint.archive.acquisition.image_headers import ImageHeader, from_frame, parse
from corinpaint.lasco.errors import FetchError, FrameError

SHOT = Shot(32082037, "2002-01-08T02:18:05", exptime=5.1)
HEADER = ImageHeader("32082037.fts", datetime(2002, 1, 8, 2, 18, 5), "C3", 5.1, 1024, 1024, "Clear", "Clear", "Normal")
POLARISED = Shot(22460001, "2014-04-18T03:00:05", "C2", 100.2, "Orange", "+60 Deg", "Seq PW", 512)


def _parse(*lines):
    return parse("\n".join(lines).encode(), "img_hdr.txt")


def test_a_line_has_the_keywords_of_a_frame():
    found = _parse(SHOT.line())
    assert found.headers == [HEADER]
    assert found.unreadable == []
    assert HEADER.size == pytest.approx(2 * 1024**2, rel=0.01)


def test_values_that_contain_blanks_or_are_cut_are_read():
    (header,) = _parse(POLARISED.line()).headers
    assert (header.filter, header.polar, header.program) == ("Orange", "+60 De", "Seq PW")
    assert (header.columns, header.exptime) == (512, 100.2)


@pytest.mark.parametrize(
    "line",
    [
        "32082037.fts    2002/01/08  02:18:05   C3     5.1   1024   1024     20      1  Clear  Clear    Normal",
        "32082037.fts 2002/01/08 02:18:05 C3 5.1 1024 1024 20 1 Clear Clear Normal 0.0000 3390",
        "\t32082037.fts\t2002-01-08\t02:18:05.594\tC3\t5.1\t1024\t1024\t20\t1\tClear\tClear\tNormal\t0.0\t3390\r",
        "32082037.fts    2002/01/08  02:18:05   C3     5.1   1024   1024*************   Clear   Clear    Normal"
        "     0.0000******".replace("*************", " ****** ******"),
    ],
    ids=["before August 1996", "words", "tabs", "beyond the columns"],
)
def test_other_forms_of_a_line_say_the_same(line):
    assert _parse(line).headers == [HEADER]


def test_an_exposure_time_wider_than_its_column_is_unknown():
    (header,) = _parse(SHOT.line().replace("     5.1", "********")).headers
    assert math.isnan(header.exptime)


def test_a_leap_second_is_a_time():
    (header,) = _parse(Shot(32000001, "2016-12-31T23:59:60").line()).headers
    assert header.start == datetime(2016, 12, 31, 23, 59, 59)


def test_frames_are_in_the_order_of_time_each_once_with_its_last_line():
    first, second = hourly(count=2)
    again = Shot(first.number, first.start, exptime=3.0)
    assert [(one.name, one.exptime) for one in _parse(second.line(), first.line(), "", again.line()).headers] == [
        (first.name, 3.0),
        (second.name, 19.1),
    ]


def test_other_telescopes_are_passed_over():
    found = _parse(SHOT.line(), SHOT.line().replace(" C3", "EIT"), SHOT.line().replace("C3", "C1"))
    assert found.headers == [HEADER]
    assert found.unreadable == []
    assert _parse(SHOT.line().replace(" C3", "EIT")).headers == []


@pytest.mark.parametrize(
    "line",
    [
        "32082038.fts    2002/01/08  02:",
        SHOT.line().replace("2002/01/08", "2002/13/08"),
        SHOT.line().replace("32082037.fts", "../../../a.fts"),
        SHOT.line().replace("32082037.fts", "32082037.jp2"),
    ],
    ids=["cut", "no date", "path", "picture"],
)
def test_a_line_that_is_not_of_a_frame_is_named_and_the_others_are_read(line):
    found = _parse(SHOT.line(), line)
    assert found.headers == [HEADER]
    assert found.unreadable == [f"line 2, {line.strip()[:60]!r}"]


def test_an_empty_list_has_no_frames():
    assert parse(b"\n", "img_hdr.txt").headers == []


def test_what_is_no_list_is_an_error():
    with pytest.raises(FetchError, match=r"img_hdr\.txt: an HTML page, not a list"):
        parse(official_tree.PAGE, "img_hdr.txt")
    with pytest.raises(FetchError, match=r"img_hdr\.txt: not a list of frames \(line 1, 'moved"):
        parse(b"moved to another server\n", "img_hdr.txt")


def test_the_beginning_of_a_frame_has_the_same_keywords():
    beginning = SHOT.content(small=False)[: image_headers.HEADER_BYTES]
    assert from_frame(SHOT.name, beginning, SHOT.name) == HEADER


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (official_tree.PAGE, FetchError, "an HTML page"),
        (SHOT.content()[:1000], FrameError, "before its END card"),
        (SHOT.content().replace(b"DATE-OBS", b"DATE-OLD"), FrameError, "does not say what it is"),
        (SHOT.content().replace(b"EXPTIME =                  5.1", b"EXPTIME = 'long'".ljust(30)), FrameError, "say"),
    ],
    ids=["page", "cut", "no date", "no number"],
)
def test_a_frame_whose_header_cannot_be_read_is_an_error(content, error, said):
    with pytest.raises(error, match=rf"32082037\.fts: .*{said}"):
        from_frame(SHOT.name, content[: image_headers.HEADER_BYTES], SHOT.name)
