"""Stand-ins for an endpoint on this machine, over HTTP and over gRPC: they answer as they are told to."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from astropy.io import fits
from level05 import CARDS

from corinpaint.client.protocol import SUFFIXES as FORMATS
from corinpaint.lasco.file_numbers import level1_number, number_of

TOKEN_ERROR = {
    "code": 400,
    "type": "InvalidKeyException",
    "message": "Token Authentication failed. Token either incorrect, expired, or not provided correctly",
}

DIED = {"code": 500, "type": "InternalServerException", "message": "Worker died."}

FULL = {"code": 503, "type": "ServiceUnavailableException", "message": "Model has no worker to serve the request."}

OURS = {
    "code": "bad_keyword",
    "status": 422,
    "message": "32082037.fts: EXPTIME = 0; fetch the file again",
    "what": "32082037.fts: EXPTIME = 0",
    "remedy": "fetch the file again",
    "request_id": "abc",
}


def small_frame(number: str = "32082037") -> bytes:
    """A file with the header of a Level 0.5 frame, and few pixels: the stand-ins calibrate nothing."""
    header = fits.Header({**CARDS, "FILENAME": f"{number}.fts"})
    buffer = io.BytesIO()
    fits.PrimaryHDU(np.ones((4, 4), np.int16), header).writeto(buffer)
    return buffer.getvalue()


@cache
def product(number: str = "32082037", planes: tuple[str, ...] = ("UNCERT", "NOISE"), count: int | None = 3) -> bytes:
    """A small file of the structure of a product; without NEXTEND where `count` is None."""
    header = fits.Header({"FILENAME": f"{level1_number(number)}.fits"} | ({} if count is None else {"NEXTEND": count}))
    hdus = [fits.PrimaryHDU(np.ones((40, 40), np.float32), header)]
    hdus += [fits.ImageHDU(np.zeros((40, 40), np.uint8), name="MASK")]
    hdus += [fits.ImageHDU(np.ones((40, 40), np.float32), name=name) for name in planes]
    buffer, complete = io.BytesIO(), fits.HDUList(hdus)
    for hdu in complete:
        hdu.add_checksum(when="")
    complete.writeto(buffer)
    return buffer.getvalue()


def picture() -> bytes:
    """A PNG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("L", (4, 4)).save(buffer, "PNG")
    return buffer.getvalue()


def body_for(number: str, accept: str) -> bytes:
    """What an endpoint answers for a frame."""
    report = json.dumps({"product": level1_number(number) + ".fits"}).encode()
    return {"application/fits": product(number), "image/png": picture(), "application/json": report}[accept]


@dataclass(frozen=True)
class Asked:
    """A request as it came: fields by their gRPC names, headers in lower case."""

    fields: dict[str, bytes]
    headers: dict[str, str]

    @property
    def number(self) -> str:
        name = self.fields.get("name", b"").decode()
        within = re.search(rb"FILENAME= '(\w+)", self.fields["body"])
        return number_of(name) if name else within[1].decode()


@dataclass(frozen=True)
class Fault:
    """An answer that is none: status and body, or None to hang up; over gRPC the name of a status and its details."""

    status: int | str | None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Answering = Callable[[Asked], bytes | Fault]


class Endpoint:
    """What both stand-ins share.

    `faults` are answered first, one by one; then `answer` is asked, which by default gives the right product. With a
    `key` requests need that token. `most` is the largest number of requests at the same time.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.answer: Answering = lambda asked: body_for(asked.number, asked.fields.get("accept", b"").decode())
        self.key: str | None = None
        self.asked: list[Asked] = []
        self.url, self.now, self.most, self._lock = "", 0, 0, threading.Lock()

    @contextmanager
    def counted(self, asked: Asked) -> Iterator[None]:
        with self._lock:
            self.asked.append(asked)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            yield
        finally:
            with self._lock:
                self.now -= 1

    def respond(self, asked: Asked) -> bytes | Fault:
        with self._lock:
            fault = self.faults.pop(0) if self.faults else None
        if self.key is not None and asked.headers.get("authorization") != f"Bearer {self.key}":
            return Fault(400, json.dumps(TOKEN_ERROR).encode())
        return fault or self.answer(asked)


def fault(status: int, told: dict[str, Any] | None = None, **headers: str) -> Fault:
    """An HTTP answer with a JSON body."""
    return Fault(status, b"" if told is None else json.dumps(told).encode(), headers)


def slow(answer: Answering, seconds: float) -> Answering:
    """The same answers, later."""

    def late(asked: Asked) -> bytes | Fault:
        time.sleep(seconds)
        return answer(asked)

    return late


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    endpoint: Endpoint

    def handle_error(self, *_: object) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(_fields(body, headers), headers)
        with self.server.endpoint.counted(asked):
            result = self.server.endpoint.respond(asked)
            if isinstance(result, bytes):
                result = Fault(200, result, self._named(asked))
        if result.status is None:
            self.close_connection = True
            return
        sent = {"Content-Length": str(len(result.body)), "x-request-id": "id-1", **result.headers}
        self.send_response(int(result.status))
        for name, value in sent.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(result.body)
        self.close_connection = int(sent["Content-Length"]) != len(result.body)

    def _named(self, asked: Asked) -> dict[str, str]:
        accept = asked.fields["accept"].decode()
        filename = level1_number(asked.number) + FORMATS[accept]
        named = {"Content-Disposition": f'attachment; filename="{filename}"', "X-Corinpaint-Frame": asked.number}
        return {"Content-Type": accept, **named}

    def log_message(self, *_: object) -> None:
        """Silent."""


def _fields(body: bytes, headers: dict[str, str]) -> dict[str, bytes]:
    """Fields of a form, or the raw body and the options of the headers."""
    kind = headers["content-type"]
    names = {
        f"x-corinpaint-{name.replace('_', '-')}": name for name in ("fill", "options", "policy", "max_error", "name")
    }
    words = {name: headers[header] for header, name in names.items() if header in headers}
    words["accept"] = headers["accept"]
    fields = {name: word.encode() for name, word in words.items()}
    if "boundary=" not in kind:
        return {**fields, "body": body}
    boundary = b"--" + kind.rpartition("boundary=")[2].encode()
    for part in body.split(boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)[1].decode()
        fields["body" if name == "frame" else name] = content.removesuffix(b"\r\n")
    return fields


@contextmanager
def http() -> Iterator[Endpoint]:
    """A stand-in over HTTP on this machine."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.endpoint = Endpoint()
    server.endpoint.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def grpc() -> Iterator[Endpoint]:
    """A stand-in over gRPC on this machine, by the stubs that are shipped."""
    import grpc as library

    from corinpaint.client.stubs import inference_pb2, inference_pb2_grpc

    endpoint = Endpoint()

    class Service(inference_pb2_grpc.InferenceAPIsServiceServicer):
        def Predictions(self, request: Any, context: Any) -> Any:
            asked = Asked(dict(request.input), dict(context.invocation_metadata()))
            with endpoint.counted(asked):
                result = endpoint.respond(asked)
            if isinstance(result, Fault) and result.status == 400:
                context.abort(library.StatusCode.PERMISSION_DENIED, "Token Authentication failed.")
            if isinstance(result, Fault):
                context.abort(library.StatusCode[str(result.status)], result.body.decode())
            return inference_pb2.PredictionResponse(prediction=result)

    limits = [("grpc.max_receive_message_length", 2**26), ("grpc.max_send_message_length", 2**26)]
    server = library.server(ThreadPoolExecutor(16), options=[*limits, ("grpc.so_reuseport", 0)])
    inference_pb2_grpc.add_InferenceAPIsServiceServicer_to_server(Service(), server)
    endpoint.url = f"grpc://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield endpoint
    finally:
        server.stop(None).wait()
