"""Errors of requests, and the HTTP status of each error."""

from __future__ import annotations

from http import HTTPStatus

from corinpaint.lasco import errors
from corinpaint.restore.context import ContextError


class EmptyRequestError(errors.OptionError):
    """The request holds no frame."""

    code = "no_frame"


class NotAcceptableError(errors.OptionError):
    """The request accepts none of the available formats."""

    code = "not_acceptable"


STATUSES: dict[type[errors.CorInpaintError], HTTPStatus] = {
    errors.NotFitsError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.WrongInstrumentError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.MissingKeywordError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.BadKeywordError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.WrongShapeError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.WrongTypeError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFiniteError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.WrongLevelError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnsupportedFrameError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotAcceptableError: HTTPStatus.NOT_ACCEPTABLE,
    ContextError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FrameError: HTTPStatus.BAD_REQUEST,
    errors.OptionError: HTTPStatus.BAD_REQUEST,
}
"""HTTP statuses of the errors that a request can cause; every other error is the server's own."""


def status_of(error: errors.CorInpaintError) -> int:
    """The HTTP status of an error.

    Parameters
    ----------
    error : CorInpaintError

    Returns
    -------
    int
        That of its class, else of the nearest class that it derives from, else 500.
    """
    for kind in type(error).__mro__:
        if kind in STATUSES:
            return int(STATUSES[kind])
    return int(HTTPStatus.INTERNAL_SERVER_ERROR)
