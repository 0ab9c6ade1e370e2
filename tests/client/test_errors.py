"""What an answer that is an error means, and what another try may change."""

from __future__ import annotations

import json

import endpoint
import pytest

from corinpaint.client.errors import RefusedError, TokenRefusedError, error_from_answer, parse_error
from corinpaint.lasco.retries import TransientError


def _json(fields):
    return json.dumps(fields).encode()


def test_an_error_of_the_handler_keeps_its_code_status_what_and_remedy():
    error = error_from_answer(422, _json(endpoint.OURS))
    assert isinstance(error, RefusedError)
    assert (error.code, error.status, error.request_id, error.from_handler) == ("bad_keyword", 422, "abc", True)
    assert (error.what, error.remedy) == ("32082037.fts: EXPTIME = 0", "fetch the file again")


def test_an_error_of_an_earlier_version_with_a_message_alone_is_read_too():
    error = error_from_answer(
        415, _json({"code": "not_fits", "status": 415, "message": "frame: no FITS file; give one"})
    )
    assert (error.code, error.what, error.remedy) == ("not_fits", "frame: no FITS file", "give one")


@pytest.mark.parametrize(("status", "passing"), [(400, False), (422, False), (500, False), (503, True), (429, True)])
def test_an_error_of_the_handler_is_final_unless_it_is_busy(status, passing):
    fields = {"code": "internal", "status": status, "message": "it failed; see the log"}
    assert isinstance(error_from_answer(status, _json(fields)), TransientError if passing else RefusedError)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 507])
def test_a_busy_server_or_one_whose_worker_died_is_a_transient_failure(status):
    error = error_from_answer(status, _json(endpoint.FULL), retry_after=3.0)
    assert isinstance(error, TransientError)
    assert (error.retry_after, error.error.status, error.error.code) == (3.0, status, "endpoint")
    assert error.harmful == (status in (500, 507))


def test_a_refused_token_is_distinguished_from_a_bad_frame():
    assert isinstance(error_from_answer(400, _json(endpoint.TOKEN_ERROR)), TokenRefusedError)
    assert isinstance(error_from_answer(401, b""), TokenRefusedError)
    assert isinstance(error_from_answer(400, _json({"code": 400, "type": "x", "message": "bad request"})), RefusedError)


def test_an_answer_without_a_body_still_has_a_remedy():
    error = error_from_answer(413, b"")
    assert (error.status, error.what) == (413, "the endpoint answered 413")
    assert "fewer context frames" in error.remedy


def test_the_page_of_a_proxy_becomes_one_printable_line():
    error = error_from_answer(418, b"<html><body>\n<h1>I am\x07 a teapot</h1></body></html>" + b"x" * 9999)
    assert error.what.startswith("the endpoint answered 418 (I am a teapot xxx")
    assert len(str(error)) < 500


@pytest.mark.parametrize(
    "body", [b"", b"SIMPLE  =", b'{"product": "x"}', b"[1]", b"{", b'{"code": true}', b'{"code":' + b"[" * 100_000]
)
def test_a_body_that_is_no_error_is_not_parsed_as_one(body):
    assert parse_error(body) is None


def test_an_error_of_the_handler_cannot_control_a_terminal():
    nasty = "\x1b]0;owned\x07\x1b[31mred\n\u202eError: " + "x" * 5000
    fields = dict.fromkeys(("code", "what", "remedy", "message", "request_id"), nasty)
    for error in (
        error_from_answer(422, _json({**fields, "status": 422})),
        error_from_answer(422, _json({**fields, "what": 1, "status": 422})),
    ):
        for text in (str(error), error.code, error.request_id):
            assert text.isprintable()
            assert "Error: x" in text
        assert len(str(error)) <= 610
        assert len(error.code) + len(error.request_id) <= 200
