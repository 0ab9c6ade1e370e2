"""A calibration set: where calibration files come from, and which file was used."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.reference_files import locate


class AssetFile(NamedTuple):
    """A calibration file that was used: its name and the sha256 of its content."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Assets:
    """Where the calibration comes from; images are read when a frame needs them.

    Attributes
    ----------
    kind : str
        'OFFICIAL' or 'NOMINAL'.
    directory : Path or None
        Folder of the official files, where tables are looked up too; None for the nominal sets.
    """

    kind: str
    directory: Path | None


def official_file(directory: Path, name: str) -> Path:
    """The file of a name at any depth of a folder, the first in order of the paths.

    Raises
    ------
    CalibrationError
        When there is none.
    """
    path = locate.locate(directory, name)
    if path is None:
        raise CalibrationError(
            f"{directory}: {name} is not there; get it (corinpaint calibration fetch), or leave the folder out to use "
            "the nominal set"
        )
    return path


def asset_file(path: Path) -> AssetFile:
    """Name and sha256 of a calibration file."""
    return _hashed(path, path.stat().st_mtime_ns, path.stat().st_size)


@lru_cache(maxsize=256)
def _hashed(path: Path, changed: int, size: int) -> AssetFile:  # noqa: ARG001
    return AssetFile(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
