"""What the routes share; tests/handlers/asgi/test_app.py asks it over HTTP."""

from __future__ import annotations

import re

from starlette.requests import Request

from corinpaint.handlers.asgi.endpoint import MAX_BODY_BYTES, RefusedError, headers_of
from corinpaint.lasco.files import package_data


def test_a_request_may_be_as_large_as_torchserve_takes():
    config = package_data("corinpaint.serve_config", "config.properties").read_text()
    assert int(re.search(r"(?m)^max_request_size=(\d+)$", config)[1]) == MAX_BODY_BYTES


def test_neither_key_nor_cookie_goes_to_a_worker():
    headers = [(b"authorization", b"Bearer x"), (b"cookie", b"y"), (b"x-corinpaint-name", b"a.fts")]
    assert headers_of(Request({"type": "http", "headers": headers})) == {"x-corinpaint-name": "a.fts"}


def test_a_refusal_has_what_its_answer_needs():
    error = RefusedError(503, "ServiceUnavailableException", "full", 1)
    assert (error.status, error.kind, str(error), error.retry_after) == (503, "ServiceUnavailableException", "full", 1)
