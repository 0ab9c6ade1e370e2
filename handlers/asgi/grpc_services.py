"""The gRPC interface: TorchServe's inference service and that of the Open Inference Protocol, at one address.

Its threads wait for the pool as the event loop of HTTP does; a request is decoded as far as its fields, which protobuf
does, and a worker does the rest.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc

from corinpaint.client.errors import printable
from corinpaint.client.stubs import inference_pb2, inference_pb2_grpc
from corinpaint.handlers.asgi import open_inference
from corinpaint.handlers.asgi.grpc_messages import CALLS, SERVICE, messages, parameters_of
from corinpaint.handlers.asgi.metrics import REQUESTS, Registry, Update
from corinpaint.handlers.asgi.processes.jobs import Job, QueueFullError, Reply, StoppingError, WorkerDiedError
from corinpaint.handlers.asgi.processes.pool import Pool
from corinpaint.handlers.asgi.processes.starter import ServerError
from corinpaint.handlers.asgi.processes.worker import described
from corinpaint.handlers.asgi.tokens import WRONG_KEY, Keys
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.version import __version__

access = logging.getLogger("corinpaint.access")

MAX_REQUEST_BYTES = 41943040
"""Maximum number of bytes of a request, as over HTTP."""

MAX_RESPONSE_BYTES = 2**26
"""Maximum number of bytes of an answer; a product has 13 MiB. A client's own limit is 4 MiB by default."""

MAX_CALLS = 64
"""Maximum number of calls at a time; further ones are refused at once."""

THREADS = 32

STOP_SECONDS = 10.0

STATUSES = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 413: "INVALID_ARGUMENT", 500: "INTERNAL", 503: "UNAVAILABLE"}
"""Statuses of gRPC for those of HTTP, where the Open Inference Protocol answers with one; others: INVALID_ARGUMENT."""


@dataclass(frozen=True)
class Listening:
    """A gRPC server that listens.

    Attributes
    ----------
    server : grpc.Server
    port : int
    """

    server: Any
    port: int

    def stop(self) -> None:
        """Answer the calls that are under way, and end."""
        self.server.stop(STOP_SECONDS).wait()


class Calls:
    """What the calls of both services share.

    Parameters
    ----------
    pool : Pool
    registry : Registry
    keys : Keys or None
    """

    def __init__(self, pool: Pool, registry: Registry, keys: Keys | None) -> None:
        self.pool, self.registry, self.keys = pool, registry, keys

    def check_key(self, context: Any) -> None:
        """Abort a call without a valid key."""
        given = {name.lower(): value for name, value in context.invocation_metadata()}.get("authorization")
        if self.keys is not None and not self.keys.accepts(given):
            context.abort(grpc.StatusCode.PERMISSION_DENIED, WRONG_KEY)

    def check_model(self, name: str, version: str, context: Any) -> None:
        """Abort a call for another model or version."""
        archive = self.pool.archive
        if name != archive.name or version not in ("", archive.version):
            wanted = f"{printable(name, 80)} {printable(version, 40)}".strip()
            context.abort(grpc.StatusCode.NOT_FOUND, f"Model not found: {wanted}")

    def ask(self, fields: Mapping[str, Any], request_id: str, context: Any) -> Reply:
        """Have a worker answer a request; a client that leaves takes it out of the queue."""
        values = {name: value.encode() if isinstance(value, str) else bytes(value) for name, value in fields.items()}
        header = {
            "kind": "fields",
            "headers": {},
            "request_id": request_id,
            "lengths": [(name, len(value)) for name, value in values.items()],
        }
        self.registry.update([Update(REQUESTS, 1, (self.pool.archive.name, "default"))])
        start, outcome = time.monotonic(), "left"
        try:
            future = self.pool.submit(Job(header, b"".join(values.values())))
            context.add_callback(future.cancel)
            reply = future.result()
            outcome = str(reply.status)
            return reply
        except QueueFullError:
            outcome = "full"
            self.registry.update([Update("corinpaint_requests_refused_total", 1, (self.pool.archive.name, "full"))])
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "as many requests wait as may; try again later")
        except StoppingError:
            outcome = "stopping"
            context.abort(grpc.StatusCode.UNAVAILABLE, "the server is being stopped")
        except WorkerDiedError as error:
            outcome = "worker died"
            context.abort(grpc.StatusCode.INTERNAL, f"Worker died: {error}.")
        except CancelledError:
            context.abort(grpc.StatusCode.CANCELLED, "the client has left")
        finally:
            took = 1000 * (time.monotonic() - start)
            access.info("request %s: %s gRPC: %s, %.0f ms", request_id, printable(context.peer(), 80), outcome, took)
        raise AssertionError("context.abort returns")


class TorchServeService(inference_pb2_grpc.InferenceAPIsServiceServicer):
    """TorchServe's service: predictions, whose errors are answers in JSON.

    Parameters
    ----------
    calls : Calls
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def Ping(self, _request: Any, context: Any) -> Any:
        """Whether frames can be sent."""
        self._calls.check_key(context)
        health = {"status": "Healthy" if self._calls.pool.is_ready else "Unhealthy"}
        return inference_pb2.TorchServeHealthResponse(health=json.dumps(health, indent=2) + "\n")

    def Predictions(self, request: Any, context: Any) -> Any:
        """A prediction."""
        self._calls.check_key(context)
        self._calls.check_model(request.model_name, request.model_version, context)
        reply = self._calls.ask(dict(request.input), str(uuid.uuid4()), context)
        return inference_pb2.PredictionResponse(prediction=bytes(reply.body))

    def StreamPredictions(self, request: Any, context: Any) -> Any:
        """The same, as a stream of one."""
        yield self.Predictions(request, context)


class OpenInferenceService:
    """The service of the Open Inference Protocol, version 2.

    Parameters
    ----------
    calls : Calls
    """

    def __init__(self, calls: Calls) -> None:
        self._calls, self._messages = calls, messages()

    def handler(self) -> Any:
        """What a gRPC server takes."""
        methods = {
            name: grpc.unary_unary_rpc_method_handler(
                getattr(self, name),
                request_deserializer=self._messages[f"{name}Request"].FromString,
                response_serializer=self._messages[f"{name}Response"].SerializeToString,
            )
            for name in CALLS
        }
        return grpc.method_handlers_generic_handler(SERVICE, methods)

    def ServerLive(self, _request: Any, _context: Any) -> Any:
        """That the server runs."""
        return self._messages["ServerLiveResponse"](live=True)

    def ServerReady(self, _request: Any, _context: Any) -> Any:
        """Whether the workers have the model."""
        return self._messages["ServerReadyResponse"](ready=self._calls.pool.is_ready)

    def ModelReady(self, request: Any, context: Any) -> Any:
        """The same, of the model."""
        self._calls.check_model(request.name, request.version, context)
        return self._messages["ModelReadyResponse"](ready=self._calls.pool.is_ready)

    def ServerMetadata(self, _request: Any, context: Any) -> Any:
        """Name and version of the server."""
        self._calls.check_key(context)
        return self._messages["ServerMetadataResponse"](
            name="corinpaint", version=__version__, extensions=open_inference.EXTENSIONS
        )

    def ModelMetadata(self, request: Any, context: Any) -> Any:
        """What the model takes and gives."""
        self._calls.check_key(context)
        self._calls.check_model(request.name, request.version, context)
        told = open_inference.metadata(self._calls.pool.archive.name, self._calls.pool.archive.version)
        for tensor in told["inputs"]:
            tensor.pop("parameters", None)
        return self._messages["ModelMetadataResponse"](**told)

    def ModelInfer(self, request: Any, context: Any) -> Any:
        """A frame in, its product out; an error of CorInpaint is the details of the status, JSON."""
        self._calls.check_key(context)
        self._calls.check_model(request.model_name, request.model_version, context)
        try:
            fields = open_inference.fields_of(_inputs(request), parameters_of(request))
        except OptionError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        reply = self._calls.ask(fields, str(uuid.uuid4()), context)
        if reply.status != 200:
            code = STATUSES.get(reply.status, "INVALID_ARGUMENT")
            context.abort(grpc.StatusCode[code], json.dumps(json.loads(reply.body)))
        answer = self._messages["ModelInferResponse"](
            model_name=request.model_name, model_version=self._calls.pool.archive.version, id=request.id
        )
        for name, value in described(reply.headers).items():
            answer.parameters[name].string_param = value
        answer.outputs.add(name=open_inference.PRODUCT, datatype=open_inference.BYTES, shape=[1])
        answer.raw_output_contents.append(open_inference.element(bytes(reply.body)))
        return answer


def _inputs(request: Any) -> dict[str, list[bytes]]:
    """The elements of the tensors: raw contents in their order, or the contents of each."""
    found, raw = {}, list(request.raw_input_contents)
    if raw and len(raw) != len(request.inputs):
        raise OptionError(f"{len(raw)} raw contents for {len(request.inputs)} inputs", "send one for each")
    for index, tensor in enumerate(request.inputs):
        if tensor.datatype != open_inference.BYTES:
            raise OptionError(
                f"an input of datatype {printable(tensor.datatype, 20)}", f"send it as {open_inference.BYTES}"
            )
        whole = open_inference.elements_of(raw[index], tensor.name) if raw else list(tensor.contents.bytes_contents)
        found[tensor.name] = whole
    return found


def start(
    pool: Pool, registry: Registry, keys: Keys | None, address: str, certificate: tuple[bytes, bytes] | None
) -> Listening:
    """Start the gRPC server.

    Parameters
    ----------
    pool : Pool
    registry : Registry
    keys : Keys or None
    address : str
        Host and port.
    certificate : (bytes, bytes) or None
        For TLS: private key and certificate, PEM.

    Returns
    -------
    Listening

    Raises
    ------
    ServerError
        When the port is busy.
    """
    calls = Calls(pool, registry, keys)
    options = [
        ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
        ("grpc.max_send_message_length", MAX_RESPONSE_BYTES),
        ("grpc.so_reuseport", 0),
        ("grpc.max_connection_idle_ms", 600_000),
        ("grpc.max_metadata_size", 16384),
    ]
    server = grpc.server(ThreadPoolExecutor(THREADS, "grpc"), options=options, maximum_concurrent_rpcs=MAX_CALLS)
    add_torchserve: Any = inference_pb2_grpc.add_InferenceAPIsServiceServicer_to_server  # generated, without types
    add_torchserve(TorchServeService(calls), server)
    server.add_generic_rpc_handlers((OpenInferenceService(calls).handler(),))
    port = _bind(server, address, certificate)
    server.start()
    return Listening(server, port)


def _bind(server: Any, address: str, certificate: tuple[bytes, bytes] | None) -> int:
    try:
        if certificate is None:
            return int(server.add_insecure_port(address))
        return int(server.add_secure_port(address, grpc.ssl_server_credentials([certificate])))
    except RuntimeError as error:
        raise ServerError(f"{address} is busy or unavailable", "choose another port for gRPC") from error
