"""Sending frames over REST, by the package requests."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corinpaint.client.answer import Response
from corinpaint.client.errors import AnswerError, UnreachableError, error_from_answer
from corinpaint.client.protocol import FORM_FRAME_FIELD, FRAME_FIELDS
from corinpaint.client.request import EncodedRequest
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.retries import TransientError, parse_retry_after
from corinpaint.lasco.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from corinpaint.client.interruptible import InterruptibleAdapter

CONNECT_TIMEOUT = 10.0
"""Maximum number of seconds until a connection is made."""

MAX_ANSWER_BYTES = 64 * 2**20
"""Maximum number of bytes of an answer; a product has 13 MiB."""

CHUNK = 2**18
"""Bytes that are read at a time."""


class RestTransport:
    """The REST interface of an endpoint; can be shared by threads.

    Parameters
    ----------
    url : str
        ``https://host/path``, without the path of the prediction.
    model : str
        Name of the model at the endpoint.
    timeout : float
        Maximum number of seconds until the answer is complete.
    ca_bundle : Path or None
        Certificates to trust in place of the usual ones.
    local : bool
        Whether the endpoint is on this machine: proxies of the environment are ignored then.

    Raises
    ------
    OptionError
        When requests is not installed.
    """

    def __init__(self, url: str, model: str, timeout: float, ca_bundle: Path | None, local: bool) -> None:
        try:
            import requests

            from corinpaint.client.interruptible import InterruptibleAdapter
        except ImportError as error:
            raise OptionError("REST needs requests, which is not installed", "install corinpaint[client]") from error
        self._new_session, self._new_adapter, self._local = requests.Session, InterruptibleAdapter, local
        self._url, self._timeout = f"{url.rstrip('/')}/predictions/{model}", timeout
        self._verify: bool | str = str(ca_bundle) if ca_bundle else True
        self._idle: deque[tuple[requests.Session, InterruptibleAdapter]] = deque()

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
            Of status 200.

        Raises
        ------
        RefusedError, TransientError, TokenRefusedError
            See `corinpaint.client.errors.error_from_answer`.
        UnreachableError
            When the certificate is not trusted, or the address cannot be used.
        ClientError
            When it was stopped.
        AnswerError
            When the answer is larger than `MAX_ANSWER_BYTES`.
        """
        import requests

        deadline = time.monotonic() + self._timeout
        try:
            with (
                self._session() as (session, adapter),
                adapter.interrupt_at(deadline, stop),
                session.post(self._url, **self._arguments(encoded, token)) as answer,
            ):
                body = _read_body(answer, encoded.label)
        except requests.exceptions.SSLError as error:
            if "certificate" not in str(error).lower():
                raise TransientError(self._unreachable(f"the connection failed: {_reason(error)}")) from error
            raise UnreachableError(
                f"{self._url}: the certificate cannot be trusted ({_reason(error)})",
                "check the date of this machine, or name the authority's certificates (ca_bundle, --ca-bundle)",
            ) from error
        except requests.Timeout as error:
            connecting = isinstance(error, requests.ConnectTimeout)
            limit = min(CONNECT_TIMEOUT, self._timeout) if connecting else self._timeout
            what = "connection" if connecting else "answer"
            raise TransientError(self._unreachable(f"no {what} within {limit:g} s")) from error
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            raise TransientError(self._unreachable(f"the connection failed: {_reason(error)}")) from error
        except (requests.RequestException, ValueError, OSError) as error:
            raise UnreachableError(f"{self._url}: cannot be asked ({_reason(error)})", "check the address") from error
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if answer.status_code == 200:
            return Response(body, headers)
        retry_after = parse_retry_after(headers.get("retry-after", ""))
        request_id = headers.get("x-request-id", "")
        raise error_from_answer(answer.status_code, body, retry_after=retry_after, request_id=request_id)

    def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop()[0].close()

    def _arguments(self, encoded: EncodedRequest, token: str | None) -> dict[str, Any]:
        """Arguments for requests: the frame as the body, or a form when there are context frames."""
        headers = {"User-Agent": f"corinpaint/{__version__}", "Accept-Encoding": "identity", **encoded.headers}
        content: dict[str, Any]
        if encoded.context:
            form = {
                name: (None if name in encoded.parameters else f"{name}.fts", value)
                for name, value in encoded.fields.items()
            }
            form[FORM_FRAME_FIELD] = form.pop(FRAME_FIELDS[0])
            content = {"files": form}
        else:
            headers["Content-Type"] = "application/fits"
            content = {"data": encoded.frame}
        timeout = (min(CONNECT_TIMEOUT, self._timeout), self._timeout)
        settings = {"timeout": timeout, "verify": self._verify, "allow_redirects": False, "stream": True}
        return {**content, **settings, "headers": headers, "auth": _BearerAuth(token)}

    def _unreachable(self, what: str) -> UnreachableError:
        return UnreachableError(f"{self._url}: {what}", "check that the endpoint runs there, or try again later")

    @contextmanager
    def _session(self) -> Iterator[tuple[requests.Session, InterruptibleAdapter]]:
        """A session that no other thread uses at the same time; one whose request failed is not used again."""
        try:
            session, adapter = self._idle.pop()
        except IndexError:
            session, adapter = self._new_session(), self._new_adapter()
            session.trust_env = not self._local
            for scheme in ("http://", "https://"):
                session.mount(scheme, adapter)
        try:
            yield session, adapter
        except BaseException:
            session.close()
            raise
        self._idle.append((session, adapter))


class _BearerAuth:
    """Adds the token to a request; given to requests as `auth`, so that no .netrc replaces it."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _read_body(answer: requests.Response, label: str) -> bytes:
    """The body of an answer, which must not be too large."""
    body = bytearray()
    for chunk in answer.iter_content(CHUNK):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise AnswerError(f"{label}: the answer has more than {MAX_ANSWER_BYTES // 2**20} MiB", "check the address")
    return bytes(body)


def _reason(error: BaseException) -> str:
    """The text of the innermost exception, without those of three libraries around it and without memory addresses."""
    reason = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    if isinstance(reason, BaseException):
        return _reason(reason)
    text = str(getattr(error, "strerror", None) or reason or error)
    return text.rpartition(">: ")[2].rpartition("): ")[2][:200]
