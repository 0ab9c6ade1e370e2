"""The lists img_hdr.txt that stand beside the frames of a day, with a line of the most important keywords for each.

LASCO's pipeline appends a line for every image (SolarSoft ``reduce_img_hdr.pro``), in columns of Fortran's
``a12,2x,a12,2x,a8,2x,a3,f8.1,4i7,2x,a6,2x,a6,2x,a8,f11.4,i6``: FILENAME, DATE-OBS, TIME-OBS, DETECTOR, EXPTIME (s),
NAXIS1, NAXIS2, P1COL, P1ROW, FILTER, POLAR, LP_NUM, FP_WL_UP, OS_NUM. Texts are cut to the width of their columns.
By the history of that routine, FILTER and POLAR had five letters before April 1996, and the last two columns were added
in August 1996.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from astropy.io import fits

from corinpaint.lasco.errors import FetchError, FrameError
from corinpaint.lasco.level05 import cards
from corinpaint.lasco.level05.frame import DETECTORS
from corinpaint.lasco.level05.keywords import text
from corinpaint.lasco.reference_files.validate import is_html

NAME = "img_hdr.txt"
"""Name of the list in its folder."""

FRAME_NAME = re.compile(r"[23]\d{7}\.fts", re.ASCII)
"""Name of a frame of C2 or C3 on a server; nothing else is ever asked for or written."""

HEADER_BYTES = 5 * cards.BLOCK_BYTES
"""Bytes of a frame in which its header ends; real headers take two or three blocks."""

_LINE = re.compile(
    r"""
    \s*(?P<name>\S+)
    \s+(?P<date>\d{4}[/-]\d\d?[/-]\d\d?)
    \s+(?P<time>\d\d?:\d\d:\d\d)\S*
    \s+(?P<detector>C\d|EIT)
    \s*(?P<exptime>-?\d*\.?\d+|\*+)          # stars: wider than the column
    \s+(?P<columns>\d+)\s+(?P<rows>\d+)
    \s+(?:-?\d+|\*+)\s+(?:-?\d+|\*+)
    \s+(?P<filter>\S+)
    \s+(?P<polar>[+-]?\d+(?:\s*D\S*)?|H\s+A\S*|\S+)
    (?:\s+(?P<program>\S.*?))?
    (?:\s+(?:-?\d*\.\d+|\*+)\s*(?:-?\d+|\*+))?
    \s*""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True)
class ImageHeader:
    """The most important keywords of a frame.

    Attributes
    ----------
    name : str
        Name of its file.
    start : datetime.datetime
        Start of the exposure by DATE-OBS and TIME-OBS, UTC, without time zone; whole seconds.
    detector : str
        'C2' or 'C3', in upper case.
    exptime : float
        Exposure time, s; not a number where the list has none.
    columns, rows : int
        Size of the image, px.
    filter, polar, program : str
        FILTER, POLAR and LP_NUM, cut to the width of their columns.
    """

    name: str
    start: datetime
    detector: str
    exptime: float
    columns: int
    rows: int
    filter: str
    polar: str
    program: str = ""

    @property
    def size(self) -> int:
        """About the size of the file, bytes: two a pixel, and two blocks of header."""
        return 2 * self.columns * self.rows + 2 * cards.BLOCK_BYTES


@dataclass(frozen=True)
class ImageHeaders:
    """What a list holds.

    Attributes
    ----------
    headers : list of ImageHeader
        In the order of time, each frame once; of several lines of one frame, the last.
    unreadable : list of str
        Lines that are not of a frame, each with its number.
    """

    headers: list[ImageHeader] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def parse(content: bytes, label: str) -> ImageHeaders:
    """Read a list.

    Parameters
    ----------
    content : bytes
        The file. Blank lines and images of other telescopes are passed over.
    label : str
        Name of the list in error messages.

    Returns
    -------
    ImageHeaders

    Raises
    ------
    FetchError
        When it is no list at all.
    """
    if is_html(content[:1024]):
        raise FetchError(f"{label}: an HTML page, not a list of frames", "try again later, or give a --mirror")
    lines = content.decode("latin-1").replace("\0", " ").splitlines()
    found: dict[str, ImageHeader] = {}
    unreadable = []
    others = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        header = _parse_line(line)
        if header is not None and header.detector not in DETECTORS:
            others += 1
        elif header is not None and FRAME_NAME.fullmatch(header.name):
            found[header.name] = header
        else:
            unreadable.append(f"line {number}, {line.strip()[:60]!r}")
    if unreadable and not (found or others):
        raise FetchError(f"{label}: not a list of frames ({unreadable[0]})", "try again later, or give a --mirror")
    return ImageHeaders(sorted(found.values(), key=_by_time), unreadable)


def from_frame(name: str, beginning: bytes, label: str) -> ImageHeader:
    """The keywords of a frame, from the beginning of its file.

    Parameters
    ----------
    name : str
        Name of the file.
    beginning : bytes
        `HEADER_BYTES` of it.
    label : str
        Name of the frame in error messages.

    Returns
    -------
    ImageHeader

    Raises
    ------
    FrameError
        When it is no FITS file, or the header lacks a keyword.
    """
    if is_html(beginning[:1024]):
        raise FetchError(f"{label}: an HTML page, not a frame", "try again later, or give a --mirror")
    header = cards.parse(beginning[: cards.end_of_header(beginning, label)], label)
    day, time = text(header, "DATE-OBS"), text(header, "TIME-OBS")
    try:
        return ImageHeader(
            name,
            _time(day, time[:8]),
            text(header, "DETECTOR").upper(),
            float(header["EXPTIME"]),
            int(header["NAXIS1"]),
            int(header["NAXIS2"]),
            *(text(header, key) for key in ("FILTER", "POLAR", "LP_NUM")),
        )
    except (KeyError, ValueError, TypeError, fits.VerifyError) as error:
        raise FrameError(f"{label}: its header does not say what it is ({error})", "leave it out") from error


def by_time(headers: list[ImageHeader]) -> list[ImageHeader]:
    """The frames in the order of time."""
    return sorted(headers, key=_by_time)


def _by_time(header: ImageHeader) -> tuple[datetime, str]:
    return header.start, header.name


def _parse_line(line: str) -> ImageHeader | None:
    """The keywords of a line; None when they cannot be read."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    try:
        start = _time(match["date"], match["time"])
    except ValueError:
        return None
    exptime = float("nan") if match["exptime"].startswith("*") else float(match["exptime"])
    texts = (match[key] or "" for key in ("filter", "polar", "program"))
    return ImageHeader(
        match["name"], start, match["detector"], exptime, int(match["columns"]), int(match["rows"]), *texts
    )


def _time(day: str, time: str) -> datetime:
    """Start of an exposure; a leap second is the last one before it."""
    return datetime.strptime(f"{day.replace('-', '/')} {re.sub(':60$', ':59', time)}", "%Y/%m/%d %H:%M:%S")
