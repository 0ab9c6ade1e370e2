"""Ids and log lines of requests, around any application."""

from __future__ import annotations

import asyncio
import logging

import httpx
import pytest
from starlette.responses import PlainTextResponse

from corinpaint.handlers.asgi.access import Access
from corinpaint.handlers.asgi.connections import MAX_HEADER_BYTES


def ask(app, path="/", headers=None):
    async def work():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(Access(app)), base_url="http://x") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(work())


def test_the_line_has_id_status_and_size(caplog):
    with caplog.at_level(logging.INFO, "corinpaint.access"):
        answer = ask(PlainTextResponse("hello", 201), "/a")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "corinpaint.access"]
    assert line.startswith(f"request {answer.headers['x-request-id']}: 127.0.0.1 GET /a: 201, 5 bytes, ")


def test_a_client_cannot_choose_the_id():
    answers = [ask(PlainTextResponse("x"), headers={"x-request-id": "mine"}) for _ in range(2)]
    assert len({"mine", *(answer.headers["x-request-id"] for answer in answers)}) == 3


def test_a_request_that_fails_is_logged_too(caplog):
    async def explode(*_):
        raise ZeroDivisionError

    with caplog.at_level(logging.INFO, "corinpaint.access"), pytest.raises(ZeroDivisionError):
        ask(explode)
    assert "GET /: 0, 0 bytes" in caplog.text


def test_large_headers_do_not_reach_the_application():
    answer = ask(PlainTextResponse("x"), headers={"X-Long": "a" * MAX_HEADER_BYTES})
    assert (answer.status_code, answer.json()["code"], answer.headers["connection"]) == (431, 431, "close")
