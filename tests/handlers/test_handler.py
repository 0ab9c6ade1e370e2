"""The endpoint without TorchServe: a context that records, requests as TorchServe hands them over."""

from __future__ import annotations

import io
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits
from click.testing import CliRunner

from corinpaint.cli.main import main
from corinpaint.client.protocol import FRAME_HEADER
from corinpaint.handlers.handler import CorInpaintHandler
from corinpaint.handlers.metrics import Metrics
from corinpaint.lasco.errors import CheckpointError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.engines.onnx import OnnxInpainter, default_onnx
from corinpaint.restore.pipeline import restore

MISSING = ((20, 8), (20, 9), (12, 22))


class FakeContext:
    """What a handler sees of TorchServe."""

    def __init__(self, headers):
        self.headers = headers
        self.status, self.phrase, self.sent = {}, {}, {index: {} for index in range(len(headers))}

    def get_all_request_header(self, index):
        return self.headers[index]

    def get_request_id(self, index):
        return f"request-{index}"

    def set_response_status(self, code, phrase, idx):
        self.status[idx], self.phrase[idx] = code, phrase

    def set_response_content_type(self, index, value):
        self.set_response_header(index, "content-type", value)

    def set_response_header(self, index, key, value):
        assert isinstance(value, str)
        self.sent[index][key] = value


@pytest.fixture
def handler(echo):
    ready = CorInpaintHandler()
    ready.inpainter, ready.calibration, ready.metrics = echo, load_calibration_set(), Metrics(SimpleNamespace())
    with ThreadPoolExecutor(2) as ready.pool:
        yield ready


@pytest.fixture(scope="module")
def frame(make_frame):
    return make_frame(missing=MISSING)


def ask(handler, *items):
    """Post (fields, headers) pairs as one batch; answers with status, headers and body."""
    context = FakeContext([headers for _, headers in items])
    bodies = handler.handle([fields for fields, _ in items], context)
    assert len(bodies) == len(items)
    return [
        SimpleNamespace(status=context.status[i], headers=context.sent[i], body=body) for i, body in enumerate(bodies)
    ]


@pytest.mark.slow
def test_the_answer_is_the_file_that_restore_writes_byte_for_byte(handler, frame, tmp_path):
    handler.inpainter = OnnxInpainter(default_onnx(), threads=1)
    (answer,) = ask(handler, ({"body": bytearray(frame)}, {}))
    source = tmp_path / f"{answer.headers[FRAME_HEADER]}.fts"
    source.write_bytes(frame)
    words = ["restore", str(source), "-o", str(tmp_path / "out"), "--threads", "1"]
    assert CliRunner().invoke(main, words).exit_code == 0
    (written,) = (tmp_path / "out").glob("*.fits")
    assert bytes(answer.body) == written.read_bytes()


@pytest.mark.slow
def test_a_raw_body_gives_the_product_that_the_pipeline_gives(handler, frame, echo):
    (answer,) = ask(handler, ({"body": bytearray(frame)}, {"Content-Type": "application/fits"}))
    wanted = restore(read_frame(frame), inpainter=echo).level1
    assert (answer.status, answer.headers["content-type"]) == (200, "application/fits")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{wanted.filename}"'
    with fits.open(io.BytesIO(answer.body)) as hdus:
        assert hdus[0].data.tobytes() == wanted.data.astype(">f4").tobytes()
        assert np.array_equal(hdus["MASK"].data, wanted.mask)


@pytest.mark.parametrize("name", ["body", "data", "frame", "upload"])
def test_the_frame_may_be_in_any_field(handler, frame, name):
    (answer,) = ask(handler, ({"accept": bytearray(b"application/json"), name: bytearray(frame)}, {}))
    assert answer.status == 200
    assert json.loads(answer.body)["blocks"]["lost"] == sorted(row * 32 + column for row, column in MISSING)


@pytest.mark.slow
@pytest.mark.parametrize("header", ["Accept", "accept", "ACCEPT"])
def test_the_result_follows_the_accept_header_in_any_case(handler, frame, header):
    (answer,) = ask(handler, ({"body": bytearray(frame)}, {header: "image/png"}))
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["Content-Disposition"].endswith('.png"')
    assert answer.body.startswith(b"\x89PNG")


def test_a_field_takes_precedence_over_a_header(handler, frame):
    fields = {"frame": bytearray(frame), "accept": "application/json", "fill": bytearray(b"none")}
    (answer,) = ask(handler, (fields, {"Accept": "image/png", "X-Corinpaint-Fill": "network"}))
    report = json.loads(answer.body)
    assert report["fill"] == "none"
    assert report["blocks"]["filled"] == []


def test_the_fill_can_be_a_header(handler, frame, echo):
    (answer,) = ask(handler, ({"body": frame}, {"x-corinpaint-FILL": "none", "Accept": "application/json"}))
    assert json.loads(answer.body)["fill"] == "none"
    assert echo.calls == 0


@pytest.mark.slow
def test_one_bad_frame_gets_its_own_error_and_the_others_their_results(handler, frame):
    as_json = {"Accept": "application/json"}
    good, bad, also_good = ask(
        handler, ({"body": frame}, as_json), ({"body": b"not a frame"}, as_json), ({"body": frame}, {})
    )
    assert (good.status, bad.status, also_good.status) == (200, 415, 200)
    error = json.loads(bad.body)
    assert (error["code"], error["status"], error["request_id"]) == ("not_fits", 415, "request-1")
    assert "give a FITS file" in error["message"]
    assert also_good.body.startswith(b"SIMPLE")


@pytest.mark.parametrize(
    ("fields", "headers", "status", "code"),
    [
        ({}, {}, 400, "no_frame"),
        ({"body": bytearray()}, {}, 400, "no_frame"),
        ({"fill": b"none"}, {}, 400, "no_frame"),
        ({"body": "text that TorchServe decoded"}, {}, 415, "not_fits"),
        ({"body": {"a": 1}}, {}, 415, "not_fits"),
        ({"body": None}, {}, 415, "not_fits"),
        ({"body": bytearray(b"SIMPLE")}, {}, 415, "not_fits"),
        ({"body": b"\x1f\x8b\x00"}, {}, 400, "truncated"),
        ({"body": b"x"}, {"Accept": "text/html"}, 406, "not_acceptable"),
        ({"body": b"x", "accept": b"\xff"}, {}, 400, "bad_option"),
        ({"body": b"x", "fill": {"a": 1}}, {}, 400, "bad_option"),
    ],
)
def test_a_bad_request_is_answered_with_a_status_and_a_code(handler, fields, headers, status, code):
    (answer,) = ask(handler, (fields, headers))
    assert (answer.status, json.loads(answer.body)["code"]) == (status, code)
    assert answer.headers == {"content-type": "application/json"}


def test_an_unknown_fill_is_an_error_of_the_request(handler, frame):
    (answer,) = ask(handler, ({"body": frame, "fill": "magic"}, {}))
    assert answer.status == 400
    assert "magic" in json.loads(answer.body)["message"]


def test_an_unexpected_error_is_logged_and_reveals_nothing_to_the_client(handler, frame, monkeypatch, caplog):
    def explode(*_):
        raise ZeroDivisionError("/secret/path")

    monkeypatch.setattr(handler.inpainter, "fill", explode)
    with caplog.at_level(logging.ERROR):
        answer, fine = ask(handler, ({"body": frame}, {}), ({"body": frame, "fill": "none"}, {}))
    assert (answer.status, fine.status) == (500, 200)
    assert json.loads(answer.body)["code"] == "internal"
    assert b"secret" not in answer.body
    assert "/secret/path" in caplog.text
    assert "request-0" in caplog.text


@pytest.mark.slow
def test_initialising_restores_a_frame_and_logs_the_engine(echo, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("corinpaint.restore.engines.loading.load", lambda *given: opened.append(given) or echo)
    opened = []
    context = SimpleNamespace(
        system_properties={"model_dir": str(tmp_path)},
        model_yaml_config={"corinpaint": {"engine": "torchscript", "threads": 3, "provider": "cuda"}},
    )
    with caplog.at_level(logging.INFO):
        CorInpaintHandler().initialize(context)
    assert opened == [(tmp_path / "corinpaint.pt", 3, "cuda", False)]
    assert echo.calls == 1
    assert "torchscript" in caplog.text


def test_an_archive_without_its_network_does_not_become_ready(tmp_path):
    context = SimpleNamespace(system_properties={"model_dir": str(tmp_path)}, model_yaml_config={})
    with pytest.raises(CheckpointError, match=r"corinpaint\.onnx"):
        CorInpaintHandler().initialize(context)


@pytest.mark.slow
def test_an_archive_whose_network_fills_nothing_does_not_become_ready(echo, tmp_path, monkeypatch):
    monkeypatch.setattr("corinpaint.restore.engines.loading.load", lambda *_: echo)
    fill = echo.fill
    echo.fill = lambda *given: (filled := fill(*given))._replace(reached=np.zeros_like(filled.reached))
    context = SimpleNamespace(system_properties={"model_dir": str(tmp_path)}, model_yaml_config={})
    with pytest.raises(CheckpointError, match=r"warm-up.*out of the network's reach"):
        CorInpaintHandler().initialize(context)


@pytest.mark.slow
def test_each_answer_of_a_batch_has_the_number_of_its_own_frame(handler, make_frame):
    numbers = [f"3208{number:04d}" for number in range(2037, 2045)]
    frames = [make_frame(missing=MISSING[: 1 + i % 3], FILENAME=f"{number}.fts") for i, number in enumerate(numbers)]
    found = ask(handler, *(({"body": one}, {"Accept": "application/json"}) for one in frames))
    assert [one.headers["X-Corinpaint-Frame"] for one in found] == numbers
    assert [json.loads(one.body)["source"] for one in found] == [f"{number}.fts" for number in numbers]
    assert [len(json.loads(one.body)["blocks"]["lost"]) for one in found] == [1 + i % 3 for i in range(8)]


@pytest.mark.slow
def test_a_batch_is_restored_by_several_threads_concurrently(handler, frame):
    both = threading.Barrier(2, timeout=30)
    fill = handler.inpainter.fill
    handler.inpainter.fill = lambda *given: both.wait() + 1 and fill(*given)
    answers = ask(handler, ({"body": frame}, {}), ({"body": frame}, {}))
    assert [one.status for one in answers] == [200, 200]
    assert answers[0].body == answers[1].body


def test_a_name_numbers_the_product_and_the_error(handler, frame):
    named = {"X-Corinpaint-Name": "32999999.fts.gz"}
    good, bad = ask(handler, ({"body": frame}, named), ({"body": frame[:4000]}, named))
    assert good.headers["X-Corinpaint-Frame"] == bad.headers["X-Corinpaint-Frame"] == "32999999"
    assert good.headers["Content-Disposition"] == 'attachment; filename="35999999.fits"'
    error = json.loads(bad.body)
    assert error["frame"] == "32999999"
    assert error["what"].startswith("32999999.fts.gz: ")
    assert error["remedy"] == "fetch the file again"


def test_a_probe_is_answered_with_the_status_of_the_endpoint(handler):
    (answer,) = ask(handler, ({}, {"X-Corinpaint-Probe": "ready"}))
    found = json.loads(answer.body)
    assert (answer.status, found["ready"], found["weights"]["sha256"]) == (200, True, "0" * 64)


def test_every_request_is_logged_in_a_line_with_its_id_frame_and_stages(handler, frame, caplog):
    with caplog.at_level(logging.INFO):
        ask(handler, ({"body": frame}, {}), ({"body": b"no"}, {}))
    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith("request ")]
    good = next(line for line in lines if "restored" in line)
    assert good.startswith("request request-0: 32082037: restored, ")
    assert all(stage in good for stage in ("decode", "calibrate", "fill", "finish", "encode"))
    assert any(line.startswith("request request-1: no frame: not_fits") for line in lines)
