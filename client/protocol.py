"""What an endpoint and its client agree on: options, names of fields and headers, names of files, errors.

The client writes requests and reads answers, `corinpaint.handlers` reads requests and writes answers; what both have to
spell in the same way is here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

SUFFIXES = {"application/fits": ".fits", "image/png": ".png", "application/json": ".json"}
"""Media types of answers, the preferred one first, and the suffixes of their files."""

OPTION_HEADERS = {
    "accept": "Accept",
    "fill": "X-Corinpaint-Fill",
    "options": "X-Corinpaint-Options",
    "policy": "X-Corinpaint-Policy",
    "max_error": "X-Corinpaint-Max-Error",
    "compress": "X-Corinpaint-Compress",
    "name": "X-Corinpaint-Name",
    "probe": "X-Corinpaint-Probe",
}
"""Options by their names as fields of a form and as keys of gRPC, and the HTTP headers for them."""

COMPRESSIONS = ("none", "lossless", "rice")
"""Values of the option ``compress``, see `corinpaint.lasco.level1.compression`: of a product in FITS alone."""

COMPRESSED_CARD = "COMPRESS"
"""Card of a compressed product with the value of the option."""

DEPRECATED_OPTIONS = {"max_error": ("most_error", "X-Corinpaint-Most-Error")}
"""Earlier field and header of an option, which an endpoint of this version still reads; never both of an option."""

FRAME_FIELDS = ("body", "data", "frame")
"""Fields that hold the frame, the preferred one first; TorchServe calls a raw body ``body`` or ``data``."""

FORM_FRAME_FIELD = "frame"
"""The field of a form in which the client sends the frame."""

CONTEXT_FIELD = re.compile(r"context(\d{0,2})")
"""Fields that hold context frames; see `context_field`."""

MAX_CONTEXT_FRAMES = 16
"""Maximum number of context frames of a request; each takes 20 MB while it is aligned."""

FRAME_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}")
"""What a frame may be called."""

NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
"""How a number is written as an option; see `format_number`."""

FRAME_HEADER = "X-Corinpaint-Frame"
"""HTTP header of an answer with the number of the frame that was sent."""

FILENAME_HEADER = "Content-Disposition"
"""HTTP header of an answer with the name to save it under."""

_DISPOSITION = re.compile(r'attachment; filename="([^"\\/]{1,200})"')


def context_field(index: int) -> str:
    """The field of a context frame: ``context`` for index 0, then ``context1``, ``context2`` and so on.

    Parameters
    ----------
    index : int
        From 0 to `MAX_CONTEXT_FRAMES` - 1.

    Returns
    -------
    str
    """
    return f"context{index or ''}"


def format_number(value: float) -> str:
    """A number as the text of an option, which matches `NUMBER`: 1.5, with up to 9 decimals.

    Parameters
    ----------
    value : float
        From 0 to 1e9.

    Returns
    -------
    str
    """
    return f"{value:.9f}".rstrip("0").rstrip(".")


def answer_filename(product: str, media_type: str) -> str:
    """The name of the file that an answer is saved in: 35082037.png for the picture of 35082037.fits.

    Parameters
    ----------
    product : str
        Name of the product, with or without ``.fits``.
    media_type : str
        A key of `SUFFIXES`.

    Returns
    -------
    str
    """
    return product.removesuffix(".fits") + SUFFIXES[media_type]


def format_disposition(filename: str) -> str:
    """The value of `FILENAME_HEADER` for a name.

    Parameters
    ----------
    filename : str

    Returns
    -------
    str
    """
    return f'attachment; filename="{filename}"'


def parse_disposition(value: str) -> str:
    """The name that a value of `FILENAME_HEADER` gives.

    Parameters
    ----------
    value : str

    Returns
    -------
    str
        Empty when it gives none, or one with a path in it.
    """
    found = _DISPOSITION.fullmatch(value.strip())
    return found[1] if found else ""


def encode_error(
    status: int, code: str, what: str, remedy: str, frame: str = "", request_id: str | None = None
) -> bytes:
    """The body of an answer that is an error of CorInpaint.

    Parameters
    ----------
    status : int
        HTTP status.
    code : str
        Short identifier, see `corinpaint.lasco.errors.CorInpaintError`.
    what : str
        What is wrong.
    remedy : str
        What to do about it.
    frame : str
        Number of the frame; empty where it is not known.
    request_id : str, optional
        What the logs of the endpoint call the request.

    Returns
    -------
    bytes
        JSON: ``code``, ``status``, ``message`` (``what`` and ``remedy`` together), ``what``, ``remedy``, ``frame``,
        ``request_id``.
    """
    body = {
        "code": code,
        "status": status,
        "message": "; ".join(filter(None, (what, remedy))),
        "what": what,
        "remedy": remedy,
        "frame": frame or None,
        "request_id": request_id,
    }
    return json.dumps(body, indent=1).encode()


def is_error(fields: Mapping[str, Any]) -> bool:
    """Whether the fields of a JSON body are those of an error of CorInpaint, and not of TorchServe or a proxy.

    Parameters
    ----------
    fields : mapping of str to object

    Returns
    -------
    bool
    """
    return isinstance(fields.get("code"), str) and isinstance(fields.get("status"), int)
