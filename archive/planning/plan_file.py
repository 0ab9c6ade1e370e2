"""The plan of a run, on disk: its settings, and its entries in time order.

The file is written aside and renamed, and never changes afterwards. It is opened read-only and without locks, which
network file systems do not keep.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import takewhile
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from corinpaint.archive.job import Job
from corinpaint.archive.planning.digest import job_from_json, job_to_json
from corinpaint.archive.planning.entries import CONTEXT_TIME, Chunk, Entry, iso
from corinpaint.lasco.errors import CorInpaintError, OptionError
from corinpaint.lasco.files import aside

NAME = "plan.sqlite"
"""File of a run's folder."""

FORMAT = 1
"""Version of the file."""

CHUNK = 200
"""Entries of a chunk by default, where there are enough of them."""

CHUNKS = 32
"""Chunks of a smaller plan, so that there is one for every process."""

SMALLEST_CHUNK = 8
"""Entries of a chunk of a small plan."""

_FIELDS = tuple(one.name for one in fields(Entry))
_HASHES, _OTHERS = _FIELDS[:2], _FIELDS[2:]
_hashes, _others = attrgetter(*_HASHES), attrgetter(*_OTHERS)
_TYPES = dict.fromkeys(_HASHES, "BLOB") | dict.fromkeys(("rows", "columns", "size", "mtime_ns"), "INTEGER")
_COLUMNS = ", ".join(f"{name} {_TYPES.get(name, 'TEXT')}" for name in _FIELDS)
_SCHEMA = f"""
CREATE TABLE settings (value TEXT);
CREATE TABLE entries ({_COLUMNS}, position INTEGER PRIMARY KEY);
CREATE UNIQUE INDEX by_key ON entries (key);
CREATE UNIQUE INDEX by_product ON entries (product);
"""
_INSERT = f"INSERT INTO entries VALUES ({', '.join('?' * len(_FIELDS))}, ?) ON CONFLICT DO NOTHING"
_CACHE_KIB = 400_000
"""Memory for the two indexes while a plan is written: those of 10^6 entries fit in, KiB."""


class PlanError(CorInpaintError):
    """A run has no plan, or one that does not fit."""

    code = "plan"


@dataclass(frozen=True)
class Settings:
    """The settings of a plan.

    Attributes
    ----------
    job : Job
        How the products are made.
    digest : str
        See `corinpaint.archive.planning.digest.settings_digest`.
    chunk : int
        Entries of a chunk; for a plan that is to be written, 0 leaves the choice to their number.
    version : str
        Of CorInpaint.
    layout : str
        See `corinpaint.archive.layout.Layout`.
    """

    job: Job
    digest: str
    chunk: int = 0
    version: str = ""
    layout: str = "subfolders"


def write_plan(
    run: Path,
    settings: Settings,
    entries: Iterable[Entry],
    left_out: Callable[[Entry, Entry], None] = lambda _, __: None,
) -> int:
    """Write the plan of a run; one that is there is replaced.

    Parameters
    ----------
    run : Path
        Folder of the run.
    settings : Settings
    entries : iterable of Entry
        In time order; they are not kept in memory.
    left_out : callable
        Called with each entry that is left out, and with the one before it that has the same key or product.

    Returns
    -------
    int
        Number of entries in the plan.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    with aside(run / NAME) as path:
        db = sqlite3.connect(path, isolation_level=None)
        try:
            db.executescript(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; "
                f"PRAGMA cache_size = -{_CACHE_KIB}; PRAGMA user_version = {FORMAT}; {_SCHEMA} BEGIN;"
            )
            position: int = 0
            for entry in entries:
                if db.execute(_INSERT, (*_row(entry), position)).rowcount == 1:
                    position += 1
                else:
                    left_out(entry, _in_its_place(db, entry))
            db.execute("INSERT INTO settings VALUES (?)", (_to_json(settings, position),))
            db.execute("COMMIT")
        except sqlite3.Error as error:
            raise OSError(str(error)) from error
        finally:
            db.close()
    return position


def _to_json(settings: Settings, count: int) -> str:
    values = {name: getattr(settings, name) for name in ("digest", "version", "layout")}
    chunk = settings.chunk or min(max(count // CHUNKS, SMALLEST_CHUNK), CHUNK)
    return json.dumps({"job": job_to_json(settings.job), "chunk": chunk, **values})


def _in_its_place(db: sqlite3.Connection, entry: Entry) -> Entry:
    """The entry with the same key, else that with the same product."""
    for sql, value in (("key = ?", bytes.fromhex(entry.key)), ("product = ?", entry.product)):
        if row := db.execute(f"SELECT * FROM entries WHERE {sql}", (value,)).fetchone():
            return _entry(row)
    raise sqlite3.IntegrityError(f"{entry.frame} was left out")


class Plan:
    """The plan of a run, opened for reading.

    Parameters
    ----------
    run : Path
        Folder of the run.

    Attributes
    ----------
    settings : Settings
    count : int
        Number of entries.

    Raises
    ------
    PlanError
        When there is none, or it cannot be read.
    """

    def __init__(self, run: Path) -> None:
        self.run, self.path = run, run / NAME
        if not self.path.is_file():
            raise PlanError(f"{self.path}: no such plan", "make it with corinpaint archive plan")
        try:
            self._db = sqlite3.connect(f"file:{quote(str(self.path.absolute()))}?mode=ro&immutable=1", uri=True)
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version != FORMAT:
                raise PlanError(f"{self.path}: a plan of format {version}, not {FORMAT}", "plan again")
            values: dict[str, Any] = json.loads(self._db.execute("SELECT value FROM settings").fetchone()[0])
            count = self._db.execute("SELECT COALESCE(MAX(position) + 1, 0) FROM entries").fetchone()[0]
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise PlanError(f"{self.path}: cannot be read ({error})", "plan again") from error
        self.count = int(count)
        self.settings = Settings(
            job_from_json(values["job"]),
            values["digest"],
            int(values["chunk"]),
            values.get("version", ""),
            values.get("layout", "subfolders"),
        )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Plan:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def entries(self, first: int = 0, stop: int | None = None) -> Iterator[Entry]:
        """Entries by their positions, in time order; they are read one by one."""
        sql = "SELECT * FROM entries WHERE position >= ? AND position < ? ORDER BY position"
        for row in self._db.execute(sql, (first, self.count if stop is None else stop)):
            yield _entry(row)

    def positions(self, keys: Iterable[str]) -> Iterator[int | None]:
        """Positions of the entries with some keys; None for a key that has no entry."""
        for key in keys:
            try:
                row = self._db.execute("SELECT position FROM entries WHERE key = ?", (bytes.fromhex(key),)).fetchone()
            except ValueError:  # no hexadecimal number
                row = None
            yield row[0] if row else None

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return -(-self.count // self.settings.chunk)

    def chunk(self, number: int) -> Chunk:
        """A chunk, with the entries of the hours around it where the plan asks for context."""
        first, stop = number * self.settings.chunk, min((number + 1) * self.settings.chunk, self.count)
        entries = tuple(self.entries(first, stop))
        if not self.settings.job.auto_context or not entries:
            return Chunk(number, entries, tuple(range(len(entries))))
        earliest = iso(datetime.fromisoformat(entries[0].date) - CONTEXT_TIME)
        latest = iso(datetime.fromisoformat(entries[-1].date) + CONTEXT_TIME)
        earlier = takewhile(lambda entry: entry.date >= earliest, self._backwards(first))
        later = takewhile(lambda entry: entry.date <= latest, self.entries(stop))
        return Chunk(number, entries, tuple(range(len(entries))), (*tuple(earlier)[::-1], *entries, *later))

    def _backwards(self, stop: int) -> Iterator[Entry]:
        for row in self._db.execute("SELECT * FROM entries WHERE position < ? ORDER BY position DESC", (stop,)):
            yield _entry(row)


@dataclass(frozen=True)
class Shard:
    """One of several parts of a plan: every chunk belongs to one of them.

    Attributes
    ----------
    index, number : int
        The part `index` of `number`, from 1.
    """

    index: int = 1
    number: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.number:
            raise OptionError(f"shard {self}: must be between 1/n and n/n", "give --shard 1/4 for the first of four")

    def __str__(self) -> str:
        return f"{self.index}/{self.number}"

    def has(self, chunk: int) -> bool:
        """Whether a chunk, by its number, belongs to this part."""
        return chunk % self.number == self.index - 1


def parse_shard(text: str) -> Shard:
    """Read a part of a plan, such as '1/4'.

    Raises
    ------
    OptionError
        When it is none.
    """
    index, _, number = text.partition("/")
    if not (index.isascii() and index.isdigit() and number.isascii() and number.isdigit()):
        raise OptionError(f"shard {text!r}: is not of the form i/n", "give --shard 1/4 for the first of four")
    return Shard(int(index), int(number))


def _row(entry: Entry) -> tuple[Any, ...]:
    return (*map(bytes.fromhex, _hashes(entry)), *_others(entry))


def _entry(row: tuple[Any, ...]) -> Entry:
    key, frame_hash, *others, _ = row
    return Entry(key.hex(), frame_hash.hex(), *others)
