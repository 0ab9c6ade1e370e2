"""What a request asks for, without TorchServe.

A request is what TorchServe hands over: a mapping of fields (the raw body under ``body`` or ``data``; one entry per
field of a multipart form or of a gRPC input map) and the HTTP headers. gRPC brings no headers, so every option can be
a field too, and a field goes before a header.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from corinpaint.client.protocol import (
    CONTEXT_FIELD,
    DEPRECATED_OPTIONS,
    FRAME_FIELDS,
    FRAME_NAME,
    MAX_CONTEXT_FRAMES,
    NUMBER,
    OPTION_HEADERS,
)
from corinpaint.handlers.answers import FORMATS
from corinpaint.handlers.errors import EmptyRequestError, NotAcceptableError
from corinpaint.lasco.errors import NotFitsError, OptionError
from corinpaint.lasco.options import DEFAULT, Options
from corinpaint.lasco.options import parse as parse_options
from corinpaint.restore.pipeline import NETWORK, check_fill

MAX_OPTION_LENGTH = 1000
"""Characters of an option; errors repeat them, and each media type of a long list would take memory."""


@dataclass(frozen=True)
class Request:
    """What one request asks for.

    Attributes
    ----------
    frame : bytes
        Content of a Level 0.5 file.
    fill : str
        How lost blocks are filled; checked where it is used.
    media_type : str
        Key of `FORMATS`.
    options : Options
        Steps of the calibration that are left out.
    context : tuple of bytes
        Content of Level 0.5 files of the same hours.
    max_error : float or None
        See `corinpaint.restore.pipeline.restore`.
    name : str
        Name of the frame's file, which numbers the product; empty takes FILENAME of the header.
    """

    frame: bytes
    fill: str
    media_type: str
    options: Options = DEFAULT
    context: tuple[bytes, ...] = ()
    max_error: float | None = None
    name: str = ""


def is_probe(fields: Mapping[str, Any], headers: Mapping[str, Any]) -> bool:
    """Whether a request only asks what serves, by the field ``probe`` or the header ``X-Corinpaint-Probe``."""
    return bool(_asked(fields, _lowered(headers), "probe"))


def parse(fields: Mapping[str, Any], headers: Mapping[str, Any]) -> Request:
    """Read a request.

    Parameters
    ----------
    fields : mapping of str to object
        As TorchServe decodes them: bytes, or str and JSON values for bodies that it took for text or JSON.
    headers : mapping of str to object
        HTTP headers in any case; entries that are not text are no headers and are passed over.

    Returns
    -------
    Request

    Raises
    ------
    EmptyRequestError, NotFitsError
        When there is no frame, or text in its place.
    OptionError
        When an option is not readable.
    NotAcceptableError
        When no format fits.
    """
    lowered = _lowered(headers)
    media_type = negotiate(_asked(fields, lowered, "accept"))
    fill = _asked(fields, lowered, "fill") or NETWORK
    check_fill(fill)
    asked = _asked(fields, lowered, "options")
    names = sorted(name for name in fields if CONTEXT_FIELD.fullmatch(name))
    if len(names) > MAX_CONTEXT_FRAMES:
        raise OptionError(f"{len(names)} context frames", f"send {MAX_CONTEXT_FRAMES} at most, the nearest in time")
    context = tuple(_bytes(fields[name], f"the field {name!r}") for name in names)
    name = _name(_asked(fields, lowered, "name"))
    max_error = _number(_asked(fields, lowered, "max_error"))
    return Request(_frame(fields), fill, media_type, parse_options(asked.split(",")), context, max_error, name)


def _lowered(headers: Mapping[str, Any]) -> dict[str, str]:
    """Headers by their names in lower case; TorchServe lists what it knows of fields among them, which is no text."""
    return {str(name).lower(): value[:MAX_OPTION_LENGTH] for name, value in headers.items() if isinstance(value, str)}


def _name(text: str) -> str:
    if text and not FRAME_NAME.fullmatch(text):
        raise OptionError(f"name = {text[:90]!r} is no file name", "give up to 80 letters, digits, dots, - and _")
    return text


def _number(text: str) -> float | None:
    text = text.strip()
    if text and not NUMBER.fullmatch(text):
        raise OptionError(
            f"max_error = {text[:40]!r} is no number", "give one such as 1.5, in units of the noise of a pixel"
        )
    return float(text) if text else None


def _asked(fields: Mapping[str, Any], lowered: Mapping[str, str], name: str) -> str:
    """An option from its field, else from its header; empty where there is neither."""
    value = _option(fields, name) or lowered.get(OPTION_HEADERS[name].lower(), "").strip()
    if name not in DEPRECATED_OPTIONS:
        return value
    earlier_name, earlier_header = DEPRECATED_OPTIONS[name]
    earlier = _option(fields, earlier_name) or lowered.get(earlier_header.lower(), "").strip()
    if value and earlier:
        raise OptionError(f"{name} and {earlier_name} are the same option", f"send {name} alone")
    return value or earlier


def _option(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    if isinstance(value, bytes | bytearray | memoryview | str) and len(value) > MAX_OPTION_LENGTH:
        raise OptionError(f"{name}: {len(value)} characters", f"send {MAX_OPTION_LENGTH} at most")
    if isinstance(value, bytes | bytearray | memoryview):
        try:
            value = bytes(value).decode()
        except UnicodeDecodeError as error:
            raise OptionError(f"{name}: not UTF-8 text", "send the name of the option's value") from error
    if not isinstance(value, str):
        raise OptionError(f"{name}: must be text, not {type(value).__name__}", "send its value as text")
    return value.strip()


def _frame(fields: Mapping[str, Any]) -> bytes:
    names = [name for name in FRAME_FIELDS if name in fields] or [name for name in fields if not _is_option(name)]
    if not names:
        raise EmptyRequestError(
            "the request holds no frame", "send a Level 0.5 file as the body, or as the field 'frame'"
        )
    return _bytes(fields[names[0]], "the frame")


def _is_option(name: str) -> bool:
    earlier_names = [earlier for earlier, _ in DEPRECATED_OPTIONS.values()]
    return name in OPTION_HEADERS or name in earlier_names or CONTEXT_FIELD.fullmatch(name) is not None


def _bytes(value: object, what: str) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        if not len(value):
            raise EmptyRequestError(f"{what} is empty (0 bytes)", "send a Level 0.5 FITS file")
        return bytes(value)
    raise NotFitsError(
        f"{what} was sent as text or JSON",
        "send its bytes with Content-Type: application/fits "
        "(curl: -H 'Content-Type: application/fits' --data-binary @FILE)",
    )


def negotiate(accept: str) -> str:
    """Choose the format of the result (RFC 9110, section 12.5.1).

    Parameters
    ----------
    accept : str
        Value of an Accept header; empty accepts everything.

    Returns
    -------
    str
        The key of `FORMATS` of the highest weight; of equal ones the one that is named first, and
        ``application/fits`` for ``*/*``.

    Raises
    ------
    NotAcceptableError
        When nothing matches.
    """
    ranges = [_media_range(part) for part in accept.split(",") if part.strip()] or [("*/*", 1.0)]
    offers = [(*_weight(media_type, ranges), media_type) for media_type in FORMATS]
    weight, _, chosen = max(offers, key=lambda offer: offer[:2])
    if weight <= 0:
        raise NotAcceptableError(f"Accept: {accept[:200]!r} is not available", f"ask for one of {', '.join(FORMATS)}")
    return chosen


def _weight(media_type: str, ranges: list[tuple[str, float]]) -> tuple[float, int]:
    """Weight of a format by the most specific range that matches it, and a rank that falls with the range's place."""
    matching = [
        (_specificity(pattern), -place, weight)
        for place, (pattern, weight) in enumerate(ranges)
        if _matches(pattern, media_type)
    ]
    if not matching:
        return 0.0, -len(ranges)
    _, rank, weight = max(matching)
    return weight, rank


def _specificity(pattern: str) -> int:
    return 0 if pattern in ("*/*", "*") else 1 if pattern.endswith("/*") else 2


def _media_range(part: str) -> tuple[str, float]:
    pattern, *parameters = (piece.strip().lower() for piece in part.split(";"))
    weight = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
    try:
        return pattern, min(max(float(weight), 0.0), 1.0)
    except ValueError:
        return pattern, 0.0


def _matches(pattern: str, media_type: str) -> bool:
    return pattern in ("*/*", "*", media_type, media_type.split("/")[0] + "/*")
