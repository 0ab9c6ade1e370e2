"""Parsing a request, independently of TorchServe.

TorchServe passes a request on as a mapping of fields (the raw body as ``body`` or ``data``; one entry for each field of
a multipart form or of a gRPC input map) and the HTTP headers. There are no headers over gRPC, so every option can also
be a field, and a field takes precedence over a header. A frame without a known field is the first that is no option.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from corinpaint.client.protocol import (
    COMPRESSIONS,
    CONTEXT_FIELD,
    DEPRECATED_OPTIONS,
    FRAME_FIELDS,
    FRAME_NAME,
    MAX_CONTEXT_FRAMES,
    NUMBER,
    OPTION_HEADERS,
)
from corinpaint.handlers.answers import FITS, FORMATS
from corinpaint.handlers.errors import EmptyRequestError, NotAcceptableError
from corinpaint.lasco.errors import NotFitsError, OptionError
from corinpaint.lasco.options import DEFAULT, Options
from corinpaint.lasco.options import parse as parse_options
from corinpaint.restore.limits.policies import DEFAULT_POLICY, check_policy
from corinpaint.restore.pipeline import check_fill
from corinpaint.restore.plan import NETWORK

MAX_OPTION_LENGTH = 1000
"""Maximum number of characters of an option: errors repeat it, and each media type of a long list takes memory."""


@dataclass(frozen=True)
class Request:
    """A parsed request.

    Attributes
    ----------
    frame : bytes
        Content of a Level 0.5 file.
    fill : str
        How missing blocks are filled.
    media_type : str
        Format of the answer, a key of `corinpaint.handlers.answers.FORMATS`.
    options : Options
        Steps of the calibration that are left out.
    context : tuple of bytes
        Content of Level 0.5 files of the same hours.
    max_error : float or None
        See `corinpaint.restore.pipeline.restore`.
    name : str
        Name of the frame's file, which numbers the product; empty for the FILENAME of the header.
    compress : str
        Compression of a product in FITS, see `corinpaint.lasco.level1.compression`.
    policy : str
        Which zones are filled, see `corinpaint.restore.limits.policies`.
    """

    frame: bytes
    fill: str
    media_type: str
    options: Options = DEFAULT
    context: tuple[bytes, ...] = ()
    max_error: float | None = None
    name: str = ""
    compress: str = "none"
    policy: str = DEFAULT_POLICY


def is_probe(fields: Mapping[str, Any], headers: Mapping[str, Any]) -> bool:
    """Whether a request asks for the status of the endpoint, by the option ``probe``.

    Parameters
    ----------
    fields, headers : mapping of str to object
        See `parse`.

    Returns
    -------
    bool

    Raises
    ------
    OptionError
        When the field is not text or too long.
    """
    return bool(_option_value(fields, _lowered(headers), "probe"))


def parse(fields: Mapping[str, Any], headers: Mapping[str, Any]) -> Request:
    """Parse a request.

    Parameters
    ----------
    fields : mapping of str to object
        As TorchServe decodes them: bytes, or str and JSON values for bodies that it takes for text or JSON.
    headers : mapping of str to object
        HTTP headers in any case; entries that are not text are no headers and are ignored.

    Returns
    -------
    Request

    Raises
    ------
    EmptyRequestError, NotFitsError
        When there is no frame, or text instead of one.
    OptionError
        When an option cannot be read, has an unknown value, or is given by two names.
    NotAcceptableError
        When none of the formats is accepted.
    """
    lowered = _lowered(headers)
    media_type = negotiate(_option_value(fields, lowered, "accept"))
    fill = _option_value(fields, lowered, "fill") or NETWORK
    check_fill(fill)
    policy = _option_value(fields, lowered, "policy") or DEFAULT_POLICY
    check_policy(policy, fill)
    options = _option_value(fields, lowered, "options")
    names = sorted(name for name in fields if CONTEXT_FIELD.fullmatch(name))
    if len(names) > MAX_CONTEXT_FRAMES:
        raise OptionError(f"{len(names)} context frames", f"send {MAX_CONTEXT_FRAMES} at most, the nearest in time")
    context = tuple(_bytes(fields[name], f"the field {name!r}") for name in names)
    name = _name(_option_value(fields, lowered, "name"))
    max_error = _number(_option_value(fields, lowered, "max_error"))
    compress = _compression(_option_value(fields, lowered, "compress"), media_type)
    departures = parse_options(options.split(","))
    return Request(_frame(fields), fill, media_type, departures, context, max_error, name, compress, policy)


def _lowered(headers: Mapping[str, Any]) -> dict[str, str]:
    """Headers by their names in lower case; TorchServe lists properties of fields among them, which are not text."""
    return {str(name).lower(): value[:MAX_OPTION_LENGTH] for name, value in headers.items() if isinstance(value, str)}


def _name(text: str) -> str:
    if text and not FRAME_NAME.fullmatch(text):
        raise OptionError(f"name = {text[:90]!r} is no file name", "give up to 80 letters, digits, dots, - and _")
    return text


def _compression(text: str, media_type: str) -> str:
    value = text.lower() or "none"
    if value not in COMPRESSIONS:
        raise OptionError(f"compress = {text[:40]!r}", f"give one of {', '.join(COMPRESSIONS)}")
    if value != "none" and media_type != FITS:
        raise OptionError(f"compress = {value} of {media_type}", f"accept {FITS}, or leave compress out")
    return value


def _number(text: str) -> float | None:
    text = text.strip()
    if text and not NUMBER.fullmatch(text):
        raise OptionError(
            f"max_error = {text[:40]!r} is no number", "give one such as 1.5, in units of the noise of a pixel"
        )
    return float(text) if text else None


def _option_value(fields: Mapping[str, Any], lowered: Mapping[str, str], name: str) -> str:
    """The value of an option from its field, else from its header; empty when there is neither."""
    value = _field_value(fields, name) or lowered.get(OPTION_HEADERS[name].lower(), "").strip()
    if name not in DEPRECATED_OPTIONS:
        return value
    earlier_name, earlier_header = DEPRECATED_OPTIONS[name]
    earlier = _field_value(fields, earlier_name) or lowered.get(earlier_header.lower(), "").strip()
    if value and earlier:
        raise OptionError(f"{name} and {earlier_name} are the same option", f"send {name} alone")
    return value or earlier


def _field_value(fields: Mapping[str, Any], name: str) -> str:
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
        Value of an Accept header; when it is empty, everything is accepted.

    Returns
    -------
    str
        The key of `FORMATS` with the highest weight; of equal weights the one that is named first, and
        ``application/fits`` for ``*/*``.

    Raises
    ------
    NotAcceptableError
        When no format matches.
    """
    ranges = [_media_range(part) for part in accept.split(",") if part.strip()] or [("*/*", 1.0)]
    offers = [(*_weight(media_type, ranges), media_type) for media_type in FORMATS]
    weight, _, chosen = max(offers, key=lambda offer: offer[:2])
    if weight <= 0:
        raise NotAcceptableError(f"Accept: {accept[:200]!r} is not available", f"ask for one of {', '.join(FORMATS)}")
    return chosen


def _weight(media_type: str, ranges: list[tuple[str, float]]) -> tuple[float, int]:
    """Weight of a format by the most specific range that matches it, and a rank: lower the later the range is named."""
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
