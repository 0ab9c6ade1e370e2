"""Answers to requests: products in the format that was asked for, and errors as JSON.

An error holds ``code`` (stable, for programs), ``status``, ``message``, its two parts ``what`` and ``remedy``, the
``frame`` when it is known, and the ``request_id`` that is also in the server's log.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from corinpaint.client.protocol import answer_filename, encode_error
from corinpaint.handlers.errors import status_of
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.restore import pictures
from corinpaint.restore.pipeline import Restored
from corinpaint.restore.report import report

JSON = "application/json"
"""Media type of reports and errors."""


@dataclass(frozen=True)
class Answer:
    """The answer to one request.

    Attributes
    ----------
    body : bytes
    media_type : str
        Content-Type.
    status : int
        HTTP status.
    filename : str
        Name to save the body under; empty for errors.
    frame : str
        Number of the frame that was sent; empty when it could not be read.
    """

    body: bytes
    media_type: str
    status: int = 200
    filename: str = ""
    frame: str = ""


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=1, default=float).encode()


def _fits(restored: Restored, compress: str) -> bytes:
    return restored.level1.to_bytes(compress)


def _png(restored: Restored, _compress: str) -> bytes:
    return pictures.before_after(restored.level1)


def _report(restored: Restored, _compress: str) -> bytes:
    return _json(report(restored))


FITS = "application/fits"
"""Media type of products."""

FORMATS: dict[str, Callable[[Restored, str], bytes]] = {FITS: _fits, "image/png": _png, JSON: _report}
"""Encoders of a result and its compression by media type, the preferred one first."""


def product(restored: Restored, media_type: str, compress: str = "none") -> Answer:
    """The answer that holds a restored frame.

    Parameters
    ----------
    restored : Restored
    media_type : str
        The format, a key of `FORMATS`.
    compress : str
        Compression of a product in FITS, see `corinpaint.lasco.level1.compression`.

    Returns
    -------
    Answer
    """
    filename = answer_filename(restored.level1.filename, media_type)
    return Answer(FORMATS[media_type](restored, compress), media_type, filename=filename, frame=restored.frame.number)


def status(values: Mapping[str, Any]) -> Answer:
    """The answer to a probe.

    Parameters
    ----------
    values : mapping of str to object
        See `corinpaint.handlers.processing.service_status`.

    Returns
    -------
    Answer
    """
    return Answer(_json(values), JSON)


def error(error: CorInpaintError, request_id: str | None = None, frame: str = "") -> Answer:
    """The answer for an error that the request caused, as JSON with its own status.

    Errors of the server (status 500 and above, such as a damaged calibration) name files of the server, which the
    client must not see; they are answered by `internal_error`.

    Parameters
    ----------
    error : CorInpaintError
    request_id : str, optional
    frame : str
        Number of the frame; empty when it is not known.

    Returns
    -------
    Answer
    """
    http_status = status_of(error)
    if http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return internal_error(request_id, frame)
    body = encode_error(http_status, error.code, error.what, error.remedy, frame, request_id)
    return Answer(body, JSON, http_status, frame=frame)


def internal_error(request_id: str | None = None, frame: str = "") -> Answer:
    """The answer for an unexpected error, without its details, which are in the server's log.

    Parameters
    ----------
    request_id : str, optional
    frame : str
        Number of the frame; empty when it is not known.

    Returns
    -------
    Answer
    """
    what, remedy = "the frame could not be processed", "the log of the server says why, by the request_id"
    return Answer(encode_error(500, "internal", what, remedy, frame, request_id), JSON, 500, frame=frame)
