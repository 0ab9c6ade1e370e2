"""What is known of the files of a run's inputs, on disk, so that planning goes on where it was stopped.

A file is read again only when its size or the time of its last change differ.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path

from corinpaint.archive.planning.facts import FIELDS, PLACE_FIELDS, UNREADABLE, Facts, Place
from corinpaint.lasco.errors import OutputError

NAME = "files.sqlite"
"""File of a run's folder."""

SEVERAL = 5000
"""Files that are written to disk together."""

_place, _values = attrgetter(*PLACE_FIELDS), attrgetter(*FIELDS)
_COLUMNS = (*PLACE_FIELDS, *FIELDS, "scan")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
  path TEXT PRIMARY KEY, subfolder TEXT, number TEXT, size INTEGER, mtime_ns INTEGER,
  kind TEXT, sha256 TEXT, date TEXT, detector TEXT, filter TEXT, polar TEXT, rows INTEGER, columns INTEGER,
  code TEXT, what TEXT, remedy TEXT, scan INTEGER
)
"""


class KnownFiles:
    """The files that scans of a run's inputs met.

    Parameters
    ----------
    run : Path
        Folder of the run.

    Raises
    ------
    OutputError
        When the file cannot be written, or another process writes it.
    """

    def __init__(self, run: Path) -> None:
        self.path = run / NAME
        try:
            run.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=1)
            self._db.executescript("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = TRUNCATE;")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute(_SCHEMA)
            (last,) = self._db.execute("SELECT COALESCE(MAX(scan), 0) FROM files").fetchone()
            self._db.execute("BEGIN IMMEDIATE")
        except (OSError, sqlite3.Error) as error:
            raise _cannot_be_written(self.path, error) from error
        self.scan = int(last) + 1
        self._waiting = 0

    def close(self) -> None:
        """Write what is not yet on disk."""
        with _errors(self.path):
            self._db.commit()
            self._db.close()

    def is_known(self, place: Place) -> bool:
        """Whether a file is known and has not changed; it is taken into the present scan then."""
        with _errors(self.path):
            row = self._db.execute(
                "UPDATE files SET scan = ?, subfolder = ? WHERE path = ? AND size = ? AND mtime_ns = ? RETURNING kind",
                (self.scan, place.subfolder, place.path, place.size, place.mtime_ns),
            ).fetchone()
        return row is not None

    def add(self, facts: Iterable[tuple[Place, Facts]]) -> None:
        """Keep what was read of some files."""
        rows = [(*_place(place), *_values(known), self.scan) for place, known in facts]
        with _errors(self.path):
            self._db.executemany(_INSERT, rows)
            self._waiting += len(rows)
            if self._waiting >= SEVERAL:
                self._db.commit()
                self._db.execute("BEGIN IMMEDIATE")
                self._waiting = 0

    def frames(self) -> Iterator[tuple[Place, Facts]]:
        """The frames of the present scan in time order; of those of one time, what was met first comes first."""
        yield from self._select("kind = '' ORDER BY date, rowid")

    def unreadable(self) -> Iterator[tuple[Place, Facts]]:
        """The files of the present scan that may have been frames and cannot be used."""
        yield from self._select(f"kind = '{UNREADABLE}' ORDER BY path")

    def counts(self) -> dict[str, int]:
        """Number of files of the present scan by kind; that of frames has no name."""
        sql = "SELECT kind, COUNT(*) FROM files WHERE scan = ? GROUP BY kind ORDER BY kind"
        return dict(self._db.execute(sql, (self.scan,)).fetchall())

    def paths(self, kind: str, number: int) -> list[Path]:
        """Some of the files of a kind that the present scan met."""
        sql = "SELECT path FROM files WHERE scan = ? AND kind = ? ORDER BY path LIMIT ?"
        return [Path(path) for (path,) in self._db.execute(sql, (self.scan, kind, number))]

    def of_one_number(self) -> Iterator[list[Path]]:
        """Files of the present scan that may be the same frame: of the same number and time, with different content."""
        sql = """
            SELECT number, date FROM files WHERE scan = ? AND kind = ''
            GROUP BY number, date HAVING COUNT(DISTINCT sha256) > 1
        """
        alike = "SELECT path FROM files WHERE scan = ? AND kind = '' AND number = ? AND date = ? ORDER BY rowid"
        for number, date in self._db.execute(sql, (self.scan,)).fetchall():
            yield [Path(path) for (path,) in self._db.execute(alike, (self.scan, number, date))]

    def _select(self, where: str) -> Iterator[tuple[Place, Facts]]:
        columns = ", ".join((*PLACE_FIELDS, *FIELDS))
        for row in self._db.execute(f"SELECT {columns} FROM files WHERE scan = ? AND {where}", (self.scan,)):
            yield Place(*row[:5]), Facts(*row[5:])


_INSERT = f"INSERT OR REPLACE INTO files ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _cannot_be_written(path, error) from error


def _cannot_be_written(path: Path, error: Exception) -> OutputError:
    return OutputError(
        f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})",
        "plan in a folder on a local disk, one process at a time",
    )
