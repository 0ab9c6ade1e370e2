"""Downloading frames into a folder: whole ones only, each once, and again only where it is not as it was fetched."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from corinpaint.archive.acquisition import image_headers, manifest
from corinpaint.archive.acquisition.image_headers import ImageHeader
from corinpaint.archive.acquisition.search import DayFolder
from corinpaint.archive.acquisition.server import MAX_CONNECTIONS, Server
from corinpaint.lasco import files
from corinpaint.lasco.errors import CorInpaintError, FetchError, FrameError, OutputError, WrongInstrumentError
from corinpaint.lasco.level05.decoding import decode
from corinpaint.lasco.level05.keywords import text
from corinpaint.lasco.reference_files.servers import NotAskedError
from corinpaint.lasco.reference_files.validate import is_html

ATTEMPTS_AT_DAMAGED = 2
"""How often a frame is downloaded that arrives damaged, although the server sent what it said it would."""

LEFT_BEHIND_SECONDS = 600.0
"""Age of temporary folders of runs that were killed, after which they are removed, s; no download is silent for as
long."""


@dataclass(frozen=True)
class Report:
    """What became of the wanted frames of a folder.

    Attributes
    ----------
    fetched, kept : list of Path
        Frames that are new, and those that were there already.
    failed : list of CorInpaintError
        Why frames could not be fetched.
    untried : list of Path
        Frames that were not asked for, since the server had stopped answering.
    """

    fetched: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    failed: list[CorInpaintError] = field(default_factory=list)
    untried: list[Path] = field(default_factory=list)


def missing(folder: DayFolder, output: Path) -> list[ImageHeader]:
    """The wanted frames of a folder that have to be downloaded.

    A frame that is there as the manifest records it, or that is whole and not on record, need not be.

    Parameters
    ----------
    folder : DayFolder
    output : Path
        See `fetch`.

    Returns
    -------
    list of ImageHeader
    """
    place = output / folder.name
    recorded = manifest.read(place)
    return [header for header in folder.wanted if not _is_there(place / header.name, header, recorded)]


def fetch(
    folder: DayFolder,
    output: Path,
    server: Server,
    *,
    connections: int = MAX_CONNECTIONS,
    done: Callable[[], object] = lambda: None,
) -> Report:
    """Download the wanted frames of a day and telescope.

    Parameters
    ----------
    folder : DayFolder
        As the search found it.
    output : Path
        Folder of the archive; the frames go to its folder of the day and telescope, with img_hdr.txt and the manifest.
    server : Server
    connections : int
        Number of frames that are downloaded at once, at most `MAX_CONNECTIONS`.
    done : callable
        Called after each frame.

    Returns
    -------
    Report
        A frame that fails does not stop the others.

    Raises
    ------
    OutputError
        When the output cannot be written; what was downloaded before stays.
    """
    report, place = Report(), output / folder.name
    if not folder.wanted:
        return report
    _remove_left_behind(place)
    if folder.image_headers:
        files.write_bytes(place / image_headers.NAME, folder.image_headers, overwrite=True)
    absent = missing(folder, output)
    names = {header.name for header in absent}
    _keep([place / header.name for header in folder.wanted if header.name not in names], report, done)
    with ThreadPoolExecutor(min(connections, MAX_CONNECTIONS)) as pool:
        try:
            paths = [place / header.name for header in absent]
            results = [
                pool.submit(_download, folder.url + path.name, path, header.detector, server)
                for path, header in zip(paths, absent, strict=True)
            ]
            for path, result in zip(paths, results, strict=True):
                _take(path, result, report)
                done()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return report


def download_frame(url: str, path: Path, detector: str, server: Server) -> None:
    """Download one frame.

    Parameters
    ----------
    url : str
    path : Path
        Written when the frame is whole; a file that is there is replaced.
    detector : str
        'C2' or 'C3'.
    server : Server

    Raises
    ------
    FetchError
        When the frame cannot be had from the server.
    FrameError
        When it is no whole frame of this telescope, whenever it is downloaded.
    OutputError
        When the file cannot be written.
    """
    with files.aside(path) as part:
        for attempt in range(1, ATTEMPTS_AT_DAMAGED + 1):
            server.download(url, part)
            try:
                check_frame(part, url, detector)
                return
            except CorInpaintError:
                if attempt == ATTEMPTS_AT_DAMAGED:
                    raise


def check_frame(path: Path, label: str, detector: str) -> None:
    """Check that a file is a whole FITS file with an image of a telescope.

    Parameters
    ----------
    path : Path
    label : str
        What error messages call it.
    detector : str
        'C2' or 'C3'.

    Raises
    ------
    FetchError
        When it is an HTML page.
    FrameError
        When it is no FITS file, ends before its image does, or is of another telescope.
    """
    with path.open("rb") as file:
        beginning = file.read(1024)
    if is_html(beginning):
        raise FetchError(f"{label}: an HTML page instead of the frame", "try again later, or give a --mirror")
    header, *_ = decode(path, label)
    if (found := text(header, "DETECTOR").upper()) != detector:
        raise WrongInstrumentError(f"{label}: DETECTOR = {found!r} in the folder of {detector}", "leave it out")


def _is_there(path: Path, header: ImageHeader, recorded: Mapping[str, manifest.Entry]) -> bool:
    """Whether a frame need not be downloaded."""
    if path.name in recorded:
        return manifest.is_as_recorded(path, recorded[path.name])
    if not path.is_file():
        return False
    try:
        check_frame(path, path.name, header.detector)
    except (FetchError, FrameError):
        return False
    return True


def _keep(paths: list[Path], report: Report, done: Callable[[], object]) -> None:
    """Put frames on record that are there and are not yet."""
    recorded = manifest.read(paths[0].parent) if paths else {}
    for path in paths:
        if path.name not in recorded:
            manifest.record(path, "")
        report.kept.append(path)
        done()


def _download(url: str, path: Path, detector: str, server: Server) -> None:
    download_frame(url, path, detector, server)
    manifest.record(path, url)


def _take(path: Path, result: Future[None], report: Report) -> None:
    """Wait for a frame, and report what became of it."""
    try:
        result.result()
        report.fetched.append(path)
    except OutputError:
        raise
    except NotAskedError:
        report.untried.append(path)
    except CorInpaintError as error:
        report.failed.append(error)


def _remove_left_behind(place: Path) -> None:
    """Remove the temporary folders of runs that were killed."""
    for folder in place.glob(".corinpaint-*"):
        try:
            changed = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
            if time.time() - changed > LEFT_BEHIND_SECONDS:
                shutil.rmtree(folder)
        except OSError:  # another run is faster, or it is a file
            continue
