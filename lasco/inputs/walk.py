"""Walking through a folder at any depth: every folder once, calibration folders and hidden names left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corinpaint.lasco.errors import NoFrameError
from corinpaint.lasco.reference_files.manifest import LOCK_FILE


@dataclass(frozen=True)
class Folder:
    """A folder that was met on a walk.

    Attributes
    ----------
    path : Path
    files : tuple of Path
        Its files whose names do not begin with a dot, in order; empty where it is not searched.
    is_met : bool
        It was met before, under another name.
    is_calibration : bool
        It holds calibration files.
    error : NoFrameError or None
        Why it cannot be searched.
    """

    path: Path
    files: tuple[Path, ...] = ()
    is_met: bool = False
    is_calibration: bool = False
    error: NoFrameError | None = None


def walk(root: Path, met: set[tuple[int, int]]) -> Iterator[Folder]:
    """A folder and all folders below it, a folder before its subfolders, each in order of the names.

    Parameters
    ----------
    root : Path
    met : set of tuple
        Device and number of the folders that were searched, which grows.

    Yields
    ------
    Folder
    """
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            entries = sorted(folder.iterdir())
        except OSError as error:
            yield Folder(folder, error=unreadable(folder, error))
            continue
        if (status.st_dev, status.st_ino) in met:
            yield Folder(folder, is_met=True)
            continue
        met.add((status.st_dev, status.st_ino))
        if any(entry.name == LOCK_FILE for entry in entries):
            yield Folder(folder, is_calibration=True)
            continue
        visible = [entry for entry in entries if not entry.name.startswith(".")]
        inside = [entry for entry in visible if _is_folder(entry)]
        folders = set(inside)
        yield Folder(folder, tuple(entry for entry in visible if entry not in folders))
        waiting += reversed(inside)


def unreadable(path: Path, error: OSError) -> NoFrameError:
    """The error of a file or folder that the system does not let be read."""
    return NoFrameError(f"{path}: cannot be read ({error.strerror})", "check the path and its permissions")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
