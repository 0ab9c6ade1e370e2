"""The messages of the Open Inference Protocol, against those of a client of it."""

from __future__ import annotations

import pytest

from corinpaint.handlers.asgi.grpc_messages import CALLS, messages, parameters_of

service_pb2 = pytest.importorskip("tritonclient.grpc.service_pb2")


@pytest.fixture(scope="module")
def ours():
    return messages()


@pytest.mark.parametrize("name", [*(f"{call}{part}" for call in CALLS for part in ("Request", "Response"))])
def test_every_field_has_the_name_number_and_type_of_the_protocol(ours, name):
    theirs = getattr(service_pb2, name).DESCRIPTOR
    _same(ours[name].DESCRIPTOR, theirs)


def _same(ours, theirs):
    for field in ours.fields:
        other = theirs.fields_by_name[field.name]
        assert (field.number, field.type, field.is_repeated) == (other.number, other.type, other.is_repeated), (
            field.name
        )
        if field.message_type is not None:
            _same(field.message_type, other.message_type)


def test_a_request_of_a_client_is_read(ours):
    request = service_pb2.ModelInferRequest(model_name="corinpaint", raw_input_contents=[b"abc"])
    request.parameters["fill"].string_param = "none"
    request.parameters["max_error"].double_param = 1.5
    request.inputs.add(name="frame", datatype="BYTES", shape=[1])
    found = ours["ModelInferRequest"].FromString(request.SerializeToString())
    assert (found.model_name, found.inputs[0].name, list(found.raw_input_contents)) == ("corinpaint", "frame", [b"abc"])
    assert parameters_of(found) == {"fill": "none", "max_error": 1.5}
