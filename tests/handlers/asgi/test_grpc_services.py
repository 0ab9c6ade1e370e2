"""Both services over gRPC, in front of stub workers."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from corinpaint.client.tokens import read_key
from corinpaint.handlers.asgi import grpc_services
from corinpaint.handlers.asgi.grpc_messages import SERVICE, messages
from corinpaint.handlers.asgi.processes.starter import ServerError
from corinpaint.handlers.asgi.tokens import Keys

grpc = pytest.importorskip("grpc")

from corinpaint.client.stubs import inference_pb2, inference_pb2_grpc  # noqa: E402

SECONDS = 60


@pytest.fixture
def call(stub_pool, tmp_path):
    """`call(name, key=True, **fields)` of the Open Inference Protocol, or of TorchServe's service."""
    keys, classes = Keys(tmp_path / "key_file.json"), messages()
    with stub_pool() as pool:
        pool.start()
        pool.wait_until_ready(threading.Event())
        listening = grpc_services.start(pool, pool._registry, keys, "127.0.0.1:0", None)
        with grpc.insecure_channel(f"127.0.0.1:{listening.port}") as channel:
            torchserve = inference_pb2_grpc.InferenceAPIsServiceStub(channel)

            def ask(name, message=None, /, *, key=True, **fields):
                metadata = [("authorization", f"Bearer {read_key(keys.path) if key else 'wrong'}")]
                if message is not None:
                    return getattr(torchserve, name)(message, metadata=metadata, timeout=SECONDS)
                ours = channel.unary_unary(
                    f"/{SERVICE}/{name}",
                    classes[f"{name}Request"].SerializeToString,
                    classes[f"{name}Response"].FromString,
                )
                return ours(classes[f"{name}Request"](**fields), metadata=metadata, timeout=SECONDS)

            ask.pool, ask.address = pool, f"127.0.0.1:{listening.port}"
            yield ask
        listening.stop()


def prediction(does=b"", model="corinpaint"):
    return inference_pb2.PredictionsRequest(model_name=model, input={"fill": does, "body": b"frame"})


def code_of(call, *given, **arguments):
    with pytest.raises(grpc.RpcError) as caught:
        call(*given, **arguments)
    return caught.value.code().name


def test_a_prediction_of_torchserve_s_service(call):
    assert call("Predictions", prediction()).prediction == b"frame"
    assert b"".join(one.prediction for one in call("StreamPredictions", prediction())) == b"frame"
    assert json.loads(call("Ping", inference_pb2.PredictionsRequest()).health) == {"status": "Healthy"}


def test_errors_of_the_server_are_statuses(call):
    assert code_of(call, "Predictions", prediction(), key=False) == "PERMISSION_DENIED"
    assert code_of(call, "ModelInfer", key=False) == "PERMISSION_DENIED"
    assert code_of(call, "Predictions", prediction(model="none")) == "NOT_FOUND"


def infer(content=b"\x05\x00\x00\x00frame", **others):
    inputs = [{"name": "frame", "datatype": "BYTES", "shape": [1]}]
    return {"model_name": "corinpaint", "inputs": inputs, "raw_input_contents": [content], **others}


def test_the_open_inference_protocol_takes_a_frame_and_gives_its_product(call):
    answer = call("ModelInfer", id="7", **infer())
    assert (answer.id, answer.model_version, answer.outputs[0].name) == ("7", "1.0", "product")
    assert list(answer.raw_output_contents) == [b"\x05\x00\x00\x00frame"]
    assert answer.parameters["media_type"].string_param == "application/fits"
    contents = [{"name": "frame", "datatype": "BYTES", "shape": [1], "contents": {"bytes_contents": [b"frame"]}}]
    assert call("ModelInfer", model_name="corinpaint", inputs=contents).raw_output_contents[0].endswith(b"frame")


def test_it_says_what_it_serves(call):
    assert call("ServerLive", key=False).live
    assert call("ServerReady", key=False).ready
    assert call("ModelReady", key=False, name="corinpaint").ready
    assert call("ServerMetadata").name == "corinpaint"
    assert [tensor.name for tensor in call("ModelMetadata", name="corinpaint").inputs] == ["frame", "context"]
    assert code_of(call, "ModelReady", name="none") == "NOT_FOUND"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (infer(b"\x09\x00\x00\x00x"), "INVALID_ARGUMENT"),
        (infer(raw_input_contents=[b"", b""]), "INVALID_ARGUMENT"),
        (infer(inputs=[{"name": "frame", "datatype": "FP32"}]), "INVALID_ARGUMENT"),
        (infer(model_name="none"), "NOT_FOUND"),
        (infer(parameters={"fill": {"string_param": "refuse"}}), "INVALID_ARGUMENT"),
        (infer(parameters={"fill": {"string_param": "die"}}), "INTERNAL"),
    ],
)
def test_what_cannot_be_inferred_is_a_status(call, request_, code, monkeypatch):
    submit = call.pool.submit

    def with_fill(job):
        does = next((bytes(job.body[:length]) for name, length in job.header["lengths"] if name == "fill"), b"")
        return submit(type(job)({**job.header, "do": does.decode()}, job.body))

    monkeypatch.setattr(call.pool, "submit", with_fill)
    assert code_of(call, "ModelInfer", **request_) == code


@pytest.mark.slow
def test_a_full_queue_is_a_status_that_is_tried_again(call, monkeypatch):
    submit = call.pool.submit
    monkeypatch.setattr(call.pool, "submit", lambda job: submit(type(job)({**job.header, "do": "wait0.5"}, job.body)))

    def ask(_):
        try:
            return call("Predictions", prediction()).prediction
        except grpc.RpcError as error:
            return error.code().name

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(ask, range(6)))
    assert sorted(map(str, found)) == sorted(map(str, [b"frame"] * 3 + ["RESOURCE_EXHAUSTED"] * 3))


def test_a_busy_port_is_named(call):
    with pytest.raises(ServerError, match="busy"):
        grpc_services.start(call.pool, call.pool._registry, None, call.address, None)
