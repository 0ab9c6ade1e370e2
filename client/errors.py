"""The errors of a client, and which of them may not occur at a further attempt."""

from __future__ import annotations

import json
import re
from typing import Any

from corinpaint.client.protocol import is_error
from corinpaint.lasco.retries import RetriedError, TransientError

TRY_LATER = frozenset((429, 502, 503, 504))
"""HTTP statuses of a server that is busy or unavailable for a while."""

WORKER_DIED = frozenset((500, 507))
"""HTTP statuses that TorchServe answers when a worker died while it processed the request."""

MAX_TEXT_LENGTH = 300
"""Maximum number of characters of a message of others that is passed on."""


class ClientError(RetriedError):
    """The endpoint did not restore a frame.

    Attributes
    ----------
    request_id : str
        What the logs of the endpoint call the request; empty when it is not known.
    attempts : int
        How often the frame was sent.
    """

    code = "client"
    request_id: str = ""


class UnreachableError(ClientError):
    """No answer arrived: the connection was refused or broke, the certificate is not trusted, or time ran out."""

    code = "unreachable"


class TokenError(ClientError):
    """The endpoint refuses the token."""

    code = "token"


class AnswerError(ClientError):
    """An answer arrived that is incomplete or damaged, or belongs to another frame."""

    code = "bad_answer"


class RefusedError(ClientError):
    """The endpoint answered with an error.

    Parameters
    ----------
    what, remedy : str
        See `corinpaint.lasco.errors.CorInpaintError`.
    status : int
        HTTP status.
    code : str
        CorInpaint's code, for example ``bad_keyword``; ``endpoint`` for errors of TorchServe or a proxy.
    request_id : str
        What the logs of the endpoint call the request.
    from_handler : bool
        Whether CorInpaint's handler answered, and not TorchServe or a proxy before it.
    """

    def __init__(
        self,
        what: str,
        remedy: str,
        status: int,
        code: str = "endpoint",
        request_id: str = "",
        *,
        from_handler: bool = False,
    ) -> None:
        super().__init__(what, remedy)
        self.status, self.code, self.request_id, self.from_handler = status, code, request_id, from_handler


class TokenRefusedError(Exception):
    """The endpoint refused the token; the key file may hold a newer one."""


def parse_error(body: bytes) -> dict[str, Any] | None:
    """Read the body of an answer that may be an error.

    Parameters
    ----------
    body : bytes

    Returns
    -------
    dict or None
        The fields of an error of CorInpaint (``code`` is text) or of TorchServe (``code`` is a number); None when the
        body is not such an error.
    """
    if body.lstrip()[:1] != b"{":
        return None
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):  # RecursionError: nested too deeply
        return None
    if not isinstance(fields, dict):
        return None
    from_torchserve = isinstance(fields.get("code"), int) and isinstance(fields.get("message"), str)
    return fields if is_error(fields) or from_torchserve else None


def error_from_answer(status: int, body: bytes, *, retry_after: float | None = None, request_id: str = "") -> Exception:
    """The exception for an answer that is an error.

    Errors of CorInpaint concern the frame and are final, except for 429 and 503. Errors of TorchServe and of proxies
    are transient when their status is one of `TRY_LATER` or `WORKER_DIED`.

    Parameters
    ----------
    status : int
        HTTP status.
    body : bytes
    retry_after : float, optional
        Seconds that the header Retry-After asks for.
    request_id : str
        That of the headers.

    Returns
    -------
    RefusedError, TransientError or TokenRefusedError
        To be raised.
    """
    fields = parse_error(body) or {}
    if is_error(fields):
        error = _handler_error(fields, request_id)
        return TransientError(error, retry_after) if error.status in (429, 503) else error
    text = _message(fields, body)
    if status in (401, 403) or (status == 400 and "Token" in text):
        return TokenRefusedError()
    what = f"the endpoint answered {status}" + (f" ({text})" if text else "")
    error = RefusedError(what, _remedy(status), status, request_id=printable(request_id, 100))
    if status in TRY_LATER | WORKER_DIED:
        return TransientError(error, retry_after, harmful=status in WORKER_DIED)
    return error


def _handler_error(fields: dict[str, Any], request_id: str) -> RefusedError:
    """An error of CorInpaint's handler, which gives what and remedy, or a message alone."""
    what, remedy = fields.get("what"), fields.get("remedy")
    what, remedy = (printable(text) if isinstance(text, str) else "" for text in (what, remedy))
    if not what:
        message = printable(
            str(fields.get("message") or ""), 2 * MAX_TEXT_LENGTH
        )  # all that endpoints of 0.1.0 answered
        what, remedy = message.rsplit("; ", 1) if "; " in message else (message, "")
    if not what:
        what, remedy = "the endpoint does not say what is wrong", "see its log"
    request_id = printable(str(fields.get("request_id") or request_id), 100)
    return RefusedError(what, remedy, fields["status"], printable(fields["code"], 80), request_id, from_handler=True)


def printable(text: str, max_length: int = MAX_TEXT_LENGTH) -> str:
    """A text of others as one line without control characters, since it may be printed on a terminal.

    Parameters
    ----------
    text : str
    max_length : int
        Characters after which it is cut.

    Returns
    -------
    str
    """
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:max_length]


def _message(fields: dict[str, Any], body: bytes) -> str:
    """The message of TorchServe or a proxy in one line, without control characters and HTML tags."""
    text = str(fields.get("message") or "") or re.sub(r"<[^>]*>", " ", body[:4096].decode("utf-8", errors="replace"))
    return printable(text)


def _remedy(status: int) -> str:
    if status == 404:
        return "check the address and the name of the model"
    if status == 413:
        return "send less than the endpoint allows: one Level 0.5 frame, fewer context frames"
    if status in TRY_LATER | WORKER_DIED:
        return "try again later, the log of the endpoint says why"
    if 300 <= status < 400:
        return "give the address that it leads to: a client does not take its token elsewhere by itself"
    return "check the address, and the log of the endpoint"
