"""The Open Inference Protocol over REST: requests and answers, and what is no such request."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corinpaint.handlers.asgi import open_inference
from corinpaint.lasco.errors import OptionError

FRAME = b"SIMPLE\x00\xff"


def in_json(inputs=None, **others):
    data = [base64.b64encode(FRAME).decode()]
    inputs = inputs if inputs is not None else [{"name": "frame", "datatype": "BYTES", "shape": [1], "data": data}]
    return json.dumps({"inputs": inputs, **others}).encode()


def binary(*tensors, **others):
    contents = [(name, b"".join(map(open_inference.element, elements))) for name, elements in tensors]
    inputs = [
        {"name": name, "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": len(content)}}
        for name, content in contents
    ]
    described = in_json(inputs, **others)
    return described + b"".join(content for _, content in contents), str(len(described))


def test_a_frame_in_json_is_base64_and_parameters_are_options():
    parameters = {"fill": "none", "max_error": 1.5, "unknown": 3}
    found = open_inference.decode(in_json(id="7", parameters=parameters), "")
    assert found.fields == {"body": FRAME, "fill": "none", "max_error": "1.5"}
    assert (found.identifier, found.binary) == ("7", False)


def test_binary_tensors_follow_the_json_in_their_order():
    outputs = [{"name": "product", "parameters": {"binary_data": True}}]
    body, length = binary(("context", [b"a", b""]), ("frame", [FRAME]), outputs=outputs)
    found = open_inference.decode(bytearray(body), length)
    assert found.fields == {"context": b"a", "context1": b"", "body": FRAME}
    assert found.binary


@pytest.mark.parametrize("binary_output", [True, False])
def test_the_answer_is_what_was_asked_for(binary_output):
    inference = open_inference.Inference({}, "7", binary_output)
    headers, body = open_inference.encode(b"product", {"frame": "32082037"}, inference, "corinpaint", "1")
    length = int(headers.get(open_inference.BINARY_HEADER, len(body)))
    told = json.loads(body[:length])
    (output,) = told["outputs"]
    content = (
        open_inference.elements_of(body[length:], "product")
        if binary_output
        else [base64.b64decode(one) for one in output["data"]]
    )
    assert content == [b"product"]
    assert (told["id"], told["model_name"], told["parameters"]) == ("7", "corinpaint", {"frame": "32082037"})
    assert (output["name"], output["datatype"], output["shape"]) == ("product", "BYTES", [1])


@pytest.mark.parametrize(
    ("body", "length", "message"),
    [
        (b"no", "", "no JSON"),
        (b"[" * 99999, "", "no JSON"),
        (b"[]", "", "no list of inputs"),
        (b'{"inputs": 3}', "", "no list of inputs"),
        (in_json([]), "", "the inputs are"),
        (in_json([3]), "", "an input 'None'"),
        (in_json([{"name": "frame", "datatype": "FP32", "data": [1]}]), "", "datatype 'FP32'"),
        (in_json([{"name": "frame", "datatype": "BYTES", "data": ["%"]}]), "", "no base64"),
        (in_json([{"name": "frame", "datatype": "BYTES", "data": [3]}]), "", "no base64"),
        (in_json([{"name": "frame", "datatype": "BYTES", "data": ["", ""]}]), "", "frame of 2"),
        (in_json([{"name": "other", "datatype": "BYTES", "data": [""]}]), "", "other of 1"),
        (in_json(outputs=[{"name": "other"}]), "", "an output 'other'"),
        (in_json(), "-1", "Inference-Header"),
        (in_json(), "99999999", "Inference-Header"),
        (binary(("frame", [FRAME]))[0][:-1], binary(("frame", [FRAME]))[1], "binary_data_size"),
        (binary(("frame", [FRAME]))[0] + b"x", binary(("frame", [FRAME]))[1], "1 bytes follow"),
        (binary(("frame", [b"x"]), ("context", [b"x"] * 17))[0], binary(("frame", [b"x"]), ("context", [b"x"] * 17))[1],
         "17 context frames"),
    ],
)  # fmt: skip
def test_what_is_no_such_request_is_named(body, length, message):
    with pytest.raises(OptionError, match=message):
        open_inference.decode(body, length)


def test_elements_whose_lengths_do_not_fit_are_refused():
    for content in (b"\x01", b"\x05\x00\x00\x00abc"):
        with pytest.raises(OptionError, match="end early"):
            open_inference.elements_of(content, "frame")


@given(st.binary(max_size=200), st.sampled_from(["", "2", "20"]))
def test_any_other_body_is_an_error_of_the_request(body, length):
    with pytest.raises(OptionError):
        open_inference.decode(body, length)


def test_the_metadata_names_the_tensors():
    told = open_inference.metadata("corinpaint", "1")
    assert [one["name"] for one in told["inputs"] + told["outputs"]] == ["frame", "context", "product"]
    assert {one["datatype"] for one in told["inputs"] + told["outputs"]} == {"BYTES"}
