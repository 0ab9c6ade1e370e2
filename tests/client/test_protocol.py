"""What endpoint and client agree on: every option that is sent is one that is read, and arrives as it was."""

from __future__ import annotations

import pytest

from corinpaint.client import protocol
from corinpaint.client.request import Request, encode
from corinpaint.handlers import answers, request_parser


def test_every_format_has_an_ending_and_a_way_to_be_written():
    assert list(answers.FORMATS) == list(protocol.SUFFIXES)


@pytest.mark.parametrize("by", ["headers", "fields"])
def test_every_option_arrives_as_it_was_sent(by):
    sent = encode(Request(b"frame", "auto", "image/png", ("no-warp",), (b"other",), 1.5, "32082037.fts.gz"))
    assert set(sent.parameters) == set(protocol.OPTION_HEADERS) - {"probe"}
    frames = {key: value for key, value in sent.fields.items() if key not in protocol.OPTION_HEADERS}
    read = request_parser.parse(frames, sent.headers) if by == "headers" else request_parser.parse(sent.fields, {})
    assert (read.frame, read.context) == (b"frame", (b"other",))
    assert (read.fill, read.media_type, read.options.departures) == ("auto", "image/png", ("no-warp",))
    assert (read.most_error, read.name) == (1.5, "32082037.fts.gz")
