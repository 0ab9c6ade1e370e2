"""Fetching the official calibration files from their servers into a folder, with validation and a lock file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from corinpaint.lasco.errors import CalibrationError, OutputError
from corinpaint.lasco.reference_files import catalogue, servers, transfer
from corinpaint.lasco.reference_files.catalogue import ReferenceFile
from corinpaint.lasco.reference_files.install import Installer, Report


def fetch(
    directory: Path,
    assets: Sequence[ReferenceFile],
    *,
    mirror: str | None = None,
    update: bool = False,
    connection: transfer.Connection | None = None,
    progress: Callable[[str], transfer.ProgressBar] | None = None,
) -> Report:
    """Fetch official files into a folder.

    Files that exist as the lock file records them are not fetched again, so that an interrupted run can be continued. A
    file is installed only when it is complete, valid for its kind, and has the content that the lock file records.

    Parameters
    ----------
    directory : Path
        The calibration folder; created if it is missing.
    assets : sequence of ReferenceFile
        Files to fetch; see `corinpaint.lasco.reference_files.catalogue`.
    mirror : str, optional
        Address of a mirror, to which every `ReferenceFile.path` is relative, instead of the official servers.
    update : bool
        Ask the server for every file and accept new content.
    connection : Connection, optional
        Number of retries and allowed addresses.
    progress : callable, optional
        Returns the progress bar of a file for its label.

    Returns
    -------
    Report
        After a file that fails the next ones are fetched, unless the folder cannot be written.

    Raises
    ------
    CalibrationError
        When the lock file is damaged.
    OutputError
        When the lock file cannot be written.
    """
    report, patience, connection = Report(), servers.Patience(), connection or transfer.Connection()
    with Installer(directory) as installer:
        for number, asset in enumerate(assets, 1):
            if not update and installer.is_installed(asset):
                report.kept.append(asset)
                continue
            url = asset.url(mirror)
            bar = partial(progress, f"{number}/{len(assets)} {asset.name}") if progress else None
            write = partial(_download, url, patience=patience, connection=connection, bar=bar)
            try:
                new = installer.install(asset, write, source=url, label=url, update=update)
                (report.added if new else report.kept).append(asset)
            except OutputError as error:
                report.failed.append((asset, error))
                report.untried.extend(assets[number:])
                break
            except CalibrationError as error:
                if isinstance(error, transfer.AbsentError) and (asset.day or asset.optional):
                    report.absent.append(asset)
                else:
                    report.failed.append((asset, error))
    return report


def find_attitude_files(
    days: Sequence[date], *, mirror: str | None = None, connection: transfer.Connection | None = None
) -> list[ReferenceFile]:
    """The predictive attitude files of the given days, from the index pages of the server.

    Parameters
    ----------
    days : sequence of datetime.date
    mirror, connection
        As for `fetch`.

    Raises
    ------
    FetchError
        When an index page cannot be fetched.
    """
    folders: dict[ReferenceFile, list[date]] = {}
    for day in days:
        folders.setdefault(catalogue.attitude_folder(day), []).append(day)
    found: list[ReferenceFile] = []
    for folder, of_folder in folders.items():
        names = servers.listing(folder.url(mirror), connection or transfer.Connection())
        found += catalogue.attitude_files(names, of_folder)
    return found


def _download(
    url: str,
    path: Path,
    *,
    patience: servers.Patience,
    connection: transfer.Connection,
    bar: Callable[[], transfer.ProgressBar] | None,
) -> None:
    with patience.asking(url):
        transfer.download(url, path, connection, bar() if bar else None)
