"""A worker, in this process: messages in, messages out."""

from __future__ import annotations

import base64
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from corinpaint.handlers.asgi import open_inference
from corinpaint.handlers.asgi.processes import wire
from corinpaint.handlers.asgi.processes.worker import TAKEN, Context, Worker, described, run, serve
from corinpaint.handlers.handler import CorInpaintHandler
from corinpaint.handlers.metrics import Metrics
from corinpaint.lasco.photometry.optics import load_calibration_set

REPORT = {"accept": "application/json", "x-corinpaint-fill": "none"}


@pytest.fixture
def worker(echo, tmp_path):
    context, handler = Context(tmp_path, "corinpaint", {}), CorInpaintHandler()
    handler.inpainter, handler.calibration, handler.metrics = echo, load_calibration_set(), Metrics(context)
    with ThreadPoolExecutor(1) as handler.pool:
        yield Worker(handler, context, "1.0")


@pytest.fixture(scope="module")
def frame(make_frame):
    return bytearray(make_frame(missing=((20, 8),)))


def ask(worker, kind, body, headers=None, **others):
    told, content = worker.answer({"kind": kind, "headers": headers or {}, "request_id": "r1", **others}, body)
    return told["status"], told["headers"], content, told["metrics"]


def test_a_raw_body_is_answered_with_headers_and_metrics(worker, frame):
    status, headers, body, metrics = ask(worker, "predict", frame, REPORT)
    assert (status, headers["content-type"], headers["X-Corinpaint-Frame"]) == (200, "application/json", "32082037")
    assert json.loads(body)["product"] == "35082037.fits"
    assert ("corinpaint_frames_total", 1, ("corinpaint", "restored")) in metrics


def test_an_answer_does_not_keep_the_headers_of_the_one_before(worker, frame):
    ask(worker, "predict", frame, REPORT)
    status, headers, body, _ = ask(worker, "predict", bytearray(b"no frame"))
    assert (status, headers) == (415, {"content-type": "application/json"})
    assert json.loads(body)["request_id"] == "r1"


def test_fields_of_grpc_are_cut_out_of_the_body(worker, frame):
    lengths = [("accept", 16), ("fill", 4), ("frame", len(frame))]
    status, _, body, _ = ask(worker, "fields", bytearray(b"application/jsonnone") + frame, lengths=lengths)
    assert (status, json.loads(body)["fill"]) == (200, "none")


def test_an_inference_takes_its_options_from_parameters_alone(worker, frame):
    request = {
        "id": "7",
        "parameters": {"accept": "application/json", "fill": "none"},
        "inputs": [{"name": "frame", "datatype": "BYTES", "shape": [1], "data": [base64.b64encode(frame).decode()]}],
    }
    headers = {"accept": "*/*", "x-corinpaint-fill": "magic", "content-type": "application/json"}
    status, answered, body, _ = ask(worker, "infer", bytearray(json.dumps(request).encode()), headers)
    told = json.loads(body)
    assert (status, answered["content-type"], told["id"]) == (200, "application/json", "7")
    assert told["parameters"] == {"media_type": "application/json", "filename": "35082037.json", "frame": "32082037"}
    (output,) = told["outputs"]
    assert json.loads(base64.b64decode(output["data"][0]))["fill"] == "none"


@pytest.mark.parametrize("data", [base64.b64encode(b"no frame").decode(), "%"])
def test_an_error_of_an_inference_has_the_message_where_clients_look_for_it(worker, data):
    request = {"inputs": [{"name": "frame", "datatype": "BYTES", "shape": [1], "data": [data]}]}
    status, headers, body, metrics = ask(worker, "infer", bytearray(json.dumps(request).encode()))
    told = json.loads(body)
    assert (status, headers["content-type"]) == (told["status"], "application/json")
    assert told["message"] == told["error"]
    assert ("corinpaint_frames_total", 1, ("corinpaint", told["code"])) in metrics


def test_an_unexpected_error_reveals_nothing(worker, monkeypatch, caplog):
    monkeypatch.setattr(open_inference, "decode", lambda *_: 1 / 0)
    status, _, body, metrics = ask(worker, "infer", bytearray(b"{}"))
    assert (status, json.loads(body)["code"]) == (500, "internal")
    assert "ZeroDivisionError" in caplog.text
    assert metrics[0].labels == ("corinpaint", "internal")


def test_requests_are_served_until_the_other_side_closes(worker, frame):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        thread = threading.Thread(target=serve, args=(theirs, worker))
        thread.start()
        wire.send(ours, {"kind": "predict", "headers": REPORT, "request_id": "r"}, frame)
        assert wire.receive(ours)[0] == TAKEN
        told, _ = wire.receive(ours)
        ours.close()
        thread.join(60)
    assert told["status"] == 200
    assert not thread.is_alive()


def test_a_worker_whose_network_does_not_open_says_why(tmp_path):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert run(theirs, tmp_path, "corinpaint", "1.0", {}) == 1
        told, _ = wire.receive(ours)
    assert "corinpaint.onnx" in told["failed"]


def test_what_is_not_known_of_a_product_is_left_out():
    assert described({"content-type": "image/png"}) == {"media_type": "image/png"}
