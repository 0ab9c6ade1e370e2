"""How a calibration file gets into the folder: written aside, checked, compared with the record, renamed, recorded."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import TracebackType

from corinpaint.lasco import files
from corinpaint.lasco.errors import CalibrationError, OutputError
from corinpaint.lasco.reference_files import manifest, validate
from corinpaint.lasco.reference_files.catalogue import Asset

MIN_SECONDS_PER_ENTRY = 1e-3
"""The lock file is written after every file, but a long one not more often than this times its entries."""


@dataclass(frozen=True)
class Report:
    """What became of the files that were asked for.

    Attributes
    ----------
    added : list of Asset
        New in the folder, or replaced.
    kept : list of Asset
        There already, as recorded.
    absent : list of Asset
        Not on the server (daily files: no observations on the day), or not in the tree.
    failed : list of (Asset, CorInpaintError)
        Left out; the error says why and what to do.
    untried : list of Asset
        Those after one that the folder could not be written for.
    """

    added: list[Asset] = field(default_factory=list)
    kept: list[Asset] = field(default_factory=list)
    absent: list[Asset] = field(default_factory=list)
    failed: list[tuple[Asset, CalibrationError | OutputError]] = field(default_factory=list)
    untried: list[Asset] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether no file failed."""
        return not self.failed


class Installer:
    """A calibration folder that files are put into; a context whose end writes the lock file.

    Parameters
    ----------
    directory : Path
        Made with the first file where it is missing.

    Raises
    ------
    CalibrationError
        When the lock file is damaged.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._entries = manifest.read(directory)
        self._paths = {name: places[0] for name, places in manifest.find_official_files(directory).items()}
        self._paths |= {PurePosixPath(place).name: place for place in sorted(self._entries, reverse=True)}
        self._new: dict[str, manifest.Entry] = {}
        self._written = time.monotonic()

    def __enter__(self) -> Installer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._write()

    def path_in_folder(self, asset: Asset) -> str:
        """Where the file is below the folder: where it is recorded, else where it lies, else the catalogue's place."""
        return self._paths.get(asset.name, asset.path)

    def is_installed(self, asset: Asset) -> bool:
        """Whether the file is there as it is recorded."""
        entry = self._entries.get(self.path_in_folder(asset))
        return entry is not None and manifest.is_unchanged(self.directory / self.path_in_folder(asset), entry)

    def install(
        self, asset: Asset, write: Callable[[Path], None], *, source: str, label: str, update: bool = False
    ) -> bool:
        """Put a file in its place and record it.

        Parameters
        ----------
        asset : Asset
        write : callable
            Writes the content to the path that it is given.
        source : str
            For the lock file.
        label : str
            What the content comes from, for messages.
        update : bool
            Accept other content than what is recorded or, unrecorded, there.

        Returns
        -------
        bool
            Whether the folder has content that it had not.

        Raises
        ------
        CalibrationError
            When the content is damaged, or another one than before; what was there stays.
        OutputError
            When the folder cannot be written.
        """
        place = self.path_in_folder(asset)
        path, known = self.directory / place, self._known(asset, place)
        new = True
        with files.aside(path) as part:
            write(part)
            wrong = validate.find_defect(part, asset.kind)
            if wrong:
                raise CalibrationError(
                    f"{asset.name}: {label} is {wrong}", "nothing of it was kept, get it from elsewhere"
                )
            entry = manifest.make_entry(part, source)
            if known not in (None, entry.sha256) and not update:
                raise CalibrationError(
                    f"{asset.name}: {label} has sha256 {entry.sha256}, but {self._claim(place)} {known}",
                    "the file was left as it is, --update accepts the new content",
                )
            new = not manifest.is_unchanged(path, entry)
        self._record(place, entry)
        return new

    def record(self, asset: Asset, place: str, *, source: str, update: bool = False) -> bool:
        """Record a file that lies in the folder already; else as `install`."""
        path, known = self.directory / place, self._entries.get(place)
        wrong = validate.find_defect(path, asset.kind)
        if wrong:
            raise CalibrationError(f"{asset.name}: {path} is {wrong}", "remove it, get it from elsewhere")
        if known and manifest.is_unchanged(path, known):
            return False
        if known and not update:
            raise CalibrationError(f"{asset.name}: {path} is not the content that is recorded", "--update accepts it")
        self._record(place, manifest.make_entry(path, source))
        return True

    def _known(self, asset: Asset, place: str) -> str | None:
        """Hash of the content that the file must have: the recorded one, else that of a good file in its place."""
        path = self.directory / place
        if place in self._entries:
            return self._entries[place].sha256
        return manifest.sha256(path) if path.is_file() and not validate.find_defect(path, asset.kind) else None

    def _claim(self, place: str) -> str:
        return f"{manifest.LOCK_FILE} records" if place in self._entries else "the file that is there has"

    def _record(self, place: str, entry: manifest.Entry) -> None:
        self._entries[place] = self._new[place] = entry
        self._paths.setdefault(PurePosixPath(place).name, place)
        if time.monotonic() - self._written > MIN_SECONDS_PER_ENTRY * len(self._entries):
            self._write()

    def _write(self) -> None:
        if self._new:
            manifest.update(self.directory, self._new)
            self._new = {}
        self._written = time.monotonic()
