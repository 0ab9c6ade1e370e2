"""What is sent for a frame."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from dataclasses import replace

import endpoint
import lzw
import pytest

from corinpaint.client.protocol import MAX_CONTEXT_FRAMES
from corinpaint.client.request import Request, encode
from corinpaint.lasco.errors import FrameError, OptionError, TooLargeError
from corinpaint.lasco.limits import MAX_FILE_BYTES

FRAME = endpoint.small_frame("22460142")


def test_options_are_encoded_as_headers_and_as_fields():
    request = Request(FRAME, "none", "image/png", ("no-warp", "no-roll"), (b"other", b"third"), 1.5, "a.fts")
    encoded = encode(request)
    assert encoded.headers == {
        "Accept": "image/png",
        "X-Corinpaint-Fill": "none",
        "X-Corinpaint-Options": "no-warp,no-roll",
        "X-Corinpaint-Max-Error": "1.5",
        "X-Corinpaint-Name": "a.fts",
    }
    assert encoded.fields == {
        "body": FRAME,
        "context": b"other",
        "context1": b"third",
        "accept": b"image/png",
        "fill": b"none",
        "options": b"no-warp,no-roll",
        "max_error": b"1.5",
        "name": b"a.fts",
    }


def test_the_endpoint_reads_what_is_sent():
    request_parser = pytest.importorskip("corinpaint.handlers.request_parser")
    encoded = encode(Request(FRAME, "none", "image/png", ("no-warp",), (b"other",), 1e-7, "a.fts", policy="predicted"))
    for fields, headers in (({"body": FRAME, "context": b"other"}, encoded.headers), (encoded.fields, {})):
        read = request_parser.parse(fields, headers)
        assert (read.frame, read.fill, read.media_type, read.context) == (FRAME, "none", "image/png", (b"other",))
        assert (read.name, request_parser.MAX_CONTEXT_FRAMES) == ("a.fts", MAX_CONTEXT_FRAMES)
        assert (read.options.departures, read.max_error, read.policy) == (("no-warp",), 1e-7, "predicted")


def test_a_path_gives_its_name_when_it_has_plain_characters_only(tmp_path):
    for name, sent in (("32082037.fts.gz", "32082037.fts.gz"), ("sonne ☉.fts", None), ("x" * 90 + ".fts", None)):
        (tmp_path / name).write_bytes(FRAME)
        encoded = encode(Request(tmp_path / name))
        assert encoded.parameters.get("name") == sent
        assert encoded.number == ("32082037" if sent else "22460142")
        assert encoded.label == name


def test_the_earlier_name_of_max_error_is_accepted_with_a_warning():
    with pytest.warns(DeprecationWarning, match="most_error is deprecated, use max_error") as warned:
        request = Request(FRAME, most_error=1.5)
    assert [warning.filename for warning in warned] == [__file__]
    with pytest.warns(DeprecationWarning, match="most_error is deprecated, use max_error"):
        assert request.most_error == 1.5
    assert request == Request(FRAME, max_error=1.5)
    assert replace(request, name="a.fts").max_error == 1.5
    with pytest.raises(OptionError, match="give max_error alone"):
        Request(FRAME, max_error=1.5, most_error=1.5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"frame": None}, "frame must be a path or bytes, not NoneType"),
        ({"frame": b"", "context": "a.fts"}, "context must be a tuple of paths or bytes, not str"),
        ({"frame": b"", "context": (b"", 5)}, r"context\[1\] must be a path or bytes, not int"),
    ],
)
def test_what_is_neither_a_path_nor_bytes_is_refused(settings, message):
    with pytest.raises(TypeError, match=message):
        Request(**settings)


@pytest.mark.parametrize("content", [FRAME, gzip.compress(FRAME, mtime=0)])
def test_bytes_are_identified_by_the_number_in_their_header(content):
    assert encode(Request(content)).number == "22460142"


@pytest.mark.parametrize(
    "content", [b"no", gzip.compress(FRAME, mtime=0)[:30], b"\x1f\x8bxx", endpoint.small_frame("odd")]
)
def test_bytes_without_a_number_are_sent_too(content):
    assert encode(Request(content)).number == ""


def test_files_that_cannot_be_sent_are_named(tmp_path, monkeypatch):
    with pytest.raises(FrameError, match=r"gone.fts: cannot be read"):
        encode(Request(tmp_path / "gone.fts"))
    (tmp_path / "empty.fts").touch()
    with pytest.raises(FrameError, match=r"empty.fts: the file is empty"):
        encode(Request(FRAME, context=(tmp_path / "empty.fts",)))
    monkeypatch.setattr("corinpaint.client.request.MAX_FILE_BYTES", 100)
    assert MAX_FILE_BYTES > 100
    with pytest.raises(TooLargeError, match="frame: more than"):
        encode(Request(FRAME))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"accept": "text/html"}, "accept"),
        ({"name": "../../etc"}, "name"),
        ({"fill": "a\nb"}, "fill"),
        ({"policy": "a b"}, "policy"),
        ({"max_error": 0.0}, "max_error"),
        ({"compress": "gzip"}, "compress = 'gzip'"),
        ({"compress": "rice", "accept": "image/png"}, "only products in FITS"),
        ({"max_error": float("nan")}, "max_error"),
        ({"context": (b"x",) * 17}, "17 context frames"),
    ],
)
def test_invalid_settings_are_refused(settings, named):
    with pytest.raises(OptionError, match=named):
        Request(FRAME, **settings)


def test_a_pipe_or_a_folder_is_refused_without_opening_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.fts")
    (tmp_path / "folder.fts").mkdir()
    for name in ("pipe.fts", "folder.fts"):
        with pytest.raises(FrameError, match=f"{name}: no file .a folder, a pipe or a device.; give"):
            encode(Request(tmp_path / name))


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress, lzw.compress])
def test_the_number_of_a_compressed_frame_is_read_from_its_header(compress):
    assert encode(Request(compress(FRAME))).number == "22460142"


def test_the_number_of_a_frame_is_found_in_the_header_of_the_first_extension_too():
    cards = (
        b"SIMPLE  =                    T",
        b"BITPIX  =                    8",
        b"NAXIS   =                    0",
        b"END",
    )
    empty = b"".join(card.ljust(80) for card in cards).ljust(2880)
    assert encode(Request(empty + FRAME)).number == "22460142"
    assert encode(Request(empty + b"END".ljust(80) + FRAME)).number == ""
