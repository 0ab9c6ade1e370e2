"""Requests that every server of an archive has to answer in the same way, and what came without what may differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests

from corinpaint.client.stubs import inference_pb2, inference_pb2_grpc
from corinpaint.lasco.simulation import scene

PREDICT = "/predictions/corinpaint"
FITS = {"Content-Type": "application/fits"}
HEADERS = ("content-type", "content-length", "content-disposition", "x-corinpaint-frame", "pragma", "cache-control")
"""Headers that have to be equal, beside the id, which has to be there."""

REQUEST_ID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Asked:
    """A request; over gRPC where it has fields."""

    name: str
    method: str = "POST"
    path: str = PREDICT
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    key: bool = True
    fields: dict[str, bytes] | None = None


@dataclass(frozen=True)
class Came:
    """An answer, without what may differ."""

    status: object
    headers: dict[str, str | None]
    body: bytes


def ask(asked: Asked, url: str, key: dict[str, str], grpc_address: str) -> Came:
    """The answer to a request."""
    if asked.fields is not None:
        return _over_grpc(asked.fields, key if asked.key else {}, grpc_address)
    headers = {**asked.headers, **(key if asked.key else {})}
    answer = requests.request(asked.method, url + asked.path, data=asked.body, headers=headers, timeout=120)
    kept = {name: answer.headers.get(name) for name in HEADERS}
    if answer.status_code == 413:
        return Came(413, {}, REQUEST_ID.sub(b"ID", answer.content))  # one of TorchServe's has no headers at all
    has_id = REQUEST_ID.fullmatch(answer.headers.get("x-request-id", "").encode()) is not None
    return Came(answer.status_code, {**kept, "id": str(has_id)}, REQUEST_ID.sub(b"ID", answer.content))


def _over_grpc(fields: dict[str, bytes], key: dict[str, str], address: str) -> Came:
    import grpc

    options = [(f"grpc.max_{way}_message_length", 2**26) for way in ("send", "receive")]
    with grpc.insecure_channel(address, options) as channel:
        predict = inference_pb2_grpc.InferenceAPIsServiceStub(channel).Predictions
        metadata = [(name.lower(), value) for name, value in key.items()]
        try:
            request = inference_pb2.PredictionsRequest(model_name="corinpaint", input=fields)
            return Came("OK", {}, REQUEST_ID.sub(b"ID", predict(request, metadata=metadata, timeout=120).prediction))
        except grpc.RpcError as error:
            return Came(error.code().name, {}, b"")


def form(parts: dict[str, bytes], files: frozenset[str] = frozenset({"frame"})) -> tuple[dict[str, str], bytes]:
    """Headers and body of a form."""
    prepared = requests.Request(
        "POST", "http://x", files={name: (f"{name}.fts" if name in files else None, v) for name, v in parts.items()}
    ).prepare()
    return {"Content-Type": prepared.headers["Content-Type"]}, prepared.body


def cases(folder: Path) -> Iterator[Asked]:
    """The requests."""
    paths = [
        scene.write(scene.simulate(seed, missing=seed), folder / f"{32082100 + seed}.fts", overwrite=True)
        for seed in range(4)
    ]
    frames = [path.read_bytes() for path in paths]
    frame = frames[2]
    for number, content in enumerate(frames):
        for accept in ("application/fits", "image/png", "application/json"):
            yield Asked(f"frame {number} as {accept}", headers={**FITS, "Accept": accept}, body=content)
    yield from _options(frame)
    yield from _forms(frame)
    yield from _damaged(frame)
    yield from _refused(frame)
    for name, fields in {
        "report": {"frame": frame, "accept": b"application/json"},
        "compressed": {"body": frame, "compress": b"lossless"},
        "options": {"body": frame, "options": b"no-warp", "fill": b"none", "name": b"32999999.fts"},
        "no frame": {"accept": b"image/png"},
        "damaged": {"data": frame[:5000]},
    }.items():
        yield Asked(f"gRPC: {name}", fields=fields)
    yield Asked("gRPC without a key", fields={"frame": frame}, key=False)


def _options(frame: bytes) -> Iterator[Asked]:
    report = {**FITS, "Accept": "application/json"}
    for fill in ("none", "network", "auto", "harmonic", "magic", "x" * 1200):
        yield Asked(f"fill {fill[:9]}", headers={**report, "X-Corinpaint-Fill": fill}, body=frame)
    for steps in ("no-warp", "no-warp, no-roll", "no-sun", ","):
        yield Asked(f"options {steps}", headers={**report, "X-Corinpaint-Options": steps}, body=frame)
    for value in ("1.5", "-1", "many"):
        yield Asked(f"max_error {value}", headers={**report, "X-Corinpaint-Max-Error": value}, body=frame)
    for name in ("32999999.fts.gz", "../etc", "x" * 81):
        yield Asked(f"name {name[:9]}", headers={**report, "X-Corinpaint-Name": name}, body=frame)
    for accept in (
        "*/*",
        "image/*;q=0.5, application/json;q=0.4",
        "text/html",
        "application/fits;q=0",
        "image/png;q=x",
    ):
        yield Asked(f"Accept {accept}", headers={**FITS, "Accept": accept, "X-Corinpaint-Fill": "none"}, body=frame)
    for compress in ("lossless", "rice", "gzip"):
        yield Asked(f"compress {compress}", headers={**FITS, "X-Corinpaint-Compress": compress}, body=frame)
    yield Asked("compress a report", headers={**report, "X-Corinpaint-Compress": "rice"}, body=frame)
    both = {"X-Corinpaint-Max-Error": "1", "X-Corinpaint-Most-Error": "2"}
    yield Asked("an option by two names", headers={**report, **both}, body=frame)
    yield Asked("probe", method="GET", headers={"X-Corinpaint-Probe": "ready"})
    yield Asked("a query is no option", path=f"{PREDICT}?fill=magic", headers=report, body=frame)


def _forms(frame: bytes) -> Iterator[Asked]:
    report = {"accept": b"application/json"}
    forms: dict[str, dict[str, bytes]] = {
        "frame": {"frame": frame, **report},
        "another field": {"upload": frame, **report},
        "options": {"fill": b"none", "options": b"no-roll", "frame": frame, **report},
        "context": {"frame": frame, "context": frame, "fill": b"temporal", **report},
        "too much context": {"frame": frame, **{f"context{index or ''}": b"x" for index in range(18)}},
        "no text": {"frame": frame, "fill": b"\xff\xfe"},
        "empty": {"frame": b"", **report},
        "no frame": {**report},
        "probe": {"probe": b"1"},
    }
    for name, parts in forms.items():
        headers, body = form(parts)
        yield Asked(f"form: {name}", headers=headers, body=body)
    headers, body = form({"frame": frame, **report}, frozenset())
    yield Asked("form without file names", headers=headers, body=body)
    for name, spoiled in {"cut": body[:-60], "nothing": b"", "garbage": b"garbage" * 99}.items():
        yield Asked(f"form: {name}", headers=headers, body=spoiled)
    coded = {"Content-Type": "application/x-www-form-urlencoded"}
    yield Asked("urlencoded", headers=coded, body=b"probe=1")
    yield Asked("urlencoded frame", headers=coded, body=b"fill=none&frame=abc&accept=application%2Fjson")


def _damaged(frame: bytes) -> Iterator[Asked]:
    bodies = {
        "nothing": b"",
        "text": b"<html></html>" * 99,
        "zeros": bytes(5000),
        "cut": frame[:-3000],
        "SIMPLE": b"SIMPLE",
        "17 MiB": frame + bytes(17 * 2**20),
        "header only": frame[:2880],
        "C9": frame.replace(b"'C3      '", b"'C9      '", 1),
    }
    for name, body in bodies.items():
        yield Asked(f"damaged: {name}", headers=FITS, body=body)
    for kind in ("text/plain", "application/json", "application/json; charset=utf-8", "application/octet-stream"):
        yield Asked(f"{kind}", headers={"Content-Type": kind}, body=b'{"a": 1}')
        yield Asked(f"frame as {kind}", headers={"Content-Type": kind, "Accept": "application/json"}, body=frame)
    yield Asked("no Content-Type", headers={"Accept": "application/json"}, body=frame)


def _refused(frame: bytes) -> Iterator[Asked]:
    yield Asked("no key", headers=FITS, body=frame, key=False)
    yield Asked("wrong key", headers={**FITS, "Authorization": "Bearer wrong"}, body=frame, key=False)
    yield Asked("Basic", headers={**FITS, "Authorization": "Basic d3Jvbmc="}, body=frame, key=False)
    yield Asked("another model", path="/predictions/none", headers=FITS, body=frame)
    yield Asked("another version", path=f"{PREDICT}/9", headers=FITS, body=frame)
    yield Asked("another path", method="GET", path="/nothing")
    yield Asked("ping", method="GET", path="/ping")
    yield Asked("ping without a key", method="GET", path="/ping", key=False)
    yield Asked("too large", headers=FITS, body=bytes(41943041))
    yield Asked("GET without a frame", method="GET")
    yield Asked("PUT", method="PUT", headers={**FITS, "Accept": "application/json"}, body=frame)
