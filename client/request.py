"""What a client sends: a frame and how to restore it, encoded for REST and for gRPC."""

from __future__ import annotations

import functools
import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from corinpaint.client.protocol import (
    COMPRESSIONS,
    FRAME_FIELDS,
    FRAME_NAME,
    MAX_CONTEXT_FRAMES,
    OPTION_HEADERS,
    SUFFIXES,
    context_field,
    format_number,
)
from corinpaint.lasco.decompression import beginning
from corinpaint.lasco.errors import FrameError, OptionError, TooLargeError
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.files import as_path
from corinpaint.lasco.limits import MAX_FILE_BYTES, MAX_HEADER_BYTES

FILENAME_CARD = re.compile(rb"FILENAME= '([23]\d{7})\.")
"""The card with the LASCO number in a Level 0.5 header."""

Source = str | os.PathLike[str] | bytes
"""A file by its path, or its content."""

RequestClass = TypeVar("RequestClass", bound="type[Any]")


def current_settings(settings: dict[str, Any], stacklevel: int = 2) -> dict[str, Any]:
    """Settings of a request by their present names: ``most_error`` was the name of ``max_error``.

    Parameters
    ----------
    settings : dict of str to object
        Keyword arguments of `Request`.
    stacklevel : int
        Whom the warning names: 2 for who calls the caller of this function.

    Returns
    -------
    dict of str to object

    Warns
    -----
    DeprecationWarning
        When an earlier name is used.

    Raises
    ------
    OptionError
        When a setting is given by both names.
    """
    if "most_error" not in settings:
        return settings
    if "max_error" in settings:
        raise OptionError("most_error and max_error are the same setting", "give max_error alone")
    warnings.warn("most_error is deprecated, use max_error", DeprecationWarning, stacklevel=stacklevel + 1)
    return {"max_error" if name == "most_error" else name: value for name, value in settings.items()}


def _accept_deprecated_names(cls: RequestClass) -> RequestClass:
    """Have a class accept keyword arguments by their earlier names."""
    initialise = cls.__init__

    @functools.wraps(initialise)
    def __init__(self: Any, *arguments: Any, **settings: Any) -> None:
        initialise(self, *arguments, **current_settings(settings))

    cls.__init__ = __init__
    return cls


@_accept_deprecated_names
@dataclass(frozen=True)
class Request:
    """A frame to restore, and how.

    Attributes
    ----------
    frame : str, os.PathLike or bytes
        A Level 0.5 file, compressed or not: its path, or its content as bytes.
    fill : str or None
        ``network``, ``auto``, a method without the network, or ``none``; None leaves it to the endpoint.
    accept : str
        Media type of the answer, one of `corinpaint.client.protocol.SUFFIXES`.
    options : tuple of str
        Steps of the calibration to leave out, see `corinpaint.lasco.options.NAMES`.
    context : tuple of str, os.PathLike or bytes
        Level 0.5 files of the same hours.
    max_error : float or None
        Refuse zones whose measured median error is larger, in units of the noise of a pixel.
    name : str or None
        File name of the frame, which numbers its product. By default the name of the path, when it has plain
        characters only; without a name, FILENAME of the header counts.
    compress : str
        Compression of a product, one of `corinpaint.client.protocol.COMPRESSIONS`: 'lossless' and 'rice' have about a
        third and a tenth of the bytes of 'none'; pictures and reports have none.
    policy : str or None
        Which zones are filled, ``auto``, ``solarsoft`` or ``predicted``; None leaves it to the endpoint.

    Raises
    ------
    TypeError
        When a frame is neither a path nor bytes.
    OptionError
        When a setting has a value that is not available.
    """

    frame: Source
    fill: str | None = None
    accept: str = "application/fits"
    options: tuple[str, ...] = ()
    context: tuple[Source, ...] = ()
    max_error: float | None = None
    name: str | None = None
    compress: str = "none"
    policy: str | None = None

    def __post_init__(self) -> None:
        check_source(self.frame, "frame")
        if not isinstance(self.context, tuple | list):
            raise TypeError(f"context must be a tuple of paths or bytes, not {type(self.context).__name__}")
        for index, item in enumerate(self.context):
            check_source(item, f"context[{index}]")
        if self.accept not in SUFFIXES:
            raise OptionError(f"accept = {self.accept!r} is not available", f"choose of {', '.join(SUFFIXES)}")
        if len(self.context) > MAX_CONTEXT_FRAMES:
            raise OptionError(
                f"{len(self.context)} context frames", f"give {MAX_CONTEXT_FRAMES} at most, the nearest in time"
            )
        if self.name is not None and not FRAME_NAME.fullmatch(self.name):
            raise OptionError(
                f"name = {self.name[:100]!r} is no file name", "give up to 80 of A-Z, a-z, 0-9, dot, - and _"
            )
        if self.fill is not None and not re.fullmatch(r"[a-z-]{1,40}", self.fill):
            raise OptionError(f"fill = {self.fill[:40]!r} is no way to fill", "give network, auto, none or a method")
        if self.policy is not None and not re.fullmatch(r"[a-z]{1,40}", self.policy):
            raise OptionError(f"policy = {self.policy[:40]!r} is no policy", "give auto, solarsoft or predicted")
        if self.max_error is not None and not 0 < self.max_error < 1e9:
            raise OptionError(f"max_error = {self.max_error}: give a number above 0", "1 is the noise of a pixel")
        if self.compress not in COMPRESSIONS:
            raise OptionError(f"compress = {self.compress!r}", f"give one of {', '.join(COMPRESSIONS)}")
        if self.compress != "none" and self.accept != next(iter(SUFFIXES)):
            raise OptionError(f"compress = {self.compress} of {self.accept}", "only products in FITS are compressed")

    @property
    def most_error(self) -> float | None:
        """Deprecated name of `max_error`."""
        warnings.warn("most_error is deprecated, use max_error", DeprecationWarning, stacklevel=2)
        return self.max_error

    @property
    def label(self) -> str:
        """What messages call the frame."""
        return self.name or "frame" if _is_content(self.frame) else as_path(self.frame, "frame").name


@dataclass(frozen=True)
class EncodedRequest:
    """A request whose files are read: what is sent.

    Attributes
    ----------
    frame : bytes
    context : tuple of bytes
    parameters : dict of str to str
        Options by their field names: accept, fill, options, policy, max_error, name, compress.
    number : str
        Number of the frame; empty when neither its name nor its header gives it.
    label : str
        What messages call the frame.
    """

    frame: bytes
    context: tuple[bytes, ...]
    parameters: dict[str, str]
    number: str
    label: str

    @property
    def headers(self) -> dict[str, str]:
        """The options as HTTP headers."""
        return {OPTION_HEADERS[name]: value for name, value in self.parameters.items()}

    @property
    def fields(self) -> dict[str, bytes]:
        """Frame, context and options as fields of a form or input keys of gRPC; the frame is called ``body``."""
        context = {context_field(index): content for index, content in enumerate(self.context)}
        options = {name: value.encode() for name, value in self.parameters.items()}
        return {FRAME_FIELDS[0]: self.frame, **context, **options}


def encode(request: Request) -> EncodedRequest:
    """Read the files of a request.

    Parameters
    ----------
    request : Request

    Returns
    -------
    EncodedRequest

    Raises
    ------
    FrameError
        When a file cannot be read or is larger than a frame can be; nothing is sent then.
    """
    frame = read_content(request.frame, request.label)
    context = tuple(read_content(item, f"context {index}") for index, item in enumerate(request.context, 1))
    name = request.name
    if name is None and not _is_content(request.frame) and FRAME_NAME.fullmatch(request.label):
        name = request.label
    parameters = {
        "accept": request.accept,
        "fill": request.fill,
        "options": ",".join(request.options),
        "policy": request.policy,
        "max_error": request.max_error and format_number(request.max_error),
        "name": name,
        "compress": request.compress if request.compress != "none" else None,
    }
    given = {key: str(value) for key, value in parameters.items() if value}
    return EncodedRequest(frame, context, given, number_of(name) if name else _number_in(frame), request.label)


def read_content(source: Source, label: str) -> bytes:
    """The content of a file that is to be sent.

    Parameters
    ----------
    source : str, os.PathLike or bytes
        The path of the file, or its content.
    label : str
        What messages call the file when its content is given.

    Returns
    -------
    bytes

    Raises
    ------
    TypeError
        When the source is neither a path nor bytes.
    FrameError
        When the path is not that of a file, or the file cannot be read, is empty, or is larger than a frame can be.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        content = bytes(source)
    else:
        path = as_path(source, label)
        label = path.name
        try:
            if path.exists() and not path.is_file():  # opening a pipe would wait for ever
                raise FrameError(f"{label}: no file (a folder, a pipe or a device)", "give a Level 0.5 FITS file")
            with path.open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise FrameError(f"{label}: cannot be read ({reason})", "check the path and its rights") from error
    if not content:
        raise FrameError(f"{label}: the file is empty", "give a Level 0.5 FITS file")
    if len(content) > MAX_FILE_BYTES:
        raise TooLargeError(f"{label}: more than {MAX_FILE_BYTES // 2**20} MiB", "give one Level 0.5 frame")
    return content


def check_source(source: object, name: str, expected: str = "a path or bytes") -> None:
    """Refuse what is neither a path nor the content of a file.

    Parameters
    ----------
    source : object
    name : str
        What the argument is called.
    expected : str
        What to give, for the error.

    Raises
    ------
    TypeError
        When it is anything else.
    """
    if not _is_content(source) and not isinstance(source, str | os.PathLike):
        raise TypeError(f"{name} must be {expected}, not {type(source).__name__}")


def _is_content(source: object) -> bool:
    return isinstance(source, bytes | bytearray | memoryview)


def _number_in(frame: bytes) -> str:
    """The LASCO number in the header of a file; empty when it is not among the first cards."""
    found = next(_numbers(beginning(frame, 2 * MAX_HEADER_BYTES)), None)
    return found.decode() if found else ""


def _numbers(headers: bytes) -> Iterator[bytes]:
    """Numbers in the cards with the FILENAME, up to the END card of the first header whose HDU has an image."""
    empty = False
    for start in range(0, min(len(headers), 2 * MAX_HEADER_BYTES), 80):
        card = headers[start : start + 80]
        if card.startswith(b"END ") and not empty:
            return
        if card.startswith((b"END ", b"NAXIS   =")):
            empty = card[10:30].strip() == b"0"
        if found := FILENAME_CARD.match(card):
            yield found[1]
