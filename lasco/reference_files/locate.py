"""The folder of the official calibration files: where in it a file is."""

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
"""Folders whose content is remembered."""

TIME_STAMP_RESOLUTION_NS = 2 * 10**9
"""A folder that changed less than this before it was read may have changed again at the same time stamp, ns."""


@dataclass(frozen=True)
class _Tree:
    """What a folder held when it was read: paths per file name, time of the last change per folder, ns."""

    files: Mapping[str, tuple[Path, ...]]
    folders: Mapping[Path, int]
    read: int

    def changed(self) -> bool:
        """Whether a file or a folder may have come or gone since: one look at every folder, none at the files."""
        return not self.folders or any(
            stamp > self.read - TIME_STAMP_RESOLUTION_NS or _stamp(folder) != stamp
            for folder, stamp in self.folders.items()
        )


_trees: OrderedDict[Path, _Tree] = OrderedDict()
_lock = threading.Lock()


def locate(directory: Path, name: str) -> Path | None:
    """The file of a name at any depth of a calibration folder.

    The folder is read once and remembered. What is not in memory is looked for again where a folder has changed since,
    so that files may come and go while a server runs. Links to folders are not followed, links to files are.

    Parameters
    ----------
    directory : Path
    name : str
        Name of the file, without folders.

    Returns
    -------
    Path or None
        The first in order of the paths; None where there is none.
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
    """Every file of a folder as it is now: paths per name, each list in order of the paths."""
    return _read(directory.resolve()).files


def exposure_table_name(detector: str, date: Time) -> str:
    """Name of the table of exposure factors of a day: ``c3_expfactor_YYMMDD.dat``.

    Parameters
    ----------
    detector : str
        'C2' or 'C3'.
    date : astropy.time.Time
        The frame's; its day in UTC counts.
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
    for place, _, names in os.walk(root):
        folder = Path(place)
        folders[folder] = _stamp(folder) or 0
        for name in names:
            files.setdefault(name, []).append(folder / name)
    return _Tree({name: tuple(sorted(paths)) for name, paths in files.items()}, folders, read)
