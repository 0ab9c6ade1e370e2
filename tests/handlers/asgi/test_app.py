"""The HTTP interface in front of stub workers, without a socket."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading

import httpx
import pytest

from corinpaint.client.errors import RefusedError as ClientRefusedError
from corinpaint.client.errors import TokenRefusedError, error_from_answer
from corinpaint.client.tokens import read_key
from corinpaint.handlers.asgi.app import application, metrics_application
from corinpaint.handlers.asgi.endpoint import Endpoint
from corinpaint.handlers.asgi.tokens import Keys
from corinpaint.lasco.retries import TransientError

PREDICT = "/predictions/corinpaint"
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def keys(tmp_path):
    return Keys(tmp_path / "key_file.json")


@pytest.fixture
def ask(stub_pool, keys):
    """`ask(method, path, ...)`, or a coroutine `ask(work)` that is given a client and the endpoint."""
    with stub_pool() as pool:
        pool.start()
        pool.wait_until_ready(threading.Event())
        endpoint = Endpoint(pool, pool._registry, keys, max_body_bytes=1000, body_seconds=5)
        headers = {"Authorization": f"Bearer {read_key(keys.path)}"}

        def run(*given, **arguments):
            async def work():
                transport = httpx.ASGITransport(application(endpoint))
                async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as client:
                    if callable(given[0]):
                        return await given[0](client, endpoint)
                    return await client.request(*given, **arguments)

            return asyncio.run(work())

        yield run


def test_a_frame_is_answered_with_the_headers_of_torchserve(ask):
    answer = ask("POST", PREDICT, content=b"frame" * 10)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (
        200,
        b"frame" * 10,
        "application/fits",
    )
    assert (answer.headers["pragma"], answer.headers["content-length"]) == ("no-cache", "50")
    assert ID.fullmatch(answer.headers["x-request-id"])
    assert ask("POST", f"{PREDICT}/1.0", content=b"frame").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "kind"),
    [
        ("POST", PREDICT, {"Authorization": "Bearer wrong"}, 400, "InvalidKeyException"),
        ("GET", "/ping", {"Authorization": ""}, 400, "InvalidKeyException"),
        ("GET", "/v2", {"Authorization": ""}, 400, "InvalidKeyException"),
        ("POST", "/v2/models/corinpaint/infer", {"Authorization": ""}, 400, "InvalidKeyException"),
        ("POST", "/predictions/none", {}, 404, "ModelNotFoundException"),
        ("POST", f"{PREDICT}/9", {}, 404, "ModelVersionNotFoundException"),
        ("POST", "/v2/models/none/infer", {}, 404, "ModelNotFoundException"),
        ("GET", "/nothing", {}, 404, "ResourceNotFoundException"),
        ("GET", "/ping/", {}, 404, "ResourceNotFoundException"),
        ("GET", "/metrics", {}, 404, "ResourceNotFoundException"),
        ("DELETE", PREDICT, {}, 405, "MethodNotAllowedException"),
    ],
)
def test_the_server_refuses_in_the_form_of_torchserve(ask, method, path, headers, status, kind):
    answer = ask(method, path, headers=headers)
    told = answer.json()
    assert (answer.status_code, told["code"], told["type"]) == (status, status, kind)
    assert told["message"]
    assert answer.content.endswith(b"}\n")
    assert ID.fullmatch(answer.headers["x-request-id"])
    client_error = error_from_answer(answer.status_code, answer.content)
    expected = TokenRefusedError if "Key" in kind else ClientRefusedError
    assert isinstance(client_error, expected)


def test_a_body_that_is_too_large_is_refused_by_what_is_sent_and_not_by_what_is_said(ask):
    async def pieces():
        for _ in range(11):
            yield b"x" * 100

    assert ask("POST", PREDICT, content=pieces()).status_code == 413
    assert ask("POST", PREDICT, content=b"x" * 1001).status_code == 413
    assert ask("POST", PREDICT, content=b"x" * 1000).status_code == 200
    assert ask("POST", PREDICT, content=b"x" * 5000).content == b""


def test_a_request_that_does_not_end_is_given_up(ask):
    async def work(client, endpoint):
        async def pieces():
            yield b"x"
            await asyncio.sleep(60)

        endpoint.body_seconds = 0.05
        return await client.post(PREDICT, content=pieces()), endpoint.reading

    answer, reading = ask(work)
    assert (answer.status_code, answer.json()["type"], reading) == (408, "RequestTimeoutException", 0)


def test_a_worker_that_dies_costs_its_request_alone(ask):
    died = ask("POST", PREDICT, content=b"x", headers={"X-Corinpaint-Fill": "die"})
    assert (died.status_code, died.json()["type"]) == (500, "InternalServerException")
    assert isinstance(error_from_answer(500, died.content), TransientError)
    assert ask("POST", PREDICT, content=b"x").status_code == 200


@pytest.mark.slow
def test_a_full_queue_is_503_with_the_time_to_wait(ask):
    async def work(client, _endpoint):
        slow = {"X-Corinpaint-Fill": "wait0.5"}
        return await asyncio.gather(*(client.post(PREDICT, content=b"x", headers=slow) for _ in range(6)))

    answers = ask(work)
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, 200, 200, 503, 503, 503]
    full = next(answer for answer in answers if answer.status_code == 503)
    assert (full.headers["retry-after"], full.json()["type"]) == ("1", "ServiceUnavailableException")
    assert isinstance(error_from_answer(503, full.content), TransientError)


def test_only_so_many_bodies_are_read_at_a_time(ask):
    async def work(client, endpoint):
        endpoint.reading = endpoint.max_reading
        return await client.post(PREDICT, content=b"x")

    assert ask(work).status_code == 503


@pytest.mark.slow
def test_a_client_that_leaves_takes_its_request_out_of_the_queue(ask):
    async def work(client, endpoint):
        slow = asyncio.create_task(client.post(PREDICT, content=b"x", headers={"X-Corinpaint-Fill": "wait0.5"}))
        while not endpoint.pool._busy:
            await asyncio.sleep(0.01)
        body, left = [{"type": "http.request", "body": b"x"}, {"type": "http.disconnect"}], []

        async def receive():
            return body.pop(0)

        async def send(message):
            left.append(message)

        scope = {"type": "http", "method": "POST", "path": PREDICT, "query_string": b"", "root_path": ""}
        key = client.headers["authorization"].encode()
        await application(endpoint)({**scope, "headers": [(b"authorization", key)]}, receive, send)
        await asyncio.sleep(0.05)
        pending = [waiting for waiting in endpoint.pool._waiting if not waiting.future.cancelled()]
        return left[0]["status"], pending, (await slow).status_code

    assert ask(work) == (499, [], 200)


def test_readiness_is_that_of_the_workers_and_needs_no_key(ask):
    async def work(client, endpoint):
        paths = ("/v2/health/live", "/v2/health/ready", "/v2/models/corinpaint/ready", "/ping")
        ready = [(await client.get(path)).status_code for path in paths]
        open_to_all = [(await client.get(path, headers={"Authorization": ""})).status_code for path in paths[:3]]
        endpoint.pool._stopping = True
        return ready, open_to_all, [(await client.get(path)).status_code for path in paths]

    assert ask(work) == ([200] * 4, [200] * 3, [200, 503, 503, 503])


def test_the_open_inference_protocol_names_server_and_model(ask):
    assert ask("GET", "/v2").json()["extensions"] == ["binary_tensor_data"]
    for path in ("/v2/models/corinpaint", "/v2/models/corinpaint/versions/1.0"):
        assert ask("GET", path).json()["versions"] == ["1.0"]
    assert ask("GET", "/v2/models/corinpaint/versions/2").status_code == 404


def test_the_key_is_not_passed_on_to_the_worker(ask, monkeypatch):
    passed = []

    async def work(client, endpoint):
        submit = endpoint.pool.submit
        monkeypatch.setattr(endpoint.pool, "submit", lambda job: passed.append(job.header) or submit(job))
        return await client.post(PREDICT, content=b"x", headers={"X-Corinpaint-Name": "a.fts", "Cookie": "c"})

    assert ask(work).status_code == 200
    (header,) = passed
    assert header["headers"]["x-corinpaint-name"] == "a.fts"
    assert not {"authorization", "cookie"} & set(header["headers"])


def test_every_request_is_logged_in_a_line_with_its_id(ask, caplog):
    with caplog.at_level(logging.INFO, "corinpaint.access"):
        answer = ask("GET", "/predictions/a%0Ab")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "corinpaint.access"]
    assert line.startswith(f"request {answer.headers['x-request-id']}: ")
    assert "GET /predictions/a b: 404, " in line


def test_metrics_need_no_key(stub_pool):
    async def work(registry):
        transport = httpx.ASGITransport(metrics_application(registry))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.get("/metrics"), await client.get("/other")

    with stub_pool() as pool:
        found, other = asyncio.run(work(pool._registry))
    assert found.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "ts_inference_requests_total" in found.text
    assert (other.status_code, json.loads(other.content)["code"]) == (404, 404)
