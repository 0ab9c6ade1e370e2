"""What a client gets, and the proof that it belongs to what was sent: a swapped or cut answer is an error."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from corinpaint.client.errors import AnswerError
from corinpaint.client.protocol import FILENAME_HEADER, FRAME_HEADER, FRAME_NAME, answer_filename, parse_disposition
from corinpaint.client.request import EncodedRequest
from corinpaint.client.verify import verify_body
from corinpaint.lasco import files
from corinpaint.lasco.file_numbers import level1_number


@dataclass(frozen=True)
class Response:
    """What came over the line, before it is looked at.

    Attributes
    ----------
    body : bytes
    headers : dict of str to str
        In lower case; empty over gRPC.
    """

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """A frame that the endpoint restored.

    Attributes
    ----------
    body : bytes
        The product, its picture or its report.
    media_type : str
        What `body` is.
    filename : str
        Name of the product, ``35082037.fits``, with the ending of `media_type`; empty when nothing tells it.
    number : str
        Number of the frame that was sent; empty when nothing tells it.
    request_id : str
        What the logs of the endpoint call the request; empty over gRPC.
    seconds : float
        From the first try to the last byte.
    attempts : int
        How often the frame was sent.
    """

    body: bytes
    media_type: str
    filename: str
    number: str
    request_id: str
    seconds: float
    attempts: int

    def write(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write `body` into a folder under its name: aside first, then renamed.

        Parameters
        ----------
        folder : str or os.PathLike
            Made when it is missing.
        overwrite : bool
            Replace a file of that name.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        TypeError
            When `folder` is not a path.
        AnswerError
            When the answer has no name.
        OutputError
            When the folder cannot be written, or the file is there and may not be replaced.
        """
        target = files.as_path(folder, "folder")
        if not self.filename:
            raise AnswerError("the answer has no name to save it under", "give the frame a name, or write its body")
        return files.write_bytes(target / self.filename, self.body, overwrite=overwrite)


def verify_answer(response: Response, encoded: EncodedRequest) -> str:
    """Name of the product, once it is proven to be whole and to be that of the frame that was sent.

    Parameters
    ----------
    response : Response
        An answer that is no error.
    encoded : EncodedRequest
        What was sent.

    Returns
    -------
    str
        Empty when neither side tells it.

    Raises
    ------
    AnswerError
        When it is of another kind than asked for, cut, or that of another frame.
    """
    accept, label = encoded.parameters["accept"], encoded.label
    kind = response.headers.get("content-type", accept).split(";")[0].strip().lower()
    if kind != accept:
        raise AnswerError(f"{label}: the answer is {kind[:80]!r}, not {accept}", "check the address and the model")
    inside = verify_body(response.body, accept, label)
    suggested = parse_disposition(response.headers.get(FILENAME_HEADER.lower(), ""))
    expected = answer_filename(level1_number(encoded.number), accept) if encoded.number else ""
    frame = response.headers.get(FRAME_HEADER.lower(), "")
    if encoded.number and frame and frame != encoded.number:
        raise _swapped(label, f"frame {frame[:80]}")
    if inside:
        inside = answer_filename(inside, accept)
    for name in (suggested, inside):
        if name and name != (expected or suggested or name):
            raise _swapped(label, name[:100])
    return expected or next((name for name in (suggested, inside) if FRAME_NAME.fullmatch(name)), "")


def _swapped(label: str, other: str) -> AnswerError:
    return AnswerError(
        f"{label}: the answer is that of {other}", "send it again, and report this to who runs the endpoint"
    )
