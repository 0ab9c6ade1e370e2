"""What can go wrong between a client and an endpoint, and which of it another try may change."""

from __future__ import annotations

import json
import re
from typing import Any

from corinpaint.client.protocol import is_error
from corinpaint.lasco.retries import RetriedError, TransientError

TRY_LATER = frozenset((429, 502, 503, 504))
"""Statuses that say: not now."""

WORKER_DIED = (500, 507)
"""TorchServe answers either when a worker died under the request."""

MAX_TEXT_LENGTH = 300
"""Characters of a foreign message that are passed on."""


class ClientError(RetriedError):
    """A frame was not restored by the endpoint.

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
    """No answer came: connection refused or broken, certificate not trusted, time-out."""

    code = "unreachable"


class TokenError(ClientError):
    """The endpoint refuses the token."""

    code = "token"


class AnswerError(ClientError):
    """An answer came that is not this frame's product, or not all of it."""

    code = "bad_answer"


class RefusedError(ClientError):
    """The endpoint answered with an error.

    Attributes
    ----------
    code : str
        CorInpaint's code, ``bad_keyword``, say; ``endpoint`` for errors of TorchServe or a proxy.
    status : int
        HTTP status.
    ours : bool
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
        ours: bool = False,
    ) -> None:
        super().__init__(what, remedy)
        self.status, self.code, self.request_id, self.ours = status, code, request_id, ours


class TokenRefusedError(Exception):
    """The token was refused; another one may be in the key file."""


def parse_error(body: bytes) -> dict[str, Any] | None:
    """The error that a body tells: CorInpaint's (``code`` is text, ``status``), or TorchServe's (``code`` a number).

    Returns
    -------
    dict or None
        None when the body tells none.
    """
    if body.lstrip()[:1] != b"{":
        return None
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):  # too deeply nested is no error of ours either
        return None
    if not isinstance(told, dict):
        return None
    foreign = isinstance(told.get("code"), int) and isinstance(told.get("message"), str)
    return told if is_error(told) or foreign else None


def error_from_answer(status: int, body: bytes, *, after: float | None = None, request_id: str = "") -> Exception:
    """The exception for an answer that is an error.

    CorInpaint's own errors are about the frame and final, but for 429 and 503. Of TorchServe's and of proxies those are
    passing that say "not now", and 500 and 507: a worker died.

    Parameters
    ----------
    status : int
        HTTP status.
    body : bytes
    after : float, optional
        Seconds of Retry-After.
    request_id : str
        From the headers.

    Returns
    -------
    RefusedError, TransientError or TokenRefusedError
        To be raised.
    """
    told = parse_error(body) or {}
    if is_error(told):
        error = _ours(told, request_id)
        return TransientError(error, after) if error.status in (429, 503) else error
    text = _text(told, body)
    if status in (401, 403) or (status == 400 and "Token" in text):
        return TokenRefusedError()
    what = f"the endpoint answered {status}" + (f" ({text})" if text else "")
    error = RefusedError(what, _remedy(status), status, request_id=printable(request_id, 100))
    return (
        TransientError(error, after, harmful=status in WORKER_DIED) if status in (*TRY_LATER, *WORKER_DIED) else error
    )


def _ours(told: dict[str, Any], request_id: str) -> RefusedError:
    """An error of the handler: what and remedy, or a message alone."""
    what, remedy = told.get("what"), told.get("remedy")
    what, remedy = (printable(text) if isinstance(text, str) else "" for text in (what, remedy))
    if not what:
        message = printable(str(told.get("message") or ""), 2 * MAX_TEXT_LENGTH)  # all that endpoints of 0.1.0 answered
        what, remedy = message.rsplit("; ", 1) if "; " in message else (message, "")
    if not what:
        what, remedy = "the endpoint does not say what is wrong", "see its log"
    request_id = printable(str(told.get("request_id") or request_id), 100)
    return RefusedError(what, remedy, told["status"], printable(told["code"], 80), request_id, ours=True)


def printable(text: str, most: int = MAX_TEXT_LENGTH) -> str:
    """A foreign text in one line of at most so many characters, without control characters: it may reach a terminal."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:most]


def _text(told: dict[str, Any], body: bytes) -> str:
    """A foreign message in one line, without control characters and the tags of a proxy's page."""
    text = str(told.get("message") or "") or re.sub(r"<[^>]*>", " ", body[:4096].decode("utf-8", errors="replace"))
    return printable(text)


def _remedy(status: int) -> str:
    if status == 404:
        return "check the address and the name of the model"
    if status == 413:
        return "send less than the endpoint allows: one Level 0.5 frame, fewer context frames"
    if status in (*TRY_LATER, *WORKER_DIED):
        return "try again later, the log of the endpoint says why"
    if 300 <= status < 400:
        return "give the address that it leads to: a client does not take its token elsewhere by itself"
    return "check the address, and the log of the endpoint"
