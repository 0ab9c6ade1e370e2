"""What a plan knows about a file: read once, and kept until the file changes."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.inputs.kinds import kind_of_header, kind_of_name
from corinpaint.lasco.level05.decoding import decode, read_header
from corinpaint.lasco.level05.frame import DETECTORS
from corinpaint.lasco.level05.keywords import check_header, text, without_blanks

UNREADABLE = "unreadable"
"""Kind of a file that may have been a frame and is none that can be used."""


@dataclass(frozen=True)
class Place:
    """A file as a folder shows it.

    Attributes
    ----------
    path : str
    subfolder : str
        Where it lies below the folder that was given.
    number : str
        File number, see `corinpaint.lasco.file_numbers`.
    size : int
        Bytes.
    mtime_ns : int
        Time of the last change, ns since 1970.
    """

    path: str
    subfolder: str
    number: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Facts:
    """What a file is.

    Attributes
    ----------
    kind : str
        Empty for a frame, `UNREADABLE`, or the kind of what is no frame, see `corinpaint.lasco.inputs.files.Kind`.
    sha256, date, detector, filter, polar, rows, columns
        Of a frame, see `corinpaint.archive.planning.entries.Entry`.
    code, what, remedy : str
        Why it is unreadable, see `corinpaint.lasco.errors.CorInpaintError`.
    """

    kind: str = ""
    sha256: str = ""
    date: str = ""
    detector: str = ""
    filter: str = ""
    polar: str = ""
    rows: int = 0
    columns: int = 0
    code: str = field(default="", compare=False)
    what: str = field(default="", compare=False)
    remedy: str = field(default="", compare=False)


PLACE_FIELDS = tuple(one.name for one in fields(Place))
FIELDS = tuple(one.name for one in fields(Facts))


def examine(path: Path) -> Facts:
    """Read a file and say what it is; the file is read once, and an error is part of the answer.

    Parameters
    ----------
    path : Path
        A file whose name may be that of a frame.

    Returns
    -------
    Facts
    """
    if kind := kind_of_name(path.name):
        return Facts(kind.one)
    try:
        return _examine(path)
    except CorInpaintError as error:
        return _other_kind(path) or Facts(
            UNREADABLE, code=error.code, what=_with_path(path, error), remedy=error.remedy
        )


def _examine(path: Path) -> Facts:
    header, data, label, sha256 = decode(path)
    if kind := kind_of_header(header):
        return Facts(kind.one)
    date = check_header(header, label, DETECTORS)
    detector, filter_, polar = (without_blanks(text(header, key)) for key in ("DETECTOR", "FILTER", "POLAR"))
    rows, columns = data.shape
    return Facts("", sha256, str(date.isot), detector, filter_, polar, int(rows), int(columns))


def _other_kind(path: Path) -> Facts | None:
    """Kind of a file whose image cannot be read, where its header says that it is no frame."""
    try:
        header = read_header(path)
    except OSError:
        return None
    kind = kind_of_header(header) if header is not None else None
    return Facts(kind.one) if kind else None


def _with_path(path: Path, error: CorInpaintError) -> str:
    return f"{path}: {error.what.removeprefix(path.name).removeprefix(': ')}"
