"""A frame over gRPC, with grpcio and protobuf alone: no generated code.

The messages are those of TorchServe's ``proto/inference.proto``, the parts of them that a prediction needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "org.pytorch.serve.grpc.inference"
LIMIT = 68157440
"""Bytes of a message; the 4 MiB that gRPC allows by default are less than a product."""

_Field = descriptor_pb2.FieldDescriptorProto


def predict(address: str, token: str, inputs: Mapping[str, bytes], model: str = "corinpaint") -> bytes:
    """Ask for one prediction.

    Parameters
    ----------
    address : str
        Host and port.
    token : str
        Inference key of ``key_file.json``.
    inputs : mapping
        ``body``: the content of a Level 0.5 file; ``accept``, ``fill`` and ``options``: UTF-8.
    model : str

    Returns
    -------
    bytes
        The product, or JSON with ``code`` and ``status`` when the frame cannot be restored: TorchServe passes no
        status of the handler on.

    Raises
    ------
    grpc.RpcError
        When the token is wrong, or the server is not there.
    """
    request, response = _messages()
    options = [("grpc.max_send_message_length", LIMIT), ("grpc.max_receive_message_length", LIMIT)]
    with grpc.insecure_channel(address, options) as channel:
        call = channel.unary_unary(
            f"/{PACKAGE}.InferenceAPIsService/Predictions",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )
        message = request(model_name=model, input=dict(inputs))
        metadata = (("authorization", f"Bearer {token}"),)
        return bytes(call(message, timeout=120, metadata=metadata, wait_for_ready=True).prediction)


@cache
def _messages() -> tuple[Any, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="corinpaint/inference.proto", package=PACKAGE, syntax="proto3")
    request = file.message_type.add(name="PredictionsRequest")
    entry = request.nested_type.add(name="InputEntry")
    entry.options.map_entry = True
    _add(entry, "key", 1, _Field.TYPE_STRING)
    _add(entry, "value", 2, _Field.TYPE_BYTES)
    _add(request, "model_name", 1, _Field.TYPE_STRING)
    inputs = _add(request, "input", 3, _Field.TYPE_MESSAGE)
    inputs.label, inputs.type_name = _Field.LABEL_REPEATED, f".{PACKAGE}.PredictionsRequest.InputEntry"
    _add(file.message_type.add(name="PredictionResponse"), "prediction", 1, _Field.TYPE_BYTES)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    names = ("PredictionsRequest", "PredictionResponse")
    found = [message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in names]
    return found[0], found[1]


def _add(message: Any, name: str, number: int, kind: Any) -> Any:
    return message.field.add(name=name, number=number, type=kind, label=_Field.LABEL_OPTIONAL)
