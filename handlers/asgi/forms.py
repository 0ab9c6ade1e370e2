"""The fields of a request over HTTP, as TorchServe's front end hands them to the handler.

A raw body is the field ``body``; a form has a field for each part. Text is decoded and JSON parsed where the
Content-Type says so, as TorchServe does; the handler answers those with an error that says what to send.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

MAX_PARTS = 100
"""Maximum number of fields of a form; what the contract knows are fewer than 30."""

MAX_PART_HEADER_BYTES = 4096
"""Maximum number of bytes of the headers of a part."""

RAW = "body"
"""The field of a body that is no form."""

URL_ENCODED = re.compile(rb"[\x21-\x7e]*")
"""What the content of an urlencoded form may consist of."""


def fields_of(body: bytes | bytearray, content_type: str) -> dict[str, Any]:
    """The fields of a request.

    Parameters
    ----------
    body : bytes
    content_type : str
        Content-Type of the request; empty when there is none.

    Returns
    -------
    dict of str to bytes, str or object
        By their names; of several fields with one name, the last.
    """
    described = _described(content_type)
    kind = described.get_content_type() if content_type else ""
    boundary = described.get_param("boundary")
    if kind == "multipart/form-data" and isinstance(boundary, str) and boundary:
        return dict(_parts(bytes(body), boundary.encode("latin-1", "replace")))
    if kind == "application/x-www-form-urlencoded" and body:
        return _url_encoded(bytes(body))
    return {RAW: _decoded(bytes(body), kind)}


def _described(content_type: str) -> Message:
    message = Message()
    message["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    return message


def _decoded(content: bytes, kind: str) -> Any:
    """The value of a field; what cannot be decoded stays as it is."""
    try:
        if kind == "application/json":
            return json.loads(content.decode())
        return content.decode() if kind.startswith("text/") else content
    except (ValueError, RecursionError):
        return content


def _url_encoded(body: bytes) -> dict[str, Any]:
    """The fields of an urlencoded form; a frame that was sent so, as curl does by itself, is text to the handler."""
    if not URL_ENCODED.fullmatch(body):
        return {RAW: "a frame that was sent as a form"}
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_PARTS, encoding="latin-1")
    except ValueError:
        return {}
    return {name: value.encode("latin-1") for name, value in pairs}


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, Any]]:
    """The parts of a form (RFC 7578); one that does not end is none."""
    mark = b"--" + boundary
    start = 0 if body.startswith(mark) else body.find(b"\r\n" + mark) + 2
    if start == 1:
        return
    start += len(mark)
    for _ in range(MAX_PARTS):
        if body[start : start + 2] != b"\r\n":  # "--" after the last
            return
        end = body.find(b"\r\n" + mark, start)
        if end < 0:
            return
        head_end = body.find(b"\r\n\r\n", start, min(end + 4, start + MAX_PART_HEADER_BYTES))
        if head_end >= 0:
            yield from _part(body[start + 2 : head_end], body[head_end + 4 : end])
        start = end + 2 + len(mark)


def _part(head: bytes, content: bytes) -> Iterator[tuple[str, Any]]:
    described = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() in ("content-disposition", "content-type") and name not in described:
            described[name] = value.strip().replace("\r", " ").replace("\n", " ")
    given = described.get_param("name", header="content-disposition")
    if isinstance(given, str) and given:
        yield given, _decoded(content, described.get_content_type() if "content-type" in described else "")
