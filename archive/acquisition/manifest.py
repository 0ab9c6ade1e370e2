"""The manifest of a folder of fetched frames: address, size, SHA-256 and time of every file, a line of JSON each.

Lines are appended, each in one piece, so that a run that is killed loses at most the line that it was writing, and two
runs do not harm one another. Of several lines of one file, the last is valid.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from corinpaint.lasco.errors import OutputError
from corinpaint.lasco.reference_files.manifest import sha256

NAME = "fetched.jsonl"
"""Name of the manifest in its folder."""


@dataclass(frozen=True)
class Entry:
    """Record of a file.

    Attributes
    ----------
    name : str
        Name of the file in the folder of the manifest.
    url : str
        Address that it was fetched from; empty when it was there before.
    size : int
        Size, bytes.
    sha256 : str
        SHA-256 of the content, hexadecimal.
    time : str
        When it was recorded, UTC, ISO 8601.
    """

    name: str
    url: str
    size: int
    sha256: str
    time: str


def read(folder: Path) -> dict[str, Entry]:
    """Entries of the manifest of a folder by name of the file; empty when there is none.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    OutputError
        When the manifest is there and cannot be read.
    """
    path = folder / NAME
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise OutputError(f"{path}: cannot be read ({error.strerror or error})", "check its permissions") from error
    entries = [entry for entry in map(_parse, lines) if entry]
    return {entry.name: entry for entry in entries}


def record(path: Path, url: str) -> Entry:
    """Append a file to the manifest of its folder.

    Parameters
    ----------
    path : Path
        The file, complete.
    url : str
        Address that it was fetched from; empty when it was there before.

    Returns
    -------
    Entry

    Raises
    ------
    OutputError
        When the manifest cannot be written.
    """
    manifest = path.parent / NAME
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        entry = Entry(path.name, url, path.stat().st_size, sha256(path), now)
        line = json.dumps(asdict(entry)) + "\n"
        with manifest.open("ab+") as file:
            if file.tell() and not _ends_with_line(file.fileno(), file.tell()):
                line = "\n" + line  # the run before was killed while it wrote
            os.write(file.fileno(), line.encode())
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(
            f"{manifest}: cannot be written ({reason})", "check the folder, its rights and space"
        ) from error
    return entry


def is_as_recorded(path: Path, entry: Entry | None) -> bool:
    """Whether a file is there with the recorded size and content."""
    try:
        return entry is not None and path.stat().st_size == entry.size and sha256(path) == entry.sha256
    except OSError:
        return False


def _ends_with_line(descriptor: int, size: int) -> bool:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) == b"\n"


def _parse(line: str) -> Entry | None:
    """A line of the manifest; None when it is damaged."""
    try:
        values: Any = json.loads(line)
        texts = [str(values[key]) for key in ("name", "url", "sha256", "time")]
        return Entry(texts[0], texts[1], int(values["size"]), texts[2], texts[3])
    except (ValueError, TypeError, KeyError):
        return None
