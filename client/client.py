"""Restoring frames by an endpoint: `Client` speaks to TorchServe over REST or gRPC.

with Client("http://127.0.0.1:8080", key_file=Path("key_file.json")) as client:
    client.restore(Path("32082037.fts.gz")).write(Path("out"))
"""

from __future__ import annotations

import ipaddress
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
from corinpaint.client.request import EncodedRequest, Request, encode
from corinpaint.client.rest import RestTransport
from corinpaint.client.stream import map_unordered
from corinpaint.client.tokens import TokenSource
from corinpaint.lasco.errors import CorInpaintError, OptionError
from corinpaint.lasco.retries import MAX_RETRIES, RetryPolicy

SCHEMES = {"http": False, "https": True, "grpc": False, "grpcs": True}
"""Schemes of addresses, and whether they are encrypted."""

Frame = TypeVar("Frame", bound=Path | bytes | Request)


class Transport(Protocol):
    """One way to an endpoint."""

    def send(self, encoded: EncodedRequest, token: str | None, stop: threading.Event) -> Response:
        """Send a frame once; see `corinpaint.client.rest.RestTransport.send`."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Client:
    """An endpoint of CorInpaint; can be shared by threads.

    Over REST and over gRPC a frame gives the same answer. What can pass (no connection, a full queue, a worker that
    died) is tried again; what is wrong with a frame is not. `close` it, or use it in a `with` block.

    Parameters
    ----------
    url : str
        ``http://``, ``https://`` for REST, with the path of a proxy where there is one; ``grpc://host:port``,
        ``grpcs://host:port`` for gRPC.
    token : str, optional
        Inference key.
    key_file : Path, optional
        TorchServe's ``key_file.json``, which is read again when its key is refused.
    model : str
        Name of the model at the endpoint.
    timeout : float
        Seconds from sending a frame to the last byte of its answer.
    retries : int or RetryPolicy
        Maximum number of further attempts, or `corinpaint.client.retry.RetryPolicy` for the waits in between too.
    ca_bundle : Path, optional
        Certificates to trust in place of the usual ones. Certificates are always checked.
    insecure : bool
        Allow addresses without encryption on other machines: token and frames can be read on the way then.

    Raises
    ------
    OptionError
        When the address, the token or the key file cannot be used, or a package is not installed.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        key_file: Path | str | None = None,
        model: str = "corinpaint",
        timeout: float = 180.0,
        retries: int | RetryPolicy = MAX_RETRIES,
        ca_bundle: Path | str | None = None,
        insecure: bool = False,
    ) -> None:
        _check_address(url, insecure)
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,80}", model):
            raise OptionError(
                f"model = {model[:80]!r}: no name of a model", "give that of the archive, corinpaint, say"
            )
        if not 0 < timeout <= 86400:
            raise OptionError(f"timeout = {timeout}: give seconds above 0, up to a day")
        self._tokens = TokenSource(token, Path(key_file) if key_file is not None else None)
        self._retry_policy = retries if isinstance(retries, RetryPolicy) else RetryPolicy(retries)
        self._stop = threading.Event()
        bundle = Path(ca_bundle) if ca_bundle is not None else None
        self._transport = _transport(url, model, timeout, bundle)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; what `restore` does in other threads ends soon, with an error."""
        self._stop.set()
        self._transport.close()

    def restore(self, frame: Path | bytes | Request, **settings: Any) -> Answer:
        """Have one frame restored.

        Parameters
        ----------
        frame : Path, bytes or Request
            A Level 0.5 file, its content, or a whole request.
        **settings
            fill, accept, options, context, most_error, name: see `Request`.

        Returns
        -------
        Answer
            Proven to be whole and to be that of the frame.

        Raises
        ------
        FrameError
            When the file cannot be read; nothing is sent then.
        OptionError
            When a setting is not one.
        RefusedError
            When the endpoint answers with an error: its code, status, what and remedy.
        UnreachableError
            When no answer came.
        TokenError
            When the token is refused, and no other one is in the key file.
        AnswerError
            When the answer is cut, damaged, or that of another frame.
        """
        request = frame if isinstance(frame, Request) else Request(frame, **settings)
        return self._restore(request, self._stop)

    def stream(
        self, frames: Iterable[Frame], *, workers: int = 4, **settings: Any
    ) -> Iterator[tuple[Frame, Answer | CorInpaintError]]:
        """Have many frames restored, some at a time.

        Parameters
        ----------
        frames : iterable of Path, bytes or Request
            Taken one by one, as room gets free; files are read when it is their turn.
        workers : int
            Frames in flight at most.
        **settings
            As for `restore`, for all frames but those that are requests.

        Yields
        ------
        frame : Path, bytes or Request
            As it was given.
        result : Answer or CorInpaintError
            In the order in which they come; a frame that fails does not stop the rest.

        Raises
        ------
        OptionError
            When `workers` is not 1 or more, or a setting is not one.

        Notes
        -----
        Leaving early (Ctrl-C, `close` of the iterator) breaks off what is in flight; the client stays open.
        """
        if workers < 1:
            raise OptionError(f"workers = {workers}: give 1 or more")
        Request(b"", **settings)  # what is wrong with the settings is told now, once

        def work(frame: Frame, stop: threading.Event) -> Answer:
            request = frame if isinstance(frame, Request) else Request(frame, **settings)
            try:
                return self._restore(request, stop)
            except CorInpaintError:
                raise
            except Exception as error:  # a defect of ours must not stop the rest; it is named as such
                what = f"{request.label}: unexpected {type(error).__name__}: {error}"
                raise ClientError(f"{what}", "please report this") from error

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
        raise OptionError(f"{url}: give host and port alone for gRPC, grpc://127.0.0.1:7070, say")
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
