"""The masks of a user for the frames of a run: one file for all, or a folder with one for each."""

from __future__ import annotations

import threading
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


class Masks:
    """The masks of a run.

    Parameters
    ----------
    given : Path or None
        A FITS file that holds for all frames, or a folder, in which the mask of a frame has its number: 32082037.fits
        of 32082037.fts.gz. Frames without one in the folder are restored without a mask.

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
        self._read = lru_cache(KEPT)(lambda path: (mask := read_mask(path), digest(mask)))
        if given is None:
            return
        if given.is_dir():
            self._by_number = _numbered(given)
        else:
            self._one = given
            self._read(given)

    def of(self, frame: Path) -> tuple[NDArray[np.bool_] | None, str]:
        """The mask of a frame and its digest, as USERMASK has it; None and 'none' without one.

        Raises
        ------
        OptionError
            When the file of the frame's number holds no mask.
        """
        path = self._one or self._by_number.get(number_of(frame.name))
        if path is None:
            return None, "none"
        with self._lock:
            return self._read(path)

    def files(self) -> list[Path]:
        """The files of the masks."""
        return [self._one] if self._one else sorted(self._by_number.values())


def _numbered(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not ENDING.search(path.name) or not path.is_file():
            continue
        number = number_of(path.name)
        if number in found:
            raise OptionError(f"{path}: is a second mask of {number}, beside {found[number].name}", "keep one of both")
        found[number] = path
    if not found:
        raise NoFrameError(f"{folder}: holds no FITS file", "give a mask, or masks with the frames' numbers")
    return found
