"""What a client sends: a frame and how it is to be restored, for REST and for gRPC."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corinpaint.client.protocol import (
    FRAME_FIELDS,
    FRAME_NAME,
    MAX_CONTEXT_FRAMES,
    OPTION_HEADERS,
    SUFFIXES,
    context_field,
    format_number,
)
from corinpaint.lasco.errors import FrameError, OptionError, TooLargeError
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.limits import GZIP_MAGIC, MAX_FILE_BYTES, MAX_HEADER_BYTES

NUMBER = re.compile(rb"FILENAME= '([23]\d{7})\.")
"""The LASCO number in a Level 0.5 header."""


@dataclass(frozen=True)
class Request:
    """A frame to restore, and how.

    Attributes
    ----------
    frame : Path or bytes
        A Level 0.5 file, gzip-compressed or not, or its content.
    fill : str or None
        ``network``, ``auto``, a method without the network, or ``none``; None leaves it to the endpoint.
    accept : str
        Media type of the answer, one of `corinpaint.client.protocol.SUFFIXES`.
    options : tuple of str
        Steps of the calibration to leave out, see `corinpaint.lasco.options.NAMES`.
    context : tuple of Path or bytes
        Level 0.5 files of the same hours.
    most_error : float or None
        Refuse zones that were measured to be filled with a larger median error, in units of the noise.
    name : str or None
        File name of the frame, which its product is numbered by. By default that of the path, where it has plain
        characters only; without a name the FILENAME of the header counts.
    """

    frame: Path | bytes
    fill: str | None = None
    accept: str = "application/fits"
    options: tuple[str, ...] = ()
    context: tuple[Path | bytes, ...] = ()
    most_error: float | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if self.accept not in SUFFIXES:
            raise OptionError(f"accept = {self.accept!r} is not available", f"choose of {', '.join(SUFFIXES)}")
        if len(self.context) > MAX_CONTEXT_FRAMES:
            raise OptionError(
                f"{len(self.context)} context frames", f"give {MAX_CONTEXT_FRAMES} at most, the nearest in time"
            )
        if self.name is not None and not FRAME_NAME.fullmatch(self.name):
            raise OptionError(f"name = {self.name[:100]!r}: give up to 80 of A-Z, a-z, 0-9, dot, - and _")
        if self.fill is not None and not re.fullmatch(r"[a-z-]{1,40}", self.fill):
            raise OptionError(f"fill = {self.fill[:40]!r} is no way to fill", "give network, auto, none or a method")
        if self.most_error is not None and not 0 < self.most_error < 1e9:
            raise OptionError(f"most_error = {self.most_error}: give a number above 0", "1 is the noise of a pixel")

    @property
    def label(self) -> str:
        """What messages call the frame."""
        return self.frame.name if isinstance(self.frame, Path) else self.name or "frame"


@dataclass(frozen=True)
class EncodedRequest:
    """A request with its files read: what goes over the line.

    Attributes
    ----------
    frame : bytes
    context : tuple of bytes
    parameters : dict of str to str
        Options by their field names: accept, fill, options, most_error, name.
    number : str
        Number of the frame; empty when nothing tells it.
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
        return {OPTION_HEADERS[key]: word for key, word in self.parameters.items()}

    @property
    def fields(self) -> dict[str, bytes]:
        """Frame, context and options as fields of a form, or input keys of gRPC; the frame is called ``body``."""
        context = {context_field(index): raw for index, raw in enumerate(self.context)}
        return {FRAME_FIELDS[0]: self.frame, **context, **{key: word.encode() for key, word in self.parameters.items()}}


def encode(request: Request) -> EncodedRequest:
    """Read the files of a request.

    Raises
    ------
    FrameError
        When one cannot be read or is larger than a frame can be; nothing is sent then.
    """
    frame = read_content(request.frame, request.label)
    context = tuple(read_content(item, f"context {index}") for index, item in enumerate(request.context, 1))
    name = request.name
    if name is None and isinstance(request.frame, Path) and FRAME_NAME.fullmatch(request.frame.name):
        name = request.frame.name
    parameters = {
        "accept": request.accept,
        "fill": request.fill,
        "options": ",".join(request.options),
        "most_error": request.most_error and format_number(request.most_error),
        "name": name,
    }
    number = number_of(name) if name else _number(frame)
    return EncodedRequest(
        frame, context, {key: str(word) for key, word in parameters.items() if word}, number, request.label
    )


def read_content(source: Path | bytes, label: str) -> bytes:
    """The content of a file that is to be sent.

    Raises
    ------
    FrameError
        When it is no file, cannot be read, is empty, or is larger than a frame can be.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        raw = bytes(source)
    else:
        label = Path(source).name
        try:
            if Path(source).exists() and not Path(source).is_file():  # opening a pipe waits for ever
                raise FrameError(f"{label}: no file (a folder, a pipe or a device)", "give a Level 0.5 FITS file")
            with Path(source).open("rb") as file:
                raw = file.read(MAX_FILE_BYTES + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise FrameError(f"{label}: cannot be read ({reason})", "check the path and its rights") from error
    if not raw:
        raise FrameError(f"{label}: the file is empty", "give a Level 0.5 FITS file")
    if len(raw) > MAX_FILE_BYTES:
        raise TooLargeError(f"{label}: more than {MAX_FILE_BYTES // 2**20} MiB", "give one Level 0.5 frame")
    return raw


def _number(frame: bytes) -> str:
    """The LASCO number that the header tells; empty where it cannot be found at once."""
    if frame.startswith(GZIP_MAGIC):
        try:
            frame = zlib.decompressobj(wbits=31).decompress(frame, MAX_HEADER_BYTES)
        except zlib.error:
            return ""
    found = next(_cards(frame), None)
    return found.decode() if found else ""


def _cards(header: bytes) -> Iterator[bytes]:
    for place in range(0, min(len(header), MAX_HEADER_BYTES), 80):
        card = header[place : place + 80]
        if card.startswith(b"END "):
            return
        if found := NUMBER.match(card):
            yield found[1]
