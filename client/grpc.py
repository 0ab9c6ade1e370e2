"""Sending frames over gRPC, by the generated code in `corinpaint.client.stubs`."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from corinpaint.client.answer import Response
from corinpaint.client.errors import (
    WORKER_DIED,
    AnswerError,
    ClientError,
    RefusedError,
    TokenRefusedError,
    UnreachableError,
    error_from_answer,
    parse_error,
    printable,
)
from corinpaint.client.request import EncodedRequest
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.retries import TransientError

MAX_MESSAGE_BYTES = 68157440
"""Maximum bytes of a message: more than the endpoint accepts or sends. gRPC's 4 MiB are less than a product."""

RECONNECT_BACKOFF = {"initial": 200, "min": 10000, "max": 5000}
"""Milliseconds before a channel connects again: initially and at most. gRPC's own waits, of up to two minutes, are
longer than all attempts of a client. ``min`` is also how long an attempt may last; a busy machine needs seconds."""

TICK = 0.2
"""Seconds between two checks whether a call is still wanted."""


class GrpcTransport:
    """The gRPC interface of an endpoint; can be shared by threads.

    Parameters
    ----------
    target : str
        Host and port.
    model : str
        Name of the model at the endpoint.
    timeout : float
        Maximum number of seconds until the answer is complete.
    ca_bundle : Path or None
        Certificates to trust in place of the usual ones.
    local : bool
        Whether the endpoint is on this machine: proxies of the environment are ignored then.
    encrypted : bool
        Whether to use TLS.

    Raises
    ------
    OptionError
        When grpcio or protobuf is not installed or too old, or the certificates cannot be read.
    """

    def __init__(
        self, target: str, model: str, timeout: float, ca_bundle: Path | None, local: bool, encrypted: bool
    ) -> None:
        self._messages, services = _stubs()
        import grpc

        options = [
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ]
        options += [
            (f"grpc.{name}_reconnect_backoff_ms", milliseconds) for name, milliseconds in RECONNECT_BACKOFF.items()
        ]
        options += [("grpc.enable_http_proxy", 0)] if local else []
        if encrypted:
            credentials = grpc.ssl_channel_credentials(_certificates(ca_bundle))
            self._channel: Any = grpc.secure_channel(target, credentials, options)
        else:
            self._channel = grpc.insecure_channel(target, options)
        self._target, self._model, self._timeout = target, model, timeout
        self._predict = services.InferenceAPIsServiceStub(self._channel).Predictions

    def send(self, encoded: EncodedRequest, token: str | None, stop: threading.Event) -> Response:
        """Send a request once.

        Parameters
        ----------
        encoded : EncodedRequest
        token : str or None
            Inference key.
        stop : threading.Event
            Once it is set the call is cancelled.

        Returns
        -------
        Response
            Without headers: TorchServe sends none over gRPC.

        Raises
        ------
        RefusedError, TransientError, TokenRefusedError
            See `corinpaint.client.errors.error_from_answer`.
        UnreachableError
            When the certificate is not trusted.
        ClientError
            When it was stopped, or the client is closed.
        """
        import grpc

        message = self._messages.PredictionsRequest(model_name=self._model, input=encoded.fields)
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        try:
            body = self._answer(self._predict.future(message, timeout=self._timeout, metadata=metadata), stop)
        except grpc.FutureCancelledError as error:
            raise ClientError("stopped before the answer came", "send the frame again") from error
        except grpc.RpcError as error:
            raise self._error_of(error.code().name, str(error.details() or "")) from error
        except ValueError as error:  # another thread closed the channel
            raise ClientError(f"{self._target}: the client is closed", "open another one") from error
        fields = parse_error(body)
        if fields is None:
            return Response(body, {})
        raise error_from_answer(int(fields.get("status") or fields["code"]), body)

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    @staticmethod
    def _answer(call: Any, stop: threading.Event) -> bytes:
        """The answer of a call, which is cancelled when `stop` is set or the thread is interrupted."""
        import grpc

        try:
            while not stop.is_set():
                try:
                    return bytes(call.result(timeout=TICK).prediction)
                except grpc.FutureTimeoutError:
                    continue
        finally:
            call.cancel()  # has no effect on a call that is complete
        raise grpc.FutureCancelledError

    def _error_of(self, code: str, details: str) -> Exception:
        """The exception for a status of gRPC; TorchServe's is INTERNAL when a worker died, and for unknown models."""
        details = printable(details)
        where = f"{self._target}: "
        if code in ("PERMISSION_DENIED", "UNAUTHENTICATED"):
            return TokenRefusedError()
        if code == "UNAVAILABLE" and "certificate" in details.lower():
            return UnreachableError(
                f"{where}the certificate cannot be trusted ({details})", "name the authority's certificates (ca_bundle)"
            )
        if code == "UNAVAILABLE":
            remedy = "check that the endpoint runs there, or try again later"
            return TransientError(UnreachableError(f"{where}the connection failed: {details}", remedy))
        if code == "DEADLINE_EXCEEDED":
            remedy = "check that the endpoint runs there"
            return TransientError(UnreachableError(f"{where}no answer within {self._timeout:g} s", remedy))
        if code == "RESOURCE_EXHAUSTED" and "larger than max" in details:
            remedy = "send less: one Level 0.5 frame, fewer context frames"
            return RefusedError(f"the frame or its product is too large ({details})", remedy, 413)
        what = f"the endpoint answered {code}" + (f" ({details})" if details else "")
        if "not found" in details.lower():
            return RefusedError(what, "check the address and the name of the model", 404)
        later = {"RESOURCE_EXHAUSTED": 503, "INTERNAL": 500}.get(code)
        if later:
            error = RefusedError(what, "try again later, the log of the endpoint says why", later)
            return TransientError(error, harmful=later in WORKER_DIED)
        if code == "CANCELLED":
            return AnswerError(f"{where}the request was cancelled", "send the frame again")
        return RefusedError(what, "check the address, and the log of the endpoint", 502)


def _stubs() -> tuple[Any, Any]:
    try:
        from corinpaint.client.stubs import inference_pb2, inference_pb2_grpc
    except ImportError as error:
        raise OptionError(
            f"gRPC needs {error.name or 'grpcio and protobuf'}, which is not installed", "install corinpaint[client]"
        ) from error
    except Exception as error:  # RuntimeError and VersionError of generated code that older packages cannot run
        raise OptionError(
            f"the installed grpcio or protobuf cannot be used ({str(error)[:200]})", "install corinpaint[client]"
        ) from error
    return inference_pb2, inference_pb2_grpc


def _certificates(ca_bundle: Path | None) -> bytes | None:
    if ca_bundle is None:
        return None
    try:
        return ca_bundle.read_bytes()
    except OSError as error:
        raise OptionError(f"{ca_bundle}: cannot be read ({error.strerror})", "give a file of certificates") from error
