"""Installing a calibration file: write a temporary file, validate, compare with the lock file, rename, record."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import TracebackType

from corinpaint.lasco import files
from corinpaint.lasco.errors import CalibrationError, OutputError
from corinpaint.lasco.reference_files import manifest, validate
from corinpaint.lasco.reference_files.catalogue import ReferenceFile

MIN_SECONDS_PER_ENTRY = 1e-3
"""Minimum time between two updates of the lock file per entry in it, s; a long lock file takes longer to write."""


@dataclass(frozen=True)
class Report:
    """Outcome of fetching or importing files.

    Attributes
    ----------
    added : list of ReferenceFile
        Files that are new in the folder, or were replaced.
    kept : list of ReferenceFile
        Files that existed as recorded.
    absent : list of ReferenceFile
        Files that are not on the server (daily files: no observations on the day; optional ones) or not in the tree.
    failed : list of (ReferenceFile, CorInpaintError)
        Files that were not installed, with the reason.
    untried : list of ReferenceFile
        Files that were not tried because the folder could not be written.
    """

    added: list[ReferenceFile] = field(default_factory=list)
    kept: list[ReferenceFile] = field(default_factory=list)
    absent: list[ReferenceFile] = field(default_factory=list)
    failed: list[tuple[ReferenceFile, CalibrationError | OutputError]] = field(default_factory=list)
    untried: list[ReferenceFile] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether no file failed."""
        return not self.failed


class Installer:
    """Installs files in a calibration folder; as a context manager, it writes the lock file at the end.

    Parameters
    ----------
    directory : Path
        The calibration folder; created with the first file if it is missing.

    Raises
    ------
    CalibrationError
        When the lock file is damaged.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._entries = manifest.read(directory)
        self._paths = {name: paths[0] for name, paths in manifest.find_official_files(directory).items()}
        self._paths |= {PurePosixPath(path).name: path for path in sorted(self._entries, reverse=True)}
        self._new: dict[str, manifest.Entry] = {}
        self._written = time.monotonic()

    def __enter__(self) -> Installer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._write()

    def path_in_folder(self, asset: ReferenceFile) -> str:
        """Path of the file below the folder: the recorded one, else that of an existing file, else the catalogue's."""
        return self._paths.get(asset.name, asset.path)

    def is_installed(self, asset: ReferenceFile) -> bool:
        """Whether the file exists with the recorded content."""
        entry = self._entries.get(self.path_in_folder(asset))
        return entry is not None and manifest.is_unchanged(self.directory / self.path_in_folder(asset), entry)

    def install(
        self, asset: ReferenceFile, write: Callable[[Path], None], *, source: str, label: str, update: bool = False
    ) -> bool:
        """Write a file to its path in the folder and record it.

        Parameters
        ----------
        asset : ReferenceFile
        write : callable
            Function that writes the content to a path.
        source : str
            Source of the file for the lock file.
        label : str
            Source of the file for error messages.
        update : bool
            Accept content that differs from the recorded one or, where none is recorded, from the existing file.

        Returns
        -------
        bool
            Whether the content is new in the folder.

        Raises
        ------
        CalibrationError
            When the content is damaged or differs from before; the existing file is kept.
        OutputError
            When the folder cannot be written.
        """
        relative = self.path_in_folder(asset)
        path, expected = self.directory / relative, self._expected_sha256(asset, relative)
        new = True
        with files.aside(path) as part:
            write(part)
            defect = validate.find_defect(part, asset.kind)
            if defect:
                raise CalibrationError(
                    f"{asset.name}: {label} is {defect}", "it was not installed, get it from elsewhere"
                )
            entry = manifest.make_entry(part, source)
            if expected not in (None, entry.sha256) and not update:
                raise CalibrationError(
                    f"{asset.name}: {label} has sha256 {entry.sha256}, but {self._expectation(relative)} {expected}",
                    "the file was not changed, --update accepts the new content",
                )
            new = not manifest.is_unchanged(path, entry)
        self._record(relative, entry)
        return new

    def record(self, asset: ReferenceFile, relative: str, *, source: str, update: bool = False) -> bool:
        """Record a file that is already in the folder, at the path `relative` to it; otherwise as `install`."""
        path, recorded = self.directory / relative, self._entries.get(relative)
        defect = validate.find_defect(path, asset.kind)
        if defect:
            raise CalibrationError(f"{asset.name}: {path} is {defect}", "remove it, get it from elsewhere")
        if recorded and manifest.is_unchanged(path, recorded):
            return False
        if recorded and not update:
            raise CalibrationError(f"{asset.name}: {path} differs from the recorded content", "--update accepts it")
        self._record(relative, manifest.make_entry(path, source))
        return True

    def _expected_sha256(self, asset: ReferenceFile, relative: str) -> str | None:
        """SHA-256 that the content must have: the recorded one, else that of an existing valid file."""
        path = self.directory / relative
        if relative in self._entries:
            return self._entries[relative].sha256
        return manifest.sha256(path) if path.is_file() and not validate.find_defect(path, asset.kind) else None

    def _expectation(self, relative: str) -> str:
        return f"{manifest.LOCK_FILE} records" if relative in self._entries else "the existing file has"

    def _record(self, relative: str, entry: manifest.Entry) -> None:
        self._entries[relative] = self._new[relative] = entry
        self._paths.setdefault(PurePosixPath(relative).name, relative)
        if time.monotonic() - self._written > MIN_SECONDS_PER_ENTRY * len(self._entries):
            self._write()

    def _write(self) -> None:
        if self._new:
            manifest.update(self.directory, self._new)
            self._new = {}
        self._written = time.monotonic()
