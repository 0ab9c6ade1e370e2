"""Locating files by name in a calibration folder, with a cache of its content."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from astropy.time import Time

MAX_CACHED_FOLDERS = 8
"""Maximum number of folders whose content is cached."""

TIME_STAMP_RESOLUTION_NS = 2 * 10**9
"""Resolution of time stamps of folders, ns: within it, a folder may have changed again without a new time stamp."""


@dataclass(frozen=True)
class _Tree:
    """Content of a folder when it was read.

    Attributes
    ----------
    files : mapping of str to tuple of Path
        Paths by file name.
    folders : mapping of Path to int
        Time of the last change of each folder, ns.
    read : int
        Time when the folder was read, ns.
    """

    files: Mapping[str, tuple[Path, ...]]
    folders: Mapping[Path, int]
    read: int

    def changed(self) -> bool:
        """Whether files may have been added or removed since, from the time stamps of the folders alone."""
        return not self.folders or any(
            stamp > self.read - TIME_STAMP_RESOLUTION_NS or _stamp(folder) != stamp
            for folder, stamp in self.folders.items()
        )


_trees: OrderedDict[Path, _Tree] = OrderedDict()
_lock = threading.Lock()


def locate(directory: Path, name: str) -> Path | None:
    """Path of the file with a name at any depth of a calibration folder.

    The content of the folder is read once and cached. It is read again when a file is not in the cache and a folder has
    changed, so that files can be added and removed while a server runs. Links to folders are not followed, links to
    files are.

    Parameters
    ----------
    directory : Path
    name : str
        Name of the file, without folders.

    Returns
    -------
    Path or None
        The first in order of the paths; None when there is no such file.
    """
    root = directory.resolve()
    with _lock:
        tree = _trees.get(root)
        if tree is not None:
            _trees.move_to_end(root)
    found = None if tree is None else _first(tree, name)
    if found is None and (tree is None or tree.changed()):
        tree = _read(root)
        with _lock:
            _trees[root] = tree
            _trees.move_to_end(root)
            while len(_trees) > MAX_CACHED_FOLDERS:
                _trees.popitem(last=False)
        found = _first(tree, name)
    return found


def files_by_name(directory: Path) -> Mapping[str, tuple[Path, ...]]:
    """All files of a folder at any depth, read anew: paths by file name, in ascending order."""
    return _read(directory.resolve()).files


def exposure_table_name(detector: str, date: Time) -> str:
    """Name of the table of exposure factors of a day, ``c3_expfactor_YYMMDD.dat``.

    Parameters
    ----------
    detector : str
        'C2' or 'C3'.
    date : astropy.time.Time
        Date of the frame; the table is that of its day in UTC.
    """
    return f"{detector.lower()}_expfactor_{date.utc.strftime('%y%m%d')}.dat"


def _first(tree: _Tree, name: str) -> Path | None:
    return next((path for path in tree.files.get(name, ()) if path.is_file()), None)


def _stamp(folder: Path) -> int | None:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return None


def _read(root: Path) -> _Tree:
    read = time.time_ns()
    files: dict[str, list[Path]] = {}
    folders: dict[Path, int] = {}
    for walked, _, names in os.walk(root):
        folder = Path(walked)
        folders[folder] = _stamp(folder) or 0
        for name in names:
            files.setdefault(name, []).append(folder / name)
    return _Tree({name: tuple(sorted(paths)) for name, paths in files.items()}, folders, read)
