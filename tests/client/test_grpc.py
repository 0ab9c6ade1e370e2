"""What gRPC alone has: its statuses, its packages."""

from __future__ import annotations

import sys

import endpoint
import pytest

from corinpaint.client import Client
from corinpaint.client.errors import (
    AnswerError,
    ClientError,
    RefusedError,
    TokenRefusedError,
    UnreachableError,
)
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.retries import TransientError

pytest.importorskip("grpc", reason="grpcio is not installed; install corinpaint[client]")
FRAME = endpoint.small_frame()


@pytest.mark.parametrize(
    ("code", "details", "kind", "status"),
    [
        ("UNAVAILABLE", "Connection refused", TransientError, None),
        ("UNAVAILABLE", "handshake: certificate verify failed", UnreachableError, None),
        ("DEADLINE_EXCEEDED", "", TransientError, None),
        ("RESOURCE_EXHAUSTED", "queue", TransientError, 503),
        ("RESOURCE_EXHAUSTED", "CLIENT: Received message larger than max (9 vs. 4)", RefusedError, 413),
        ("INTERNAL", "Worker died.", TransientError, 500),
        ("INTERNAL", "Model not found: x", RefusedError, 404),
        ("PERMISSION_DENIED", "Token", TokenRefusedError, None),
        ("UNAUTHENTICATED", "", TokenRefusedError, None),
        ("CANCELLED", "", AnswerError, None),
        ("INVALID_ARGUMENT", "", RefusedError, 502),
    ],
)
def test_every_status_of_grpc_has_its_error(code, details, kind, status):
    with Client("grpc://127.0.0.1:9") as client:
        error = client._transport._error_of(code, details)
    assert type(error) is kind
    failure = getattr(error, "error", error)
    assert getattr(failure, "status", None) == status
    assert kind is TokenRefusedError or failure.remedy


def test_an_unknown_model_is_a_final_error():
    with endpoint.grpc() as server, Client(server.url) as client:
        server.faults = [endpoint.Fault("INTERNAL", b"Model not found: corinpaint")]
        with pytest.raises(RefusedError, match="name of the model"):
            client.restore(FRAME)
        assert len(server.asked) == 1


def test_a_closed_client_says_so():
    client = Client("grpc://127.0.0.1:9")
    client.close()
    with pytest.raises(ClientError, match="closed"):
        client.restore(FRAME)


def test_missing_packages_and_certificates_are_named(monkeypatch, tmp_path):
    with pytest.raises(OptionError, match=r"gone\.pem: cannot be read"):
        Client("grpcs://127.0.0.1:9", ca_bundle=tmp_path / "gone.pem")
    stubs = "corinpaint.client.stubs.inference_pb2_grpc"
    monkeypatch.setitem(sys.modules, stubs, None)
    monkeypatch.delattr("corinpaint.client.stubs.inference_pb2_grpc", raising=False)
    with pytest.raises(OptionError, match=r"gRPC needs .*corinpaint\[client\]"):
        Client("grpc://127.0.0.1:9")
