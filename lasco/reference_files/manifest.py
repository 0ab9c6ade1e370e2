"""The lock file of a calibration folder: size, SHA-256 and source of every official file in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from corinpaint.lasco import files
from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.reference_files import catalogue, locate, validate

LOCK_FILE = "calibration.lock.json"
"""Name of the lock file in a calibration folder."""

FORMAT = 1
"""Version of the format of the lock file."""

_REMEDY = "remove it, then fetch or import again"
_CHANGED = "fetch or import it again, with --update to accept a new version"

Problem = Literal["missing", "size", "changed", "damaged", "unlocked"]
"""Kinds of defects, see `Defect`."""


@dataclass(frozen=True)
class Entry:
    """Record of a file in the lock file.

    Attributes
    ----------
    size : int
        Size, bytes.
    sha256 : str
        SHA-256 of the content, hexadecimal.
    source : str
        Address from which the file was fetched, or 'imported'.
    recorded : str
        Time of the record, UTC, ISO 8601.
    """

    size: int
    sha256: str
    source: str
    recorded: str


@dataclass(frozen=True)
class Defect:
    """A defect of a file in a calibration folder.

    Attributes
    ----------
    path : str
        Path below the folder.
    problem : str
        'missing', 'size' or 'changed' (different from the lock file), 'damaged' (not readable as its kind) or
        'unlocked' (an official file that is not in the lock file).
    message : str
        Description with the remedy.
    """

    path: str
    problem: Problem
    message: str


@dataclass(frozen=True)
class Status:
    """State of an official file in a calibration folder.

    Attributes
    ----------
    path : str
        Path below the folder.
    present : bool
        Whether the file exists.
    size : int or None
        Size of the file, bytes; None when it is missing.
    sha256, source : str or None
        As recorded in the lock file; None when the file is not recorded.
    purpose : str
        What the file contains.
    detectors : tuple of str
        Telescopes whose calibration uses the file.
    """

    path: str
    present: bool
    size: int | None
    sha256: str | None
    source: str | None
    purpose: str
    detectors: tuple[str, ...]


def read(directory: Path) -> dict[str, Entry]:
    """Entries of the lock file of a folder, by path below the folder; empty when there is no lock file.

    Raises
    ------
    CalibrationError
        When the lock file is damaged or of a later format.
    """
    path = directory / LOCK_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CalibrationError(f"{path}: cannot be read ({error})", f"{_REMEDY}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT or not isinstance(content.get("files"), dict):
        raise CalibrationError(f"{path}: not a lock file of format {FORMAT}", f"{_REMEDY}")
    return {
        _checked_path(path, relative): _entry(path, relative, values) for relative, values in content["files"].items()
    }


def update(directory: Path, entries: Mapping[str, Entry]) -> None:
    """Add entries to the lock file of a folder, which is replaced at once by a complete new one.

    Raises
    ------
    CalibrationError
        See `read`.
    OutputError
        When the lock file cannot be written.
    """
    merged = {**read(directory), **entries}
    content = {"format": FORMAT, "files": {relative: asdict(merged[relative]) for relative in sorted(merged)}}
    with files.aside(directory / LOCK_FILE) as part:
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def make_entry(path: Path, source: str) -> Entry:
    """Lock-file entry of an existing file, recorded now."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Entry(path.stat().st_size, sha256(path), source, now)


def sha256(path: Path) -> str:
    """SHA-256 of the content of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_unchanged(path: Path, recorded: Entry) -> bool:
    """Whether a file exists with the recorded size and content."""
    try:
        return path.stat().st_size == recorded.size and sha256(path) == recorded.sha256
    except OSError:
        return False


def find_official_files(directory: Path) -> dict[str, list[str]]:
    """All official files in a folder: their paths below the folder, in ascending order, by file name."""
    root = directory.resolve()
    return {
        name: [path.relative_to(root).as_posix() for path in paths]
        for name, paths in locate.files_by_name(root).items()
        if catalogue.identify(name)
    }


def verify(directory: Path) -> list[Defect]:
    """Verify that every official file has the recorded content and is readable as its kind.

    Returns
    -------
    list of Defect
        One for each file that failed, in order of the paths; empty when all files are as recorded.

    Raises
    ------
    CalibrationError
        When the folder contains neither an official file nor a lock file, or the lock file is damaged.
    """
    entries = read(directory)
    paths_below = {relative for paths in find_official_files(directory).values() for relative in paths} | set(entries)
    if not paths_below:
        raise CalibrationError(
            f"{directory}: no calibration file and no {LOCK_FILE}", "fetch or import the files first"
        )
    defects = [_find_defect(directory, relative, entries.get(relative)) for relative in sorted(paths_below)]
    return [defect for defect in defects if defect]


def status(directory: Path) -> list[Status]:
    """State of the official files that do not depend on the day, present or not, then of the others in the folder.

    The content of the files is not read; `verify` compares it.
    """
    entries = read(directory)
    paths_below = {relative for paths in find_official_files(directory).values() for relative in paths} | set(entries)
    by_name = {PurePosixPath(relative).name: relative for relative in sorted(paths_below, reverse=True)}
    once = [by_name.get(asset.name, asset.path) for asset in catalogue.FIXED_FILES]
    return [
        _status(directory, relative, entries.get(relative)) for relative in [*once, *sorted(paths_below - set(once))]
    ]


def _status(directory: Path, relative: str, recorded: Entry | None) -> Status:
    asset, path = catalogue.identify(PurePosixPath(relative).name), directory / relative
    present = path.is_file()
    return Status(
        relative,
        present,
        path.stat().st_size if present else None,
        recorded.sha256 if recorded else None,
        recorded.source if recorded else None,
        asset.purpose if asset else "",
        asset.detectors if asset else (),
    )


def _find_defect(directory: Path, relative: str, recorded: Entry | None) -> Defect | None:
    path, asset = directory / relative, catalogue.identify(PurePosixPath(relative).name)
    if not path.is_file():
        return Defect(relative, "missing", f"{path}: recorded but missing; fetch or import it again")
    damage = validate.find_defect(path, asset.kind) if asset else None
    if damage:
        return Defect(relative, "damaged", f"{path}: {damage}; remove it, then fetch or import it again")
    if recorded is None:
        return Defect(
            relative, "unlocked", f"{path}: not recorded; import the folder into itself to record it, or remove it"
        )
    if path.stat().st_size != recorded.size:
        return Defect(
            relative, "size", f"{path}: {path.stat().st_size} bytes, but {recorded.size} are recorded; {_CHANGED}"
        )
    if not is_unchanged(path, recorded):
        return Defect(relative, "changed", f"{path}: the content is not the recorded one; {_CHANGED}")
    return None


def _checked_path(path: Path, relative: str) -> str:
    pure = PurePosixPath(relative)
    if pure.is_absolute() or ".." in pure.parts or "\\" in relative or ":" in relative:
        raise CalibrationError(f"{path}: names {relative!r}, which is not below the folder", f"{_REMEDY}")
    return relative


def _entry(path: Path, relative: str, values: Any) -> Entry:
    try:
        return Entry(int(values["size"]), str(values["sha256"]), str(values["source"]), str(values["recorded"]))
    except (KeyError, TypeError, ValueError) as error:
        raise CalibrationError(f"{path}: the entry of {relative} is damaged", f"{_REMEDY}") from error
