"""A worker process: the handler and the network of an archive, which answer the requests that the server passes on."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corinpaint.client.protocol import FILENAME_HEADER, FRAME_HEADER, parse_disposition
from corinpaint.handlers import answers
from corinpaint.handlers.asgi import forms, open_inference
from corinpaint.handlers.asgi.metrics import FRAMES, Recorder, Update
from corinpaint.handlers.asgi.processes import wire
from corinpaint.handlers.handler import CorInpaintHandler
from corinpaint.lasco.errors import CorInpaintError

logger = logging.getLogger(__name__)

TAKEN = {"taken": True}
"""What a worker says when it has a request: one that it dies without saying it for goes to another."""


class Context:
    """What the handler sees of a server; see `ts.context.Context`.

    Parameters
    ----------
    folder : Path
        The unpacked archive.
    model : str
        Name of the model.
    config : mapping
        model-config.yaml.
    """

    def __init__(self, folder: Path, model: str, config: Mapping[str, Any]) -> None:
        self.system_properties = {"model_dir": str(folder)}
        self.model_name, self.model_yaml_config, self.metrics = model, config, Recorder()
        self.begin({}, "")

    def begin(self, headers: Mapping[str, str], request_id: str) -> None:
        """Take the next request."""
        self._headers, self._request_id = dict(headers), request_id
        self.status, self.answer_headers = 200, dict[str, str]()

    def get_all_request_header(self, _index: int) -> dict[str, str]:
        return self._headers

    def get_request_id(self, _index: int) -> str:
        return self._request_id

    def set_response_status(self, code: int, _phrase: str, _index: int) -> None:
        self.status = code

    def set_response_content_type(self, index: int, value: str) -> None:
        self.set_response_header(index, "content-type", value)

    def set_response_header(self, _index: int, name: str, value: str) -> None:
        self.answer_headers[name] = value


class Worker:
    """Answers requests, one at a time.

    Parameters
    ----------
    handler : CorInpaintHandler
        Initialized.
    context : Context
    version : str
        That of the model.
    """

    def __init__(self, handler: CorInpaintHandler, context: Context, version: str) -> None:
        self._handler, self._context, self._version = handler, context, version

    def answer(self, request: Mapping[str, Any], body: bytearray) -> tuple[dict[str, Any], bytes]:
        """The answer to a request, as a message; no exception leaves it.

        Parameters
        ----------
        request : mapping
            ``kind`` ('predict', 'infer' for REST or 'fields' for gRPC), ``headers``, ``request_id``; of 'fields' also
            ``lengths``: names and lengths of the fields whose values make up the body.
        body : bytearray

        Returns
        -------
        header : dict
            ``status``, ``headers`` and ``metrics``.
        body : bytes
        """
        headers = {str(name): str(value) for name, value in request["headers"].items()}
        self._context.begin(headers, request["request_id"])
        try:
            content = {"predict": self._predict, "infer": self._infer, "fields": self._fields}[request["kind"]](
                request, body
            )
        except CorInpaintError as error:
            logger.warning("request %s: %s: %s", request["request_id"], error.code, error)
            content = self._refused(answers.error(error, request["request_id"]), error.code)
        except Exception:
            logger.exception("request %s failed", request["request_id"])
            content = self._refused(answers.internal_error(request["request_id"]), "internal")
        if request["kind"] == "infer" and self._context.status != 200:
            content = _with_error(content)
        told = {
            "status": int(self._context.status),
            "headers": self._context.answer_headers,
            "metrics": self._context.metrics.fetch(),
        }
        return told, content

    def _refused(self, answer: answers.Answer, outcome: str) -> bytes:
        """An error that occurs outside of the handler, which has not counted it."""
        self._context.status, self._context.answer_headers = answer.status, {"content-type": answer.media_type}
        self._context.metrics.count(Update(FRAMES, 1, (self._context.model_name, outcome)))
        return answer.body

    def _handle(self, fields: dict[str, Any]) -> bytes:
        return self._handler.handle([fields], self._context)[0]

    def _predict(self, _request: Mapping[str, Any], body: bytearray) -> bytes:
        content_type = self._lowered().get("content-type", "")
        return self._handle(forms.fields_of(body, content_type))

    def _fields(self, request: Mapping[str, Any], body: bytearray) -> bytes:
        fields, start = {}, 0
        for name, length in request["lengths"]:
            fields[name] = bytes(body[start : start + length])
            start += length
        return self._handle(fields)

    def _infer(self, _request: Mapping[str, Any], body: bytearray) -> bytes:
        inference = open_inference.decode(body, self._lowered().get(open_inference.BINARY_HEADER.lower(), ""))
        # Accept and the other headers are those of the protocol's JSON here: options are parameters.
        self._context.begin({}, self._context.get_request_id(0))
        product = self._handle(inference.fields)
        if self._context.status != 200:
            return product
        headers, content = open_inference.encode(
            product, described(self._context.answer_headers), inference, self._context.model_name, self._version
        )
        kept = {name: value for name, value in self._context.answer_headers.items() if name == FRAME_HEADER}
        self._context.answer_headers = kept | headers
        return content

    def _lowered(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self._context.get_all_request_header(0).items()}


def described(headers: Mapping[str, str]) -> dict[str, str]:
    """What the headers of an answer say about the product, as parameters of the Open Inference Protocol.

    Parameters
    ----------
    headers : mapping of str to str

    Returns
    -------
    dict of str to str
        ``media_type``, ``filename`` and ``frame``, as far as they are known.
    """
    found = {
        "media_type": headers.get("content-type", ""),
        "filename": parse_disposition(headers.get(FILENAME_HEADER, "")),
        "frame": headers.get(FRAME_HEADER, ""),
    }
    return {name: value for name, value in found.items() if value}


def _with_error(body: bytes) -> bytes:
    """An error with the field ``error``, where clients of the protocol look for the message."""
    fields = json.loads(body)
    return json.dumps({"error": fields["message"], **fields}, indent=1).encode()


def run(peer: socket.socket, folder: Path, model: str, version: str, config: Mapping[str, Any]) -> int:
    """Open the network, say so, and answer requests until the other side closes the socket.

    Parameters
    ----------
    peer : socket.socket
    folder : Path
        The unpacked archive.
    model, version : str
    config : mapping
        model-config.yaml.

    Returns
    -------
    int
        Exit status of the process.
    """
    context, handler = Context(folder, model, config), CorInpaintHandler()
    try:
        handler.initialize(context)
    except Exception as error:
        logger.exception("the model does not load")
        wire.send(peer, {"failed": f"{type(error).__name__}: {error}"})
        return 1
    metrics = [tuple(one) for one in context.metrics.declared]
    wire.send(peer, {"protocol": wire.PROTOCOL, "pid": os.getpid(), "metrics": metrics})
    serve(peer, Worker(handler, context, version))
    return 0


def serve(peer: socket.socket, worker: Worker) -> None:
    """Answer requests until the other side closes the socket.

    Parameters
    ----------
    peer : socket.socket
    worker : Worker
    """
    try:
        while True:
            request, body = wire.receive(peer)
            wire.send(peer, TAKEN)
            wire.send(peer, *worker.answer(request, body))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
