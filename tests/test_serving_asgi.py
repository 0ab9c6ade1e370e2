"""The server in Python, once: the archive's code in its workers, by every interface, beside TorchServe."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import contract
import numpy as np
import pytest
import requests
from astropy.io import fits

from corinpaint.client import Client
from corinpaint.client.errors import RefusedError, TokenError
from corinpaint.client.verify import compression_of, verify_body
from corinpaint.handlers.asgi.server import Settings, serving

for package in ("model_archiver", "onnxruntime", "torch", "grpc"):
    pytest.importorskip(package, reason=f"{package} is not installed; install corinpaint[asgi,cpu,client,export]")

pytestmark = pytest.mark.slow

MISSING = ((20, 8), (12, 22))
PREDICT = "/predictions/corinpaint"
INFER = "/v2/models/corinpaint/infer"
SECONDS = 120


@pytest.fixture(scope="module")
def archive(tmp_path_factory, checkpoint, onnx_model) -> Path:
    from corinpaint.export import mar

    assert onnx_model.with_suffix(".safetensors") == checkpoint
    return mar.export(checkpoint, tmp_path_factory.mktemp("archive") / "corinpaint.mar")


@pytest.fixture(scope="module")
def server(archive, tmp_path_factory):
    settings = Settings(tmp_path_factory.mktemp("asgi"), port=0, metrics_port=0, grpc_port=0)
    with serving(archive, settings) as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="module")
def frame(make_frame) -> bytes:
    return make_frame(missing=MISSING)


@pytest.fixture(scope="module")
def wanted(frame, onnx_model) -> list[bytes]:
    """What the pipeline gives in this process."""
    from corinpaint.lasco.level05.frame import read_frame
    from corinpaint.restore.engines.onnx import OnnxInpainter
    from corinpaint.restore.pipeline import restore

    return data_of(restore(read_frame(frame), inpainter=OnnxInpainter(onnx_model, threads=1)).level1.to_bytes())


def data_of(product: bytes) -> list[bytes]:
    with fits.open(io.BytesIO(product)) as hdus:
        return [hdu.data.tobytes() for hdu in hdus]


def post(server, body, path=PREDICT, **headers):
    headers = {**server.auth_headers(), "Content-Type": "application/fits", **headers}
    return requests.post(server.url(path), data=body, headers=headers, timeout=SECONDS)


def test_a_frame_gives_the_bytes_of_the_command_line_over_http_and_grpc(server, frame, wanted):
    answer = post(server, frame)
    assert (answer.status_code, answer.headers["content-disposition"]) == (200, 'attachment; filename="35082037.fits"')
    assert data_of(answer.content) == wanted
    for url in (server.url(), f"grpc://127.0.0.1:{server.grpc_port}"):
        with Client(url, key_file=server.keys.path) as client:
            assert client.restore(frame).body == answer.content
            with pytest.raises(RefusedError, match="not a FITS file"):
                client.restore(b"no frame")
        with Client(url, token="wrong") as client, pytest.raises(TokenError):
            client.restore(frame)


def test_the_open_inference_protocol_gives_the_same_to_tritonclient_over_grpc(server, frame, wanted):
    triton = pytest.importorskip("tritonclient.grpc")
    headers = {"authorization": server.auth_headers()["Authorization"]}
    with triton.InferenceServerClient(f"127.0.0.1:{server.grpc_port}") as client:
        assert client.is_server_ready()
        assert client.is_model_ready("corinpaint")
        assert client.get_model_metadata("corinpaint", headers=headers).outputs[0].name == "product"
        answer = client.infer("corinpaint", [_triton_input(triton, frame)], headers=headers)
        assert data_of(answer.as_numpy("product")[0]) == wanted
        with pytest.raises(
            triton.InferenceServerException if hasattr(triton, "InferenceServerException") else Exception
        ):
            client.infer("corinpaint", [_triton_input(triton, b"no frame")], headers=headers)


def _triton_input(triton, content):
    given = triton.InferInput("frame", [1], "BYTES")
    given.set_data_from_numpy(np.array([content], dtype=object))
    return given


@pytest.mark.parametrize("binary", [True, False])
def test_the_open_inference_protocol_gives_the_same_to_tritonclient_over_http(server, frame, wanted, binary):
    pytest.importorskip("geventhttpclient", reason="install tritonclient[http]")
    triton = pytest.importorskip("tritonclient.http")
    headers = server.auth_headers()
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}", network_timeout=SECONDS) as client:
        assert client.is_server_live()
        assert client.is_model_ready("corinpaint")
        output = triton.InferRequestedOutput("product", binary_data=binary)
        answer = client.infer("corinpaint", [_triton_input(triton, frame)], headers=headers, outputs=[output])
    (content,) = answer.as_numpy("product")
    assert data_of(content if binary else base64.b64decode(content)) == wanted
    assert answer.get_response()["parameters"]["frame"] == "32082037"


def test_the_code_that_serves_is_the_archive_s(server):
    folder = server.pool.archive.folder
    for worker in server.pool.workers:
        maps = Path(f"/proc/{worker.process_id}/environ")
        if not maps.exists():
            pytest.skip("no /proc")
        assert f"PYTHONPATH={folder}".encode() in maps.read_bytes()


def test_a_killed_worker_costs_its_request_and_is_back(server, frame, wanted):
    killed = {worker.process_id for worker in server.pool.workers}
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(post, server, frame) for _ in range(8)]
        while server.pool.pending < 2:
            time.sleep(0.001)
        victim = next(iter(killed))
        os.kill(victim, signal.SIGKILL)
        answers = [one.result() for one in asked]
    died = [answer for answer in answers if answer.status_code != 200]
    assert len(died) <= 1
    assert all(answer.json()["message"].startswith("Worker died") for answer in died)
    assert all(data_of(answer.content) == wanted for answer in answers if answer.status_code == 200)
    while len(server.pool.workers) < 2:
        time.sleep(0.05)
    assert victim not in {worker.process_id for worker in server.pool.workers}


def test_answers_are_not_swapped_among_clients(server, make_frame):
    numbers = [f"3208{number:04d}" for number in range(2000, 2016)]

    def ask(number):
        body = make_frame(missing=MISSING, FILENAME=f"{number}.fts")
        answer = post(server, body, Accept="application/json")
        return answer.headers["X-Corinpaint-Frame"], answer.json()["source"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, numbers)) == [(number, f"{number}.fts") for number in numbers]


def test_a_default_client_of_grpc_gets_a_clear_error_or_a_compressed_product_or_has_a_larger_limit(
    server, frame, wanted
):
    import grpc

    from corinpaint.client.stubs import inference_pb2, inference_pb2_grpc

    answers, default = [], []
    larger = [("grpc.max_receive_message_length", 16 * 2**20)]
    for options, compress in ((default, "none"), (larger, "none"), (default, "rice")):
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}", options) as channel:
            predict = inference_pb2_grpc.InferenceAPIsServiceStub(channel).Predictions
            request = inference_pb2.PredictionsRequest(
                model_name="corinpaint", input={"frame": frame, "compress": compress.encode()}
            )
            token = [("authorization", server.auth_headers()["Authorization"])]
            try:
                answers.append(predict(request, metadata=token, timeout=SECONDS).prediction)
            except grpc.RpcError as error:
                answers.append((error.code(), error.details()))
    assert answers[0][0] is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in answers[0][1]
    assert data_of(answers[1]) == wanted
    assert verify_body(answers[2], "application/fits", "frame") == "35082037.fits"
    assert compression_of(answers[2]) == "rice"


def test_torchserve_answers_the_same_requests_with_the_same_bytes(archive, server, tmp_path):
    torchserve = pytest.importorskip("corinpaint.export.torchserve", reason="install corinpaint[serve]")
    asked = list(contract.cases(tmp_path))
    ours = [contract.ask(one, server.url(), server.auth_headers(), f"127.0.0.1:{server.grpc_port}") for one in asked]
    with torchserve.serve(archive, tmp_path / "torchserve", torchserve.free_ports()) as other:
        for one, mine in zip(asked, ours, strict=True):
            assert contract.ask(one, other.url(""), other.auth_headers(), other.grpc_address) == mine, one.name


def test_serving_by_the_command_line_answers_what_is_pending_before_it_stops(archive, frame, wanted, tmp_path):
    command = [sys.executable, "-m", "corinpaint.cli.main", "serve", str(archive), "--server", "asgi", "--port", "0"]
    command += ["--metrics-port", "0", "--grpc-port", "0", "--folder", str(tmp_path), "--waiting", "10"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        log: list[str] = []
        reading = threading.Thread(target=lambda: log.extend(process.stderr))
        reading.start()
        try:
            ready = process.stdout.readline()
            assert ready.startswith("ready after ")
            url = ready.split()[4].rstrip(",")
            key = json.loads((tmp_path / "key_file.json").read_text())["inference"]["key"]
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/fits"}
            with ThreadPoolExecutor(6) as pool:
                asked = [
                    pool.submit(requests.post, url, data=frame, headers=headers, timeout=SECONDS) for _ in range(6)
                ]
                while not any(one.done() for one in asked):
                    time.sleep(0.01)
                process.send_signal(signal.SIGTERM)
                answers = [one.result() for one in asked]
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()
            reading.join()
    assert [data_of(answer.content) == wanted for answer in answers] == [True] * 6
    assert any("request " in line and "POST /predictions/corinpaint: 200" in line for line in log)
