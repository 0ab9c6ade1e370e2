"""The lock file of a calibration folder: size and sha256 of every official file in it, and where it came from."""

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
FORMAT = 1

_REMEDY = "remove it, then fetch or import again"
_CHANGED = "fetch or import it again, with --update to accept a new version"

Problem = Literal["missing", "size", "changed", "damaged", "unlocked"]


@dataclass(frozen=True)
class Entry:
    """What the lock file records of a file.

    Attributes
    ----------
    size : int
        Bytes.
    sha256 : str
        Of the content.
    source : str
        Address that it was fetched from, or 'imported'.
    recorded : str
        When, UTC, ISO 8601.
    """

    size: int
    sha256: str
    source: str
    recorded: str


@dataclass(frozen=True)
class Defect:
    """Something wrong in a calibration folder.

    Attributes
    ----------
    path : str
        Place below the folder.
    problem : str
        'missing', 'size' or 'changed' (not what the lock file records), 'damaged' (not readable as what it is) or
        'unlocked' (an official name that the lock file does not know).
    message : str
        For people, with the remedy.
    """

    path: str
    problem: Problem
    message: str


@dataclass(frozen=True)
class Status:
    """An official file and what is known of it.

    Attributes
    ----------
    path : str
        Place below the folder.
    present : bool
        Whether it is there.
    size : int or None
        Bytes, of the file as it is.
    sha256, source : str or None
        As recorded; None where nothing is.
    purpose : str
        What it is for.
    detectors : tuple of str
        Telescopes that it is for.
    """

    path: str
    present: bool
    size: int | None
    sha256: str | None
    source: str | None
    purpose: str
    detectors: tuple[str, ...]


def read(directory: Path) -> dict[str, Entry]:
    """The entries of a folder's lock file by place below the folder; none where there is no lock file.

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
    return {_checked_path(path, place): _entry(path, place, values) for place, values in content["files"].items()}


def update(directory: Path, entries: Mapping[str, Entry]) -> None:
    """Record entries beside those that the folder's lock file has: written aside, then renamed.

    Raises
    ------
    CalibrationError
        See `read`.
    OutputError
        When it cannot be written.
    """
    merged = {**read(directory), **entries}
    content = {"format": FORMAT, "files": {place: asdict(merged[place]) for place in sorted(merged)}}
    with files.aside(directory / LOCK_FILE) as part:
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def make_entry(path: Path, source: str) -> Entry:
    """The entry of a file as it is now."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Entry(path.stat().st_size, sha256(path), source, now)


def sha256(path: Path) -> str:
    """Of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_unchanged(path: Path, recorded: Entry) -> bool:
    """Whether a file is there and is what was recorded of it."""
    try:
        return path.stat().st_size == recorded.size and sha256(path) == recorded.sha256
    except OSError:
        return False


def find_official_files(directory: Path) -> dict[str, list[str]]:
    """Every file of an official name in a folder: its places below the folder, in their order, per name."""
    root = directory.resolve()
    return {
        name: [path.relative_to(root).as_posix() for path in paths]
        for name, paths in locate.files_by_name(root).items()
        if catalogue.identify(name)
    }


def verify(directory: Path) -> list[Defect]:
    """Compare every file with the lock file and with its kind.

    Returns
    -------
    list of Finding
        One for each file that is wrong, in order of the paths; empty when all are as recorded.

    Raises
    ------
    CalibrationError
        When the folder holds no official file and no lock file, or a damaged lock file.
    """
    entries = read(directory)
    places = {place for paths in find_official_files(directory).values() for place in paths} | set(entries)
    if not places:
        raise CalibrationError(
            f"{directory}: no calibration file and no {LOCK_FILE}", "fetch or import the files first"
        )
    judged = [_find_defect(directory, place, entries.get(place)) for place in sorted(places)]
    return [finding for finding in judged if finding]


def status(directory: Path) -> list[Status]:
    """The official files that are there once, in the order of the catalogue, then every other one in the folder.

    Files are not read: `verify` compares their content.
    """
    entries = read(directory)
    places = {place for paths in find_official_files(directory).values() for place in paths} | set(entries)
    by_name = {PurePosixPath(place).name: place for place in sorted(places, reverse=True)}
    once = [by_name.get(asset.name, asset.path) for asset in catalogue.FIXED_FILES]
    return [_status(directory, place, entries.get(place)) for place in [*once, *sorted(places - set(once))]]


def _status(directory: Path, place: str, recorded: Entry | None) -> Status:
    asset, path = catalogue.identify(PurePosixPath(place).name), directory / place
    present = path.is_file()
    return Status(
        place,
        present,
        path.stat().st_size if present else None,
        recorded.sha256 if recorded else None,
        recorded.source if recorded else None,
        asset.purpose if asset else "",
        asset.detectors if asset else (),
    )


def _find_defect(directory: Path, place: str, recorded: Entry | None) -> Defect | None:
    path, asset = directory / place, catalogue.identify(PurePosixPath(place).name)
    if not path.is_file():
        return Defect(place, "missing", f"{path}: recorded but not there; fetch or import it again")
    wrong = validate.find_defect(path, asset.kind) if asset else None
    if wrong:
        return Defect(place, "damaged", f"{path}: {wrong}; remove it, then fetch or import it again")
    if recorded is None:
        return Defect(
            place, "unlocked", f"{path}: not recorded; import the folder into itself to record it, or remove it"
        )
    if path.stat().st_size != recorded.size:
        return Defect(place, "size", f"{path}: {path.stat().st_size} bytes, recorded are {recorded.size}; {_CHANGED}")
    if not is_unchanged(path, recorded):
        return Defect(place, "changed", f"{path}: not the content that is recorded; {_CHANGED}")
    return None


def _checked_path(path: Path, place: str) -> str:
    pure = PurePosixPath(place)
    if pure.is_absolute() or ".." in pure.parts or "\\" in place or ":" in place:
        raise CalibrationError(f"{path}: names {place!r}, which is not below the folder", f"{_REMEDY}")
    return place


def _entry(path: Path, place: str, values: Any) -> Entry:
    try:
        return Entry(int(values["size"]), str(values["sha256"]), str(values["source"]), str(values["recorded"]))
    except (KeyError, TypeError, ValueError) as error:
        raise CalibrationError(f"{path}: the entry of {place} is damaged", f"{_REMEDY}") from error
