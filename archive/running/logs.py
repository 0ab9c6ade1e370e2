"""The logs of a run: append-only files of one line for each frame that is begun, and one for each that has ended.

Every process writes files of its own, a line with one call of the system, so that no lock is needed and no line of one
process is torn by another. A process that is killed may leave a torn last line, which is overlooked.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from corinpaint.archive.outcome import Outcome, from_json
from corinpaint.archive.planning.plan_file import Shard
from corinpaint.lasco.errors import OutputError

FOLDER = "logs"
"""Folder of a run's folder."""

SUFFIX = ".jsonl"

BEGIN = "begin"
"""Name of the only value of a line that says that work on a frame begins: the key of its entry."""


@dataclass(frozen=True)
class Line:
    """A line of a log.

    Attributes
    ----------
    key : str
        Of the entry.
    outcome : Outcome or None
        None for the beginning of work on the frame.
    offset : int
        Where it begins in its file, bytes.
    """

    key: str
    outcome: Outcome | None
    offset: int


def session_name(shard: Shard) -> str:
    """A name for one start of a run: time, shard, machine and process."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    part = f"-{shard.index}of{shard.number}" if shard.number > 1 else ""
    return f"{now}{part}-{_host()}-{os.getpid()}"


class Log:
    """The log that a process writes.

    Parameters
    ----------
    run : Path
        Folder of the run.
    session : str
        See `session_name`.
    part : str
        What the process works on, for the name of the file.

    Raises
    ------
    OutputError
        When it cannot be written.
    """

    def __init__(self, run: Path, session: str, part: str = "") -> None:
        part = f"-{part}" if part else ""
        self.path = run / FOLDER / f"{session}{part}-{_host()}-{os.getpid()}{SUFFIX}"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._file = os.open(self.path, flags, 0o666)
            size = os.fstat(self._file).st_size
        except OSError as error:
            raise _cannot_be_written(self.path, error) from error
        self._torn = size > 0  # by a process of the same number before this one: an empty line does no harm

    def begin(self, key: str) -> None:
        """Say that work on an entry begins."""
        self._write(json.dumps({BEGIN: key}))

    def end(self, outcome: Outcome) -> None:
        """Say what became of an entry."""
        self._write(outcome.to_json())

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _write(self, text: str) -> None:
        line = f"{text}\n".encode()
        if self._torn:
            line, self._torn = b"\n" + line, False
        try:
            if os.write(self._file, line) != len(line):
                self._torn = True
                raise OSError("the disk is full")
        except OSError as error:
            raise _cannot_be_written(self.path, error) from error


def files(run: Path, beginning: str = "") -> list[Path]:
    """The logs of a run, or those whose names begin so, in order of their names, which is that of time."""
    folder = run / FOLDER
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and path.name.startswith(beginning))


def read(path: Path) -> Iterator[Line]:
    """Lines of a log, one by one; torn ones are left out.

    Raises
    ------
    OutputError
        When the file cannot be read.
    """
    offset = 0
    try:
        with path.open("rb") as file:
            for raw in file:
                if (line := _parsed(raw, offset)) is not None:
                    yield line
                offset += len(raw)
    except OSError as error:
        raise OutputError(f"{path}: cannot be read ({error.strerror})", "check its permissions") from error


def _parsed(raw: bytes, offset: int) -> Line | None:
    if not raw.endswith(b"}\n"):
        return None
    try:
        if begun := _BEGUN.fullmatch(raw):
            return Line(begun[1].decode(), None, offset)
        outcome = from_json(raw)
    except ValueError:
        return None
    return Line(outcome.key, outcome, offset) if outcome.key else None


_BEGUN = re.compile(rb'\{"begin": "([0-9a-f]+)"\}\n')


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "_", socket.gethostname()) or "host"


def _cannot_be_written(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path}: cannot be written ({error.strerror or error})", "check the folder, its rights and space"
    )
