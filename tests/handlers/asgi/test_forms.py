"""The fields of a request, as TorchServe hands them to the handler."""

from __future__ import annotations

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from corinpaint.handlers.asgi.forms import MAX_PARTS, fields_of

BOUNDARY = "multipart/form-data; boundary=B"


def form(files):
    prepared = requests.Request("POST", "http://x", files=files).prepare()
    return prepared.body, prepared.headers["Content-Type"]


@pytest.mark.parametrize(
    ("content_type", "value"),
    [
        ("application/fits", b'{"a": 1}'),
        ("", b'{"a": 1}'),
        ("text/plain; charset=utf-8", '{"a": 1}'),
        ("application/json", {"a": 1}),
        ("application/json; charset=utf-8", {"a": 1}),
        ("multipart/mixed; boundary=B", b'{"a": 1}'),
        ("multipart/form-data", b'{"a": 1}'),
    ],
)
def test_a_raw_body_is_the_field_body_decoded_where_its_type_is_text(content_type, value):
    assert fields_of(bytearray(b'{"a": 1}'), content_type) == {"body": value}


@pytest.mark.parametrize("content_type", ["text/plain", "application/json"])
def test_what_cannot_be_decoded_stays_bytes(content_type):
    assert fields_of(b"\xff\xfe[", content_type) == {"body": b"\xff\xfe["}
    assert isinstance(fields_of(b"[" * 100_000, "application/json")["body"], bytes)


def test_a_form_has_a_field_for_each_part_and_the_last_of_a_name_counts():
    body, content_type = form([("frame", ("a.fts", b"\r\n--x\x00")), ("fill", (None, b"a")), ("fill", (None, b"b"))])
    assert fields_of(body, content_type) == {"frame": b"\r\n--x\x00", "fill": b"b"}


def test_a_part_of_text_is_decoded_and_one_without_a_name_left_out():
    body = (
        b"--B\r\nContent-Disposition: form-data; name=a\r\nContent-Type: text/plain\r\n\r\nx\r\n--B\r\n\r\ny\r\n--B--"
    )
    assert fields_of(body, BOUNDARY) == {"a": "x"}
    assert fields_of(b"before it\r\n" + body, 'multipart/form-data; boundary="B"') == {"a": "x"}


def test_a_part_that_does_not_end_is_none():
    body, content_type = form({"frame": ("a.fts", b"x" * 100)})
    assert fields_of(body[:-60], content_type) == {}
    assert fields_of(b"garbage", content_type) == {}


def test_a_form_of_many_parts_is_read_up_to_a_limit():
    part = b'--B\r\nContent-Disposition: form-data; name="%d"\r\n\r\nx\r\n'
    body = b"".join(part % index for index in range(3 * MAX_PARTS)) + b"--B--"
    assert len(fields_of(body, BOUNDARY)) == MAX_PARTS


def test_an_urlencoded_form_has_fields_and_a_frame_that_was_sent_as_one_is_text():
    kind = "application/x-www-form-urlencoded"
    assert fields_of(b"fill=none&accept=image%2Fpng&name=%ff", kind) == {
        "fill": b"none",
        "accept": b"image/png",
        "name": b"\xff",
    }
    assert isinstance(fields_of(b"SIMPLE  =  T \x00\xff", kind)["body"], str)
    assert fields_of(b"&".join([b"a=b"] * 1000), kind) == {}


@given(st.binary(max_size=300), st.sampled_from([BOUNDARY, "text/html", "application/x-www-form-urlencoded"]))
def test_any_body_has_fields(body, content_type):
    assert isinstance(fields_of(body, content_type), dict)


@given(st.text(max_size=100))
def test_any_content_type_is_read(content_type):
    assert isinstance(fields_of(b"--B\r\n\r\nx\r\n--B--", content_type), dict)
