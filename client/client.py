"""Restoring frames by an endpoint: `Client` speaks to TorchServe over REST or gRPC."""

from __future__ import annotations

import ipaddress
import os
import re
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from corinpaint.client.answer import Answer, Response, verify_answer
from corinpaint.client.errors import ClientError, TokenError, TokenRefusedError, printable
from corinpaint.client.grpc import GrpcTransport
from corinpaint.client.protocol import FRAME_HEADER
from corinpaint.client.request import EncodedRequest, Request, Source, check_source, current_settings, encode
from corinpaint.client.rest import RestTransport
from corinpaint.client.stream import map_unordered
from corinpaint.client.tokens import TokenSource
from corinpaint.lasco.errors import CorInpaintError, OptionError
from corinpaint.lasco.files import as_path
from corinpaint.lasco.retries import MAX_RETRIES, RetryPolicy

SCHEMES = {"http": False, "https": True, "grpc": False, "grpcs": True}
"""Schemes of addresses, and whether they are encrypted."""

Frame = TypeVar("Frame", bound=Source | Request)


class Transport(Protocol):
    """One of the interfaces of an endpoint."""

    def send(self, encoded: EncodedRequest, token: str | None, stop: threading.Event) -> Response:
        """Send a request once.

        Parameters
        ----------
        encoded : EncodedRequest
        token : str or None
            Inference key.
        stop : threading.Event
            Once it is set the request is interrupted.

        Returns
        -------
        Response
        """
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Client:
    """A client of an endpoint of CorInpaint; can be shared by threads.

    Over REST and over gRPC a frame gets the same answer. A request that fails for a reason that may pass (no
    connection, a full queue, a worker that died) is repeated; an error of the frame is final. Close a client, or use
    it in a ``with`` block.

    Parameters
    ----------
    url : str
        ``http://``, ``https://`` for REST, with the path of a proxy where there is one; ``grpc://host:port``,
        ``grpcs://host:port`` for gRPC.
    token : str, optional
        Inference key.
    key_file : str or os.PathLike, optional
        TorchServe's ``key_file.json``, which is read again when its key is refused.
    model : str
        Name of the model at the endpoint.
    timeout : float
        Seconds from sending a frame to the last byte of its answer.
    retries : int or RetryPolicy
        Maximum number of further attempts, or `corinpaint.client.retry.RetryPolicy` for the waits in between too.
    ca_bundle : str or os.PathLike, optional
        Certificates to trust in place of the usual ones. Certificates are always verified.
    insecure : bool
        Allow addresses without encryption on other machines: token and frames can be read on the way then.

    Raises
    ------
    TypeError
        When `key_file` or `ca_bundle` is not a path.
    OptionError
        When the address, the token or the key file cannot be used, or a package is not installed.

    Examples
    --------
    >>> with Client("http://127.0.0.1:8080", key_file="key_file.json") as client:  # doctest: +SKIP
    ...     client.restore("32082037.fts.gz").write("out")
    PosixPath('out/35082037.fits')
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        key_file: str | os.PathLike[str] | None = None,
        model: str = "corinpaint",
        timeout: float = 180.0,
        retries: int | RetryPolicy = MAX_RETRIES,
        ca_bundle: str | os.PathLike[str] | None = None,
        insecure: bool = False,
    ) -> None:
        _check_address(url, insecure)
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,80}", model):
            raise OptionError(
                f"model = {model[:80]!r}: no name of a model", "give that of the archive, such as corinpaint"
            )
        if not 0 < timeout <= 86400:
            raise OptionError(f"timeout = {timeout} is not available", "give seconds above 0, up to a day")
        self._tokens = TokenSource(token, as_path(key_file, "key_file") if key_file is not None else None)
        self._retry_policy = retries if isinstance(retries, RetryPolicy) else RetryPolicy(retries)
        self._stop = threading.Event()
        certificates = as_path(ca_bundle, "ca_bundle") if ca_bundle is not None else None
        self._transport = _transport(url, model, timeout, certificates)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; requests of other threads end within a fraction of a second, with an error."""
        self._stop.set()
        self._transport.close()

    def restore(self, frame: Source | Request, **settings: Any) -> Answer:
        """Have one frame restored.

        Parameters
        ----------
        frame : str, os.PathLike, bytes or Request
            The path of a Level 0.5 file, its content, or a whole request.
        **settings
            fill, accept, options, context, max_error, name, compress, policy: see `Request`.

        Returns
        -------
        Answer
            Verified to be complete and to belong to the frame.

        Raises
        ------
        TypeError
            When `frame` is anything else.
        FrameError
            When the file cannot be read; nothing is sent then.
        OptionError
            When a setting has a value that is not available.
        RefusedError
            When the endpoint answers with an error: its code, status, what and remedy.
        UnreachableError
            When no answer came.
        TokenError
            When the token is refused, and no other one is in the key file.
        AnswerError
            When the answer is truncated, damaged, or that of another frame.
        """
        return self._restore(_as_request(frame, current_settings(settings)), self._stop)

    def stream(
        self, frames: Iterable[Frame], *, workers: int = 4, **settings: Any
    ) -> Iterator[tuple[Frame, Answer | CorInpaintError]]:
        """Have many frames restored, some at a time.

        Parameters
        ----------
        frames : iterable of str, os.PathLike, bytes or Request
            Taken one by one when a worker becomes free; a file is read when it is its turn.
        workers : int
            Maximum number of frames in flight.
        **settings
            As for `restore`, for all frames but those that are requests.

        Yields
        ------
        frame : str, os.PathLike, bytes or Request
            As it was given.
        result : Answer or CorInpaintError
            In the order in which the answers come; a frame that fails does not stop the others.

        Raises
        ------
        OptionError
            When `workers` is less than 1, or a setting has a value that is not available.

        Notes
        -----
        Leaving early (Ctrl-C, `close` of the iterator) interrupts the requests in flight; the client stays open.
        """
        if workers < 1:
            raise OptionError(f"workers = {workers} is not available", "give 1 or more")
        settings = current_settings(settings)
        Request(b"", **settings)  # wrong settings are an error now, and not once for each frame

        def work(frame: Frame, stop: threading.Event) -> Answer:
            label = "frame"
            try:
                request = _as_request(frame, settings)
                label = request.label
                return self._restore(request, stop)
            except CorInpaintError:
                raise
            except Exception as error:  # a defect must not stop the other frames; it is named as such
                what = f"{label}: unexpected {type(error).__name__}: {error}"
                raise ClientError(what, "please report this") from error

        return map_unordered(frames, work, workers)

    def _restore(self, request: Request, stop: threading.Event) -> Answer:
        encoded, start = encode(request), time.monotonic()
        response, attempts = self._retry_policy.run(lambda: self._send(encoded, stop), stop)
        request_id = printable(response.headers.get("x-request-id", ""), 100)
        try:
            filename = verify_answer(response, encoded)
        except ClientError as error:
            error.request_id, error.attempts = request_id, attempts
            raise
        seconds = time.monotonic() - start
        number = encoded.number or response.headers.get(FRAME_HEADER.lower(), "")
        return Answer(response.body, request.accept, filename, number, request_id, seconds, attempts)

    def _send(self, encoded: EncodedRequest, stop: threading.Event) -> Response:
        """Send a frame once, and once more when there is a new token."""
        token = self._tokens.current()
        try:
            return self._transport.send(encoded, token, stop)
        except TokenRefusedError:
            self._tokens.renew(token)
        try:
            return self._transport.send(encoded, self._tokens.current(), stop)
        except TokenRefusedError:
            raise TokenError(
                "the endpoint refuses the renewed token too", "check that the key file is its own"
            ) from None


def _as_request(frame: Source | Request, settings: dict[str, Any]) -> Request:
    if isinstance(frame, Request):
        return frame
    check_source(frame, "frame", "a path, bytes or a Request")
    return Request(frame, **settings)


def _check_address(url: str, insecure: bool) -> None:
    try:
        parts = urlsplit(url)
        known = parts.scheme in SCHEMES and parts.hostname
        plain = not (parts.username or parts.password or parts.query or parts.fragment)
        port = parts.port
    except ValueError as error:
        raise OptionError(f"{url}: no address ({error})", "give http://HOST:PORT or grpc://HOST:PORT") from error
    if not known or not plain:
        raise OptionError(
            f"{parts.scheme or url[:80]}: no address of an endpoint",
            "give http://HOST:PORT, https://HOST/PATH, "
            "grpc://HOST:PORT or grpcs://HOST:PORT, without a user or a query",
        )
    if parts.scheme.startswith("grpc") and (not port or parts.path.strip("/")):
        raise OptionError(f"{url}: no address for gRPC", "give host and port alone, such as grpc://127.0.0.1:7070")
    if not SCHEMES[parts.scheme] and not insecure and not _is_local(url):
        raise OptionError(
            f"{url}: token and frames could be read on the way", "use https:// or grpcs://, or allow it (insecure)"
        )


def _is_local(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _transport(url: str, model: str, timeout: float, ca_bundle: Path | None) -> Transport:
    parts, local = urlsplit(url), _is_local(url)
    if parts.scheme.startswith("grpc"):
        return GrpcTransport(parts.netloc, model, timeout, ca_bundle, local, SCHEMES[parts.scheme])
    return RestTransport(url, model, timeout, ca_bundle, local)
