"""Files that arrive in a folder, each when it is whole.

A file that is still being written grows, or ends before its image does. It is looked at again until it is whole; one
that stays incomplete is given up by name, and taken up again when it changes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from corinpaint.lasco.errors import CorInpaintError, FrameError
from corinpaint.lasco.inputs.kinds import ENDING, Kind, kind_of
from corinpaint.lasco.level05.decoding import decode

PATIENCE = 60.0
"""Seconds for which a file may stay incomplete without growing."""

RETRY = 0.25
"""Seconds until an incomplete file is looked at again."""


class Version(NamedTuple):
    """What tells a file from one of the same name that was there before."""

    size: int
    changed: int


@dataclass
class _Waiting:
    version: Version
    since: float
    """When this version was first seen."""
    next_look: float


@dataclass
class Arrivals:
    """Files of a folder and its subfolders, by what is known of them.

    Parameters
    ----------
    folder : Path
    patience : float
        See `PATIENCE`.
    clock : callable
        Returns seconds.
    """

    folder: Path
    patience: float = PATIENCE
    clock: Callable[[], float] = time.monotonic
    known: dict[Path, Version] = field(default_factory=dict)
    """Files that have been dealt with, in the version that was."""
    waiting: dict[Path, _Waiting] = field(default_factory=dict)
    passed_over: dict[Path, Kind] = field(default_factory=dict)
    """Files that are no frames."""
    seconds: float = 0.0
    """How long the last scan took."""

    def scan(self) -> None:
        """Look for files that are new or have changed, in the folder and all that is in it."""
        begun = self.clock()
        for root, folders, names in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                self.notice(Path(root, name))
        self.seconds = self.clock() - begun

    def notice(self, path: Path) -> None:
        """Take note of a file that may be new or have changed; other files than FITS files are left out."""
        if path.name.startswith(".") or not ENDING.search(path.name):
            return
        if any(part.startswith(".") for part in path.relative_to(self.folder).parts):
            return
        version = _version(path)
        if version is None or version == self.known.get(path):
            return
        now, waiting = self.clock(), self.waiting.get(path)
        if waiting is None or waiting.version != version:
            self.waiting[path] = _Waiting(version, now, now)

    def ignore(self) -> None:
        """Leave out what has been noticed, until it changes."""
        self.known |= {path: waiting.version for path, waiting in self.waiting.items()}
        self.waiting.clear()

    def whole(self) -> Iterator[tuple[Path, FrameError | None]]:
        """Files that have arrived since the last call, the oldest first.

        Yields
        ------
        path : Path
        error : FrameError or None
            Why the file is given up.
        """
        for path in sorted(self.waiting, key=lambda path: (self.waiting[path].version.changed, path)):
            waiting = self.waiting[path]
            if self.clock() < waiting.next_look:
                continue
            try:
                kind, error = kind_of(path), _error(path)
            except FileNotFoundError:
                del self.waiting[path]
                continue
            version = _version(path)
            if version != waiting.version:  # it was written to in the meantime
                self.waiting.pop(path)
                self.notice(path)
                continue
            if error and self.clock() - waiting.since < self.patience:
                waiting.next_look = self.clock() + RETRY
                continue
            del self.waiting[path]
            self.known[path] = version
            if kind and not error:
                self.passed_over[path] = kind
            else:
                yield path, error


def _version(path: Path) -> Version | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return Version(status.st_size, status.st_mtime_ns)


def _error(path: Path) -> FrameError | None:
    """Why a file cannot be read as FITS, which passes when it is still being written."""
    try:
        decode(path)
    except FrameError as error:
        return error
    except CorInpaintError as error:
        return FrameError(error.what, error.remedy)
    return None
