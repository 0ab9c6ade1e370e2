"""The folder of a report on the disk: what it has already, and writing what is new, so that it is whole at any time."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from corinpaint.archive.reporting.entries import Entry, from_json
from corinpaint.archive.reporting.index_page import data_pages, index_page, order
from corinpaint.archive.reporting.products import Stamp
from corinpaint.lasco.errors import OutputError
from corinpaint.lasco.files import folder_beside, package_data, write_bytes

FORMAT = 1
"""Version of the pages; those of another one are made anew."""

ASSETS = ("report.css", "index.js", "frame.js", "icon.svg")

INDEX, FRAMES, DATA, ENTRY, ORDER = "index.html", "frames", "data", "entry.json", "order.js"

MARKER = "report.json"
"""File by which a folder is known as that of a report."""


class Folder:
    """The folder of a report.

    Parameters
    ----------
    path : Path
        Made where it is missing.

    Raises
    ------
    OutputError
        When it cannot be written, or holds something else than a report.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._check()
        _write(path / MARKER, json.dumps({"format": FORMAT}).encode())
        for name in ASSETS:
            source = package_data("corinpaint.archive.reporting", "assets", name)
            _write(path / "assets" / name, source.read_bytes())

    def _check(self) -> None:
        try:
            if self.path.is_dir() and not (self.path / MARKER).is_file() and any(self.path.iterdir()):
                raise OutputError(f"{self.path}: holds something else than a report", "choose another folder")
        except OSError as error:
            raise _not_written(self.path, error) from error

    def known(self, key: str, stamp: Stamp) -> Entry | None:
        """The entry of a frame whose page is there, made from what the product still is; else None."""
        try:
            found = json.loads((self.path / FRAMES / key / ENTRY).read_bytes())
            return from_json(found["entry"]) if found["stamp"] == [FORMAT, *stamp] else None
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write_frame(self, entry: Entry, stamp: Stamp, contents: Mapping[str, bytes]) -> None:
        """Write the page of a frame with its pictures; a folder that is there is replaced.

        Parameters
        ----------
        entry : Entry
        stamp : list
            By what the product is known.
        contents : mapping of str to bytes
            Files by their names.
        """
        target = self.path / FRAMES / entry.key
        known = json.dumps({"stamp": [FORMAT, *stamp], "entry": entry.to_json()}).encode()
        try:
            with folder_beside(target) as aside:
                made = aside / entry.key
                made.mkdir()
                for name, content in {**contents, ENTRY: known}.items():
                    (made / name).write_bytes(content)
                if target.exists():
                    target.rename(aside / "former")
                made.rename(target)
        except OSError as error:
            raise _not_written(target, error) from error

    def write_index(self, entries: Iterable[Entry], command: str = "", passed_over: Counter[str] | None = None) -> None:
        """Write the first page and the data of its table; the page last, so that what it names is there.

        Parameters
        ----------
        entries : iterable of Entry
        command : str
            The command that made the report.
        passed_over : Counter of str, optional
            Files that are no products, by what they are.
        """
        ordered = sorted(entries, key=lambda entry: entry.order)
        names = [self._write_data(index, content) for index, content in enumerate(data_pages(ordered))]
        _write(self.path / DATA / ORDER, order(ordered))
        addresses = [f"{DATA}/{name}" for name in names]
        _write(self.path / INDEX, index_page(ordered, addresses, command, passed_over or Counter()))
        for path in (self.path / DATA).glob("page-*.js"):
            if path.name not in names:
                path.unlink(missing_ok=True)

    def _write_data(self, index: int, content: bytes) -> str:
        """Write a part of the table, under a name that changes with its content; returns the name."""
        name = f"page-{index:03}-{hashlib.sha256(content).hexdigest()[:8]}.js"
        _write(self.path / DATA / name, content)
        return name

    def remove_others(self, keys: Sequence[str]) -> int:
        """Remove the pages of frames that are not among the keys; returns how many."""
        kept, removed, frames = set(keys), 0, self.path / FRAMES
        for path in frames.iterdir() if frames.is_dir() else ():
            if path.name not in kept and (path / ENTRY).is_file():
                shutil.rmtree(path, ignore_errors=True)
                removed += 1
        return removed


def address(product: Path, folder: Path, report: Path, key: str) -> str:
    """Relative address of a product from its page; empty where it and the report do not both lie in the folder."""
    inside = all(path.resolve().is_relative_to(folder.resolve()) for path in (product, report))
    return Path(os.path.relpath(product.resolve(), (report / FRAMES / key).resolve())).as_posix() if inside else ""


def _write(path: Path, content: bytes) -> None:
    """Write a file, unless it has this content already."""
    try:
        if path.is_file() and path.read_bytes() == content:
            return
    except OSError as error:
        raise _not_written(path, error) from error
    write_bytes(path, content, overwrite=True)


def _not_written(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path}: cannot be written ({error.strerror or error})", "check the folder, its rights and space"
    )
