"""The Open Inference Protocol, version 2 (KServe, Triton): a frame as a tensor of BYTES in, its product as one out.

The model has one input that is needed, ``frame``, one that may be left out, ``context`` (up to 16 frames), and one
output, ``product``. Options are parameters of the request, by their names as fields of a form. In JSON the bytes of a
tensor are base64; with the extension for binary data they follow the JSON, each after its length (4 bytes, little
endian), as Triton's clients send and read them.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corinpaint.client.protocol import MAX_CONTEXT_FRAMES, OPTION_HEADERS, context_field
from corinpaint.lasco.errors import OptionError

FRAME, CONTEXT, PRODUCT = "frame", "context", "product"
"""Names of the tensors."""

BYTES = "BYTES"
"""Their data type."""

BINARY_HEADER = "Inference-Header-Content-Length"
"""Header with the length of the JSON, where binary data follow it."""

EXTENSIONS = ["binary_tensor_data"]
"""What the server says to be able to do beyond the protocol."""

OPTIONS = tuple(name for name in OPTION_HEADERS if name != "probe")
"""Parameters of a request."""

MAX_JSON_BYTES = 2**20
"""Maximum number of bytes of the JSON in front of binary data."""

_LENGTH = struct.Struct("<I")


@dataclass(frozen=True)
class Inference:
    """A request for inference.

    Attributes
    ----------
    fields : dict
        Fields of the request as the handler takes them.
    identifier : str
        The request's ``id``; empty when it has none.
    binary : bool
        Whether the product is wanted as binary data.
    """

    fields: dict[str, Any]
    identifier: str
    binary: bool


def metadata(model: str, version: str) -> dict[str, Any]:
    """What the model takes and gives.

    Parameters
    ----------
    model, version : str

    Returns
    -------
    dict
        For JSON.
    """
    return {
        "name": model,
        "versions": [version],
        "platform": "corinpaint",
        "inputs": [
            {"name": FRAME, "datatype": BYTES, "shape": [1]},
            {"name": CONTEXT, "datatype": BYTES, "shape": [-1], "parameters": {"optional": True}},
        ],
        "outputs": [{"name": PRODUCT, "datatype": BYTES, "shape": [1]}],
    }


def fields_of(inputs: Mapping[str, Sequence[bytes]], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a request, from its tensors and parameters.

    Parameters
    ----------
    inputs : mapping of str to sequence of bytes
        Elements of each tensor.
    parameters : mapping of str to object
        Those of the request; others than `OPTIONS` are ignored.

    Returns
    -------
    dict of str to bytes or str

    Raises
    ------
    OptionError
        When a tensor is missing, unknown, or has too many elements.
    """
    unknown = sorted(set(inputs) - {FRAME, CONTEXT})
    if unknown or len(inputs.get(FRAME, ())) != 1:
        found = ", ".join(f"{name} of {len(values)}" for name, values in sorted(inputs.items()))[:200] or "none"
        raise OptionError(f"the inputs are {found}", f"send {FRAME} of 1 element, and {CONTEXT} if you like")
    frames = inputs.get(CONTEXT, ())
    if len(frames) > MAX_CONTEXT_FRAMES:
        raise OptionError(f"{len(frames)} context frames", f"send {MAX_CONTEXT_FRAMES} at most, the nearest in time")
    context = {context_field(index): content for index, content in enumerate(frames)}
    options = {name: _text(parameters[name]) for name in OPTIONS if name in parameters}
    return {**options, **context, "body": inputs[FRAME][0]}


def _text(value: Any) -> Any:
    """The text of a parameter; numbers are written as options are."""
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else value


def decode(body: bytes | bytearray, json_length: str) -> Inference:
    """Read a request over REST.

    Parameters
    ----------
    body : bytes
    json_length : str
        Value of `BINARY_HEADER`; empty when there is none.

    Returns
    -------
    Inference

    Raises
    ------
    OptionError
        When it does not follow the protocol.
    """
    content = bytes(body)
    length = _json_length(json_length, len(content))
    try:
        request = json.loads(content[:length])
    except (ValueError, RecursionError) as error:
        raise OptionError(
            "the request is no JSON", "send it as the Open Inference Protocol, version 2, says"
        ) from error
    if not isinstance(request, dict) or not isinstance(request.get("inputs"), list):
        raise OptionError("the request has no list of inputs", f"send {FRAME}, of datatype {BYTES} and shape [1]")
    parameters = _mapping(request.get("parameters"))
    rest, inputs = content[length:], {}
    for tensor in request["inputs"]:
        described = _mapping(tensor)
        name, elements, rest = _tensor(described, rest)
        inputs[name] = elements
    if rest:
        raise OptionError(f"{len(rest)} bytes follow the last tensor", f"check {BINARY_HEADER} and binary_data_size")
    identifier = request.get("id", "")
    return Inference(
        fields_of(inputs, parameters), identifier if isinstance(identifier, str) else "", _binary(request, parameters)
    )


def _json_length(text: str, size: int) -> int:
    if not text:
        return size
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) > min(size, MAX_JSON_BYTES):
        raise OptionError(f"{BINARY_HEADER}: {text[:40]!r}", "give the number of bytes of the JSON")
    return int(text)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _tensor(described: Mapping[str, Any], rest: bytes) -> tuple[str, list[bytes], bytes]:
    """Name and elements of a tensor, and what is left of the binary data."""
    name = described.get("name")
    if not isinstance(name, str) or described.get("datatype") != BYTES:
        raise OptionError(
            f"an input {str(name)[:80]!r} of datatype {str(described.get('datatype'))[:20]!r}",
            f"send {FRAME} as {BYTES}",
        )
    size = _mapping(described.get("parameters")).get("binary_data_size")
    if size is None:
        return name, [_base64(value, name) for value in _flat(described.get("data"))], rest
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= len(rest):
        raise OptionError(f"{name}: binary_data_size = {str(size)[:40]}", "give the number of its bytes in the body")
    return name, elements_of(rest[:size], name), rest[size:]


def _flat(data: Any) -> list[Any]:
    """The elements of a tensor in JSON, which may be nested once."""
    values = data if isinstance(data, list) else [data]
    return [element for value in values for element in (value if isinstance(value, list) else [value])]


def _base64(value: Any, name: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise OptionError(f"{name}: no base64", "send its bytes as base64, or as binary data") from error


def elements_of(content: bytes, name: str) -> list[bytes]:
    """The elements of a tensor of BYTES in its binary form.

    Parameters
    ----------
    content : bytes
    name : str
        For errors.

    Returns
    -------
    list of bytes

    Raises
    ------
    OptionError
        When the lengths do not fit the content.
    """
    found, start = [], 0
    while start < len(content):
        end = start + _LENGTH.size
        stop = end + (_LENGTH.unpack_from(content, start)[0] if end <= len(content) else len(content))
        if stop > len(content):
            raise OptionError(f"{name}: its binary data end early", "send the length of each element before it")
        found.append(content[end:stop])
        start = stop
    return found


def _binary(request: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
    wanted = parameters.get("binary_data_output") is True
    outputs = request.get("outputs") or []
    for output in outputs if isinstance(outputs, list) else []:
        described = _mapping(output)
        if described.get("name") != PRODUCT:
            raise OptionError(f"an output {str(described.get('name'))[:80]!r}", f"ask for {PRODUCT}, or name none")
        wanted = bool(_mapping(described.get("parameters")).get("binary_data", wanted))
    return wanted


def encode(
    body: bytes, parameters: Mapping[str, str], inference: Inference, model: str, version: str
) -> tuple[dict[str, str], bytes]:
    """Write the answer to a request over REST.

    Parameters
    ----------
    body : bytes
        The product.
    parameters : mapping of str to str
        What goes with it: media type, name, number of the frame.
    inference : Inference
        The request.
    model, version : str

    Returns
    -------
    headers : dict of str to str
    body : bytes
    """
    output: dict[str, Any] = {"name": PRODUCT, "datatype": BYTES, "shape": [1]}
    answer = {"model_name": model, "model_version": version, "parameters": dict(parameters), "outputs": [output]}
    if inference.identifier:
        answer["id"] = inference.identifier
    if not inference.binary:
        output["parameters"] = {"content_type": "base64"}
        output["data"] = [base64.b64encode(body).decode("ascii")]
        return {"content-type": "application/json"}, json.dumps(answer).encode()
    content = element(body)
    output["parameters"] = {"binary_data_size": len(content)}
    described = json.dumps(answer).encode()
    headers = {"content-type": "application/octet-stream", BINARY_HEADER: str(len(described))}
    return headers, described + content


def element(body: bytes) -> bytes:
    """An element of a tensor of BYTES in its binary form.

    Parameters
    ----------
    body : bytes

    Returns
    -------
    bytes
    """
    return _LENGTH.pack(len(body)) + body
