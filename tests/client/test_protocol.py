"""What endpoint and client agree on: every option that is sent is one that is read, and arrives as it was."""

from __future__ import annotations

import json

import pytest

from corinpaint.client import protocol
from corinpaint.client.request import Request, encode
from corinpaint.handlers import answers, request_parser
from corinpaint.lasco.level1.compression import COMPRESSIONS


def test_every_format_has_a_suffix_and_an_encoder():
    assert list(answers.FORMATS) == list(protocol.SUFFIXES)


def test_the_name_to_save_an_answer_under_arrives_as_it_was_sent():
    for name in ("35082037.fits", "odd_level1.png"):
        assert protocol.parse_disposition(protocol.format_disposition(name)) == name
    for value in ("", "inline", 'attachment; filename="../x"', 'attachment; filename=""'):
        assert protocol.parse_disposition(value) == ""


def test_an_answer_is_named_after_its_product_and_its_media_type():
    assert protocol.answer_filename("35082037.fits", "application/fits") == "35082037.fits"
    assert protocol.answer_filename("35082037.fits", "image/png") == "35082037.png"
    assert protocol.answer_filename("odd_level1", "application/json") == "odd_level1.json"


@pytest.mark.parametrize("value", [1.0, 1.5, 1e-7, 999_999_999.0])
def test_numbers_are_written_as_they_are_read(value):
    text = protocol.format_number(value)
    assert protocol.NUMBER.fullmatch(text)
    assert float(text) == value


def test_context_fields_are_those_that_are_read():
    fields = [protocol.context_field(index) for index in range(protocol.MAX_CONTEXT_FRAMES)]
    assert fields[:3] == ["context", "context1", "context2"]
    assert all(protocol.CONTEXT_FIELD.fullmatch(field) for field in fields)


def test_an_error_that_is_encoded_is_one_of_corinpaint():
    fields = json.loads(protocol.encode_error(422, "bad_keyword", "EXPTIME = 0", "", request_id="r"))
    assert protocol.is_error(fields)
    assert (fields["message"], fields["frame"], fields["request_id"]) == ("EXPTIME = 0", None, "r")
    assert not protocol.is_error({"code": 500, "type": "x", "message": "Worker died."})


@pytest.mark.parametrize("by", ["headers", "fields"])
def test_every_option_arrives_as_it_was_sent(by):
    options = (b"frame", "network", "image/png", ("no-warp",), (b"other",), 1.5, "32082037.fts.gz")
    sent = encode(Request(*options, policy="predicted"))
    assert set(sent.parameters) == set(protocol.OPTION_HEADERS) - {"probe", "compress"}
    frames = {key: value for key, value in sent.fields.items() if key not in protocol.OPTION_HEADERS}
    read = request_parser.parse(frames, sent.headers) if by == "headers" else request_parser.parse(sent.fields, {})
    assert (read.frame, read.context) == (b"frame", (b"other",))
    assert (read.fill, read.media_type, read.options.departures) == ("network", "image/png", ("no-warp",))
    assert read.policy == "predicted"
    assert (read.max_error, read.name, read.compress) == (1.5, "32082037.fts.gz", "none")
    sent = encode(Request(b"frame", compress="rice"))
    read = (
        request_parser.parse({"frame": b"1"}, sent.headers)
        if by == "headers"
        else request_parser.parse(sent.fields, {})
    )
    assert read.compress == "rice"


def test_the_compressions_are_those_of_products():
    assert protocol.COMPRESSIONS == COMPRESSIONS
