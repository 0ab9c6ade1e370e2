"""A frame over REST, with requests."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corinpaint.client.answer import Response
from corinpaint.client.errors import AnswerError, UnreachableError, error_from_answer
from corinpaint.client.protocol import FORM_FRAME_FIELD, FRAME_FIELDS
from corinpaint.client.request import EncodedRequest
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.retries import TransientError
from corinpaint.lasco.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from corinpaint.client.interruptible import InterruptibleAdapter

CONNECT_TIMEOUT = 10.0

MAX_ANSWER_BYTES = 64 * 2**20
"""Bytes; a product has 9 MiB."""

CHUNK = 2**18


class RestTransport:
    """The REST interface of an endpoint; can be shared by threads.

    Parameters
    ----------
    url : str
        ``https://host/path``, without the path of the prediction.
    model : str
    timeout : float
        Seconds to wait for the whole answer.
    ca_bundle : Path or None
        Certificates to trust in place of the usual ones.
    local : bool
        Whether the endpoint is on this machine: proxies of the environment are passed over then.

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
        self._make, self._new_adapter, self._local = requests.Session, InterruptibleAdapter, local
        self._url, self._timeout = f"{url.rstrip('/')}/predictions/{model}", timeout
        self._verify: bool | str = str(ca_bundle) if ca_bundle else True
        self._idle: deque[tuple[requests.Session, InterruptibleAdapter]] = deque()

    def send(self, encoded: EncodedRequest, token: str | None, stop: threading.Event) -> Response:
        """Send a frame once.

        Parameters
        ----------
        encoded : EncodedRequest
        token : str or None
        stop : threading.Event
            Once it is set the connection is broken.

        Returns
        -------
        Response
            Of status 200.

        Raises
        ------
        RefusedError, TransientError, TokenRefusedError
            See `corinpaint.client.errors.error_from_answer`.
        UnreachableError
            When the certificate is not trusted, or the address none.
        ClientError
            When it was stopped.
        """
        import requests

        deadline = time.monotonic() + self._timeout
        try:
            with (
                self._session() as (session, adapter),
                adapter.interrupt_at(deadline, stop),
                session.post(self._url, **self._body(encoded, token)) as answer,
            ):
                body = _read(answer, encoded.label)
        except requests.exceptions.SSLError as error:
            if "certificate" not in str(error).lower():
                raise TransientError(self._unreachable(f"the connection failed: {_cause(error)}")) from error
            raise UnreachableError(
                f"{self._url}: the certificate cannot be trusted ({_cause(error)})",
                "check the date of this machine, or name the authority's certificates (ca_bundle, --ca-bundle)",
            ) from error
        except requests.Timeout as error:
            connecting = isinstance(error, requests.ConnectTimeout)
            limit = min(CONNECT_TIMEOUT, self._timeout) if connecting else self._timeout
            what = "connection" if connecting else "answer"
            raise TransientError(self._unreachable(f"no {what} within {limit:g} s")) from error
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            raise TransientError(self._unreachable(f"the connection failed: {_cause(error)}")) from error
        except (requests.RequestException, ValueError, OSError) as error:
            raise UnreachableError(f"{self._url}: cannot be asked ({_cause(error)})", "check the address") from error
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if answer.status_code == 200:
            return Response(body, headers)
        after = _parse_retry_after(headers.get("retry-after", ""))
        raise error_from_answer(answer.status_code, body, after=after, request_id=headers.get("x-request-id", ""))

    def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop()[0].close()

    def _body(self, encoded: EncodedRequest, token: str | None) -> dict[str, Any]:
        """Arguments of the request: the frame as the body, or a form where there are context frames."""
        headers = {"User-Agent": f"corinpaint/{__version__}", "Accept-Encoding": "identity", **encoded.headers}
        content: dict[str, Any]
        if encoded.context:
            fields = encoded.fields
            files = [name for name in fields if name not in encoded.parameters]
            form = {name: (f"{name}.fts" if name in files else None, raw) for name, raw in fields.items()}
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
        """A session that no other thread uses meanwhile; one whose request failed is not used again."""
        try:
            session, adapter = self._idle.pop()
        except IndexError:
            session, adapter = self._make(), self._new_adapter()
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
    """Puts the token into a request; as the `auth` of requests, so that no .netrc replaces it."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _read(answer: requests.Response, label: str) -> bytes:
    """The body, as long as it is not too large."""
    body = bytearray()
    for chunk in answer.iter_content(CHUNK):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise AnswerError(f"{label}: the answer has more than {MAX_ANSWER_BYTES // 2**20} MiB", "check the address")
    return bytes(body)


def _parse_retry_after(text: str) -> float | None:
    """Seconds of a Retry-After header, which tells seconds or a date."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _cause(error: BaseException) -> str:
    """The innermost reason, without the wrappings of three libraries and their addresses in memory."""
    reason = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    if isinstance(reason, BaseException):
        return _cause(reason)
    text = str(getattr(error, "strerror", None) or reason or error)
    return text.rpartition(">: ")[2].rpartition("): ")[2][:200]
