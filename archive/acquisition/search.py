"""Searching a server for the wanted frames: by the lists of the days, or the frames' own headers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from corinpaint.archive.acquisition import image_headers
from corinpaint.archive.acquisition.image_headers import FRAME_NAME, ImageHeader
from corinpaint.archive.acquisition.query import Query, Selection
from corinpaint.archive.acquisition.server import Server
from corinpaint.archive.acquisition.sources import elsewhere, folder_name
from corinpaint.lasco.errors import CorInpaintError, FetchError, NoFrameError
from corinpaint.lasco.reference_files.transfer import AbsentError, UnreachableError


@dataclass(frozen=True)
class DayFolder:
    """The folder of a day and telescope on a server.

    Attributes
    ----------
    name : str
        Its place below the archive, such as '020108/c3'.
    url : str
        Its address, with a slash at its end.
    wanted : list of ImageHeader
        The frames that are wanted, in the order of time.
    count : int
        Number of frames on the server.
    image_headers : bytes
        Content of img_hdr.txt; empty when there is none.
    notes : list of str
        What the list has that could not be read, and how it did without a list.
    errors : list of CorInpaintError
        Why the folder, or frames of it, could not be searched.
    """

    name: str
    url: str
    wanted: list[ImageHeader] = field(default_factory=list)
    count: int = 0
    image_headers: bytes = b""
    notes: list[str] = field(default_factory=list)
    errors: list[CorInpaintError] = field(default_factory=list)


def search(query: Query, server: Server) -> Iterator[DayFolder]:
    """Search the folders of the days one after the other.

    Parameters
    ----------
    query : Query
    server : Server

    Yields
    ------
    DayFolder
        For each day and telescope; the last one when the server stops answering.
    """
    selection = Selection(query)
    for day in query.days:
        for detector in query.detectors:
            yield _search_day(day, detector, selection, server)
            if server.has_stopped_answering:
                return


def _search_day(day: date, detector: str, selection: Selection, server: Server) -> DayFolder:
    url, name = server.source.folder(day, detector), folder_name(day, detector)
    notes: list[str] = []
    errors: list[CorInpaintError] = []
    try:
        content, headers = _listed(url, detector, server, notes)
        if not headers:
            headers = _without_list(url, server, notes, errors)
    except CorInpaintError as error:
        return DayFolder(name, url, notes=notes, errors=[*errors, error])
    return DayFolder(name, url, selection.take(headers), len(headers), content, notes, errors)


def _listed(url: str, detector: str, server: Server, notes: list[str]) -> tuple[bytes, list[ImageHeader]]:
    """The content of img_hdr.txt and the frames of a telescope in it; nothing when there is none."""
    address = url + image_headers.NAME
    try:
        content = server.read(address)
    except AbsentError:
        return b"", []
    found = image_headers.parse(content, address)
    if found.unreadable:
        count = len(found.unreadable)
        lines = "1 line" if count == 1 else f"{count} lines"
        notes.append(f"{address}: {lines} cannot be read and the frames are left out: {found.unreadable[0]}")
    return content, [header for header in found.headers if header.detector == detector]


def _without_list(url: str, server: Server, notes: list[str], errors: list[CorInpaintError]) -> list[ImageHeader]:
    """The frames of a folder by its index page, and their keywords by the beginnings of their files."""
    try:
        names = sorted({name for name in server.listing(url) if FRAME_NAME.fullmatch(name)})
    except UnreachableError:
        raise
    except FetchError:  # no such folder, or no index page
        names = []
    if not names:
        raise NoFrameError(
            f"{url}: no frames (neither {image_headers.NAME} nor an index page lists one)",
            f"check the day, {elsewhere(server.source)}",
        )
    notes.append(f"{url}: no {image_headers.NAME}, so its index page and the headers of its {len(names)} frames serve")
    headers = []
    for name in names:
        try:
            beginning = server.read(url + name, image_headers.HEADER_BYTES)
            headers.append(image_headers.from_frame(name, beginning, url + name))
        except CorInpaintError as error:
            errors.append(error)
            if server.has_stopped_answering:
                break
    return image_headers.by_time(headers)
