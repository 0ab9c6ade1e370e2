"""The masks of a user for the frames of a run: one file for all, or a folder with one for each."""

from __future__ import annotations

import os
import threading
import time
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import NoFrameError, OptionError
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.inputs.kinds import ENDING
from corinpaint.lasco.photometry.user_mask import digest, read_mask

KEPT = 8
"""Masks that are kept in memory."""

TICK = 2_000_000_000
"""Maximum time between two changes of a folder that have the same time of change, ns."""


class Masks:
    """The masks of a run.

    Parameters
    ----------
    given : Path or None
        A FITS file that holds for all frames, or a folder, in which the mask of a frame has its number: 32082037.fits
        of 32082037.fts.gz. Frames without one in the folder are restored without a mask. A mask that is put there
        later, or replaced, counts for the frames that are asked for afterwards.

    Raises
    ------
    NoFrameError
        When there is no such file or folder, or the folder holds no FITS file.
    OptionError
        When two files of the folder have one number, or the file holds no mask.
    """

    def __init__(self, given: Path | None) -> None:
        self._one: Path | None = None
        self._by_number: dict[str, Path] = {}
        self._lock = threading.Lock()
        self._read = lru_cache(KEPT)(lambda path, _: (mask := read_mask(path), digest(mask)))
        self._folder: Path | None = None
        self._changed = 0
        if given is None:
            return
        if not given.is_dir():
            self._one = given
            self._read(given, _identity(given))
            return
        self._folder = given
        self._look()
        if not self._by_number:
            raise NoFrameError(f"{given}: holds no FITS file", "give a mask, or masks with the frames' numbers")

    def of(self, frame: Path) -> tuple[NDArray[np.bool_] | None, str]:
        """The mask of a frame and its digest, as USERMASK has it; None and 'none' without one.

        Raises
        ------
        NoFrameError
            When a file or the folder is there no longer, or cannot be read.
        OptionError
            When the file of the frame's number holds no mask, or a second file has that number by now.
        """
        with self._lock:
            self._look()
            path = self._one or self._by_number.get(number_of(frame.name))
            return (None, "none") if path is None else self._read(path, _identity(path))

    def files(self) -> list[Path]:
        """The files of the masks."""
        return [self._one] if self._one else sorted(self._by_number.values())

    def _look(self) -> None:
        """Look through the folder, if it has changed since the last look."""
        if self._folder is None:
            return
        changed = _status(self._folder).st_mtime_ns
        if changed == self._changed:
            return
        self._by_number = _numbered(self._folder)
        # What is put there within the same tick of the clock does not change it again.
        self._changed = changed if time.time_ns() - changed > TICK else 0


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise NoFrameError(f"{path}: cannot be read ({error.strerror})", "give masks that are there") from error


def _identity(path: Path) -> tuple[int, int]:
    """What changes when a file does."""
    status = _status(path)
    return status.st_size, status.st_mtime_ns


def _numbered(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not ENDING.search(path.name) or not path.is_file():
            continue
        number = number_of(path.name)
        if number in found:
            raise OptionError(f"{path}: is a second mask of {number}, beside {found[number].name}", "keep one of both")
        found[number] = path
    return found
