"""A calibration set, official or nominal, and the files that were used of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.reference_files import locate


class CalibrationFile(NamedTuple):
    """A calibration file that was used.

    Attributes
    ----------
    name : str
        File name without folder.
    sha256 : str
        SHA-256 of the content, hexadecimal.
    """

    name: str
    sha256: str


@dataclass(frozen=True)
class CalibrationSet:
    """A calibration set; its images are read when a frame needs them.

    Attributes
    ----------
    kind : str
        'OFFICIAL' or 'NOMINAL'.
    directory : Path or None
        Folder of the official files, images and tables; None for the nominal sets.
    """

    kind: str
    directory: Path | None


def official_file(directory: Path, name: str) -> Path:
    """Path of a file at any depth of a folder; the first in order of the paths.

    Raises
    ------
    CalibrationError
        When there is no such file.
    """
    path = locate.locate(directory, name)
    if path is None:
        raise CalibrationError(
            f"{directory}: {name} is not there",
            "fetch it (corinpaint calibration fetch), or leave the folder out to use the nominal set",
        )
    return path


def calibration_file(path: Path) -> CalibrationFile:
    """Name and SHA-256 of a calibration file; cached until the file changes."""
    return _hashed(path, path.stat().st_mtime_ns, path.stat().st_size)


@lru_cache(maxsize=256)
def _hashed(path: Path, changed: int, size: int) -> CalibrationFile:  # noqa: ARG001
    return CalibrationFile(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
