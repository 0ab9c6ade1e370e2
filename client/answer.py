"""What a client receives, and its verification: a truncated answer, or that of another frame, is an error."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from corinpaint.client.errors import AnswerError
from corinpaint.client.protocol import FILENAME_HEADER, FRAME_HEADER, FRAME_NAME, answer_filename, parse_disposition
from corinpaint.client.request import EncodedRequest
from corinpaint.client.verify import compression_of, verify_body
from corinpaint.lasco import files
from corinpaint.lasco.file_numbers import level1_number


class CompressionWarning(UserWarning):
    """A product came compressed otherwise than asked for; its pixels are right all the same."""


@dataclass(frozen=True)
class Response:
    """What the endpoint sent, before it is verified.

    Attributes
    ----------
    body : bytes
    headers : dict of str to str
        By their names in lower case; empty over gRPC.
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
        Media type of `body`.
    filename : str
        Name of the product, ``35082037.fits``, with the suffix of `media_type`; empty when it is not known.
    number : str
        Number of the frame that was sent; empty when it is not known.
    request_id : str
        What the logs of the endpoint call the request; empty over gRPC.
    seconds : float
        From the first attempt to the last byte, in seconds.
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
        """Write `body` into a folder under its name: to a temporary file first, which is then renamed.

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
            When the folder cannot be written, or the file exists and may not be replaced.
        """
        target = files.as_path(folder, "folder")
        if not self.filename:
            raise AnswerError("the answer has no name to save it under", "give the frame a name, or write its body")
        return files.write_bytes(target / self.filename, self.body, overwrite=overwrite)


def verify_answer(response: Response, encoded: EncodedRequest) -> str:
    """Verify that an answer is complete and belongs to the frame that was sent.

    Parameters
    ----------
    response : Response
        An answer that is no error.
    encoded : EncodedRequest
        What was sent.

    Returns
    -------
    str
        Name of the file to save it in; empty when neither side knows it.

    Raises
    ------
    AnswerError
        When it is of another media type than asked for, truncated, damaged, or that of another frame.

    Warns
    -----
    CompressionWarning
        When a product is compressed otherwise than asked for.
    """
    accept, label = encoded.parameters["accept"], encoded.label
    media_type = response.headers.get("content-type", accept).split(";")[0].strip().lower()
    if media_type != accept:
        raise AnswerError(
            f"{label}: the answer is {media_type[:80]!r}, not {accept}", "check the address and the model"
        )
    product = verify_body(response.body, accept, label)
    _check_compression(response, encoded)
    suggested = parse_disposition(response.headers.get(FILENAME_HEADER.lower(), ""))
    expected = answer_filename(level1_number(encoded.number), accept) if encoded.number else ""
    frame = response.headers.get(FRAME_HEADER.lower(), "")
    if encoded.number and frame and frame != encoded.number:
        raise _wrong_frame(label, f"frame {frame[:80]}")
    in_body = answer_filename(product, accept) if product else ""
    for name in (suggested, in_body):
        if name and name != (expected or suggested or name):
            raise _wrong_frame(label, name[:100])
    return expected or next((name for name in (suggested, in_body) if FRAME_NAME.fullmatch(name)), "")


def _check_compression(response: Response, encoded: EncodedRequest) -> None:
    """Warn of a product that is compressed otherwise than asked for, as earlier endpoints send it."""
    asked = encoded.parameters.get("compress", "none")
    if asked == "none":
        return
    found = compression_of(response.body)
    if found != asked:
        warnings.warn(
            f"{encoded.label}: the endpoint sent the product with compress = {found}, not {asked}; an earlier "
            "version of CorInpaint runs there",
            CompressionWarning,
            stacklevel=2,
        )


def _wrong_frame(label: str, other: str) -> AnswerError:
    return AnswerError(
        f"{label}: the answer is that of {other}", "send it again, and report this to who runs the endpoint"
    )
