"""The protocol of the endpoint: requests as TorchServe hands them over."""

from __future__ import annotations

import pytest

from corinpaint.handlers import request_parser
from corinpaint.handlers.request_parser import Request, parse
from corinpaint.lasco.errors import NotFitsError, OptionError
from corinpaint.lasco.options import Options


def test_a_frame_without_options_asks_for_the_network_and_a_fits_file():
    assert parse({"body": b"frame"}, {}) == Request(b"frame", "network", "application/fits")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_frame_and_its_options_may_be_any_kind_of_bytes(kind):
    fields = {"fill": kind(b" none\r\n"), "accept": kind(b"image/png"), "frame": kind(b"frame")}
    request = parse(fields, {})
    assert request == Request(b"frame", "none", "image/png")
    assert isinstance(request.frame, bytes)


def test_the_body_takes_precedence_over_fields_of_other_names():
    assert parse({"upload": b"1", "frame": b"2", "data": b"3", "body": b"4"}, {}).frame == b"4"
    assert parse({"upload": b"1", "frame": b"2"}, {}).frame == b"2"
    assert parse({"fill": b"none", "upload": b"1", "other": b"2"}, {}).frame == b"1"


def test_headers_that_are_not_text_are_ignored():
    headers = {"Accept": 7, "X-Corinpaint-Fill": None, "x-corinpaint-fill": " none "}
    assert parse({"body": b"frame"}, headers) == Request(b"frame", "none", "application/fits")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "application/fits"),
        ("*/*", "application/fits"),
        ("image/*", "image/png"),
        ("IMAGE/PNG", "image/png"),
        ("text/html, application/json;q=0.8, */*;q=0.1", "application/json"),
        ("application/json;q=0.5, image/png;q=0.9", "image/png"),
        ("application/fits;q=0, */*", "image/png"),
        ("application/*", "application/fits"),
        ("application/json; charset=utf-8", "application/json"),
    ],
)
def test_formats_are_negotiated_as_http_defines(accept, chosen):
    assert request_parser.negotiate(accept) == chosen


@pytest.mark.parametrize("accept", ["text/html", "application/fits;q=0", "image/jpeg, text/*", "fits", ";", "*/*;q=x"])
def test_an_unavailable_format_is_refused_with_those_that_are_available(accept):
    with pytest.raises(request_parser.NotAcceptableError, match="application/fits, image/png, application/json"):
        request_parser.negotiate(accept)


def test_the_most_specific_range_decides_the_weight_of_a_format():
    assert request_parser.negotiate("application/fits;q=0.5, */*") == "image/png"
    assert request_parser.negotiate("*/*;q=0.1, application/json") == "application/json"
    assert request_parser.negotiate("application/*, application/fits;q=0") == "application/json"


def test_steps_of_the_calibration_are_left_out_by_header_or_field():
    by_header = parse({"body": b"frame"}, {"X-Corinpaint-Options": "no-warp, no-roll"}).options
    by_field = parse({"frame": b"frame", "options": b"No-Warp,no-roll"}, {"x-corinpaint-options": "no-mask"}).options
    assert by_header == by_field == Options(warp=False, roll=False)
    assert parse({"body": b"frame"}, {}).options == Options()


def test_an_unknown_step_is_an_error_of_the_request():
    with pytest.raises(OptionError, match="no-bias"):
        parse({"body": b"frame"}, {"x-corinpaint-options": "no-bias"})


def test_context_frames_are_in_fields_of_their_own():
    request = parse({"frame": b"1", "context": b"2", "context1": bytearray(b"3"), "fill": b"temporal"}, {})
    assert (request.frame, request.context, request.fill) == (b"1", (b"2", b"3"), "temporal")
    assert parse({"context": b"2", "upload": b"1"}, {}).frame == b"1"


def test_an_empty_context_or_one_sent_as_text_is_named():
    with pytest.raises(request_parser.EmptyRequestError, match="'context'"):
        parse({"frame": b"1", "context": b""}, {})
    with pytest.raises(NotFitsError, match="'context2'"):
        parse({"frame": b"1", "context2": "text"}, {})


def test_the_policy_is_a_field_or_a_header_and_must_fit_the_fill():
    assert parse({"frame": b"1"}, {}).policy == "auto"
    assert parse({"frame": b"1", "policy": b"predicted"}, {}).policy == "predicted"
    assert parse({"frame": b"1"}, {"X-CorInpaint-Policy": "predicted"}).policy == "predicted"
    for fields in ({"policy": b"generous"}, {"policy": b"predicted", "fill": b"radial"}):
        with pytest.raises(OptionError, match="policy"):
            parse({"frame": b"1", **fields}, {})


def test_the_maximum_error_is_a_field_or_a_header():
    assert parse({"frame": b"1"}, {}).max_error is None
    assert parse({"frame": b"1", "max_error": b"1.5"}, {}).max_error == 1.5
    assert parse({"frame": b"1"}, {"X-CorInpaint-Max-Error": "2"}).max_error == 2.0
    assert parse({"max_error": b"1.5", "upload": b"1"}, {}).frame == b"1"
    for text in (b"much", b"nan", b"inf", b"-1", b"1_0", b"9" * 3000):
        with pytest.raises(OptionError, match="max_error") as caught:
            parse({"frame": b"1", "max_error": text}, {})
        assert len(str(caught.value)) < 200


def test_the_earlier_names_of_the_maximum_error_are_read_but_not_together_with_the_present_ones():
    assert parse({"most_error": b"1.5", "upload": b"1"}, {}) == parse({"max_error": b"1.5", "upload": b"1"}, {})
    assert parse({"frame": b"1"}, {"X-CorInpaint-Most-Error": "2"}).max_error == 2.0
    with pytest.raises(OptionError, match="send max_error alone"):
        parse({"frame": b"1", "most_error": b"1.5"}, {"X-Corinpaint-Max-Error": "1.5"})


def test_a_frame_may_be_given_its_name_by_header_or_field():
    assert parse({"body": b"1"}, {}).name == ""
    assert parse({"body": b"1"}, {"X-Corinpaint-Name": "32082037.fts.gz"}).name == "32082037.fts.gz"
    assert parse({"frame": b"1", "name": b"a.fts"}, {"X-Corinpaint-Name": "b.fts"}).name == "a.fts"
    assert parse({"name": b"a.fts", "upload": b"1"}, {}).frame == b"1"


@pytest.mark.parametrize("name", ["../secret", "a b", "a\nb", "x" * 81, "\u00e9"])
def test_a_name_that_is_no_file_name_is_refused(name):
    with pytest.raises(OptionError, match="no file name"):
        parse({"body": b"1"}, {"X-Corinpaint-Name": name})


def test_more_context_frames_than_a_worker_has_room_for_are_refused():
    few = {f"context{number}": b"2" for number in range(request_parser.MAX_CONTEXT_FRAMES)}
    assert len(parse({"frame": b"1", **few}, {}).context) == request_parser.MAX_CONTEXT_FRAMES
    with pytest.raises(OptionError, match="nearest in time"):
        parse({"frame": b"1", "context": b"2", **few}, {})


def test_a_probe_is_recognised_by_header_or_field():
    assert request_parser.is_probe({}, {"X-Corinpaint-Probe": "1"})
    assert request_parser.is_probe({"probe": b"ready"}, {})
    assert not request_parser.is_probe({"body": b"frame"}, {"Accept": "*/*"})


def test_the_compression_is_that_of_a_product_in_fits():
    assert parse({"frame": b"1"}, {}).compress == "none"
    assert parse({"frame": b"1", "compress": b"rice"}, {}).compress == "rice"
    assert parse({"frame": b"1"}, {"X-Corinpaint-Compress": "Lossless"}).compress == "lossless"
    assert parse({"compress": b"rice", "upload": b"1"}, {}).frame == b"1"
    assert parse({"frame": b"1", "compress": b"none", "accept": b"image/png"}, {}).compress == "none"
    with pytest.raises(OptionError, match="compress = 'gzip'; give one of none, lossless, rice"):
        parse({"frame": b"1", "compress": b"gzip"}, {})
    with pytest.raises(OptionError, match="compress = rice of image/png; accept application/fits"):
        parse({"frame": b"1", "compress": b"rice", "accept": b"image/png"}, {})


@pytest.mark.parametrize(
    "name", ["fill", "accept", "options", "policy", "max_error", "most_error", "name", "compress", "probe"]
)
@pytest.mark.parametrize("value", [b"\x01" * 2_000_000, "a," * 1_000_000])
def test_a_long_option_is_refused_before_it_is_read_and_not_repeated(name, value):
    read = request_parser.is_probe if name == "probe" else parse
    with pytest.raises(OptionError, match="characters; send") as caught:
        read({"frame": b"1", name: value}, {})
    assert len(str(caught.value)) < 200


def test_a_long_header_is_truncated_and_its_error_is_short():
    for name in (
        "X-Corinpaint-Fill",
        "Accept",
        "X-Corinpaint-Options",
        "X-Corinpaint-Max-Error",
        "X-Corinpaint-Most-Error",
    ):
        with pytest.raises(OptionError) as caught:
            parse({"body": b"1"}, {name: "\x01" * 60_000})
        assert len(str(caught.value)) < 1500


def test_an_unknown_fill_is_refused_before_the_frame_is_read():
    with pytest.raises(OptionError, match="magic"):
        parse({"frame": b"no frame at all", "fill": b"magic"}, {})
