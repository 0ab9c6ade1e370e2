"""Importing the official calibration files from a SolarSoft tree, a copy of one, or any other folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

from corinpaint.lasco.errors import CalibrationError, OptionError, OutputError
from corinpaint.lasco.reference_files import catalogue, locate, validate
from corinpaint.lasco.reference_files.catalogue import ReferenceFile
from corinpaint.lasco.reference_files.install import Installer, Report

IMPORTED_SOURCE = "imported"
"""Source of an imported file in the lock file."""


def source_tree(environment: Mapping[str, str] | None = None) -> Path:
    """LASCO's folder in the SolarSoft tree of this machine: $LASCO_DATA, else $SSW/soho/lasco.

    Parameters
    ----------
    environment : mapping, optional
        Environment variables; by default those of the process.

    Raises
    ------
    OptionError
        When neither variable is set.
    """
    values = os.environ if environment is None else environment
    if values.get("LASCO_DATA"):
        return Path(values["LASCO_DATA"])
    if values.get("SSW"):
        return Path(values["SSW"]) / "soho" / "lasco"
    raise OptionError("neither LASCO_DATA nor SSW is set", "give the folder of the SolarSoft tree")


def import_tree(
    source: Path,
    directory: Path,
    *,
    days: Collection[date] | None = None,
    detectors: Collection[str] = catalogue.BOTH_DETECTORS,
    update: bool = False,
) -> Report:
    """Copy the official files at any depth of a tree to a calibration folder.

    Files are identified by their names and validated; of several files with a name, the first valid one in order of the
    paths is copied. Files that are already in the calibration folder are recorded where they are. The tree is not
    changed.

    Parameters
    ----------
    source : Path
        The tree.
    directory : Path
        The calibration folder; created if it is missing.
    days : collection of datetime.date, optional
        Days (UTC) of the daily files to import; by default all.
    detectors : collection of str
        Telescopes whose files are imported.
    update : bool
        Accept content that differs from the recorded one.

    Returns
    -------
    Report
        Its `absent` lists the files that do not depend on the day and that the tree does not contain.

    Raises
    ------
    CalibrationError
        When the tree is missing or contains no official file, or the lock file is damaged.
    OutputError
        When the lock file cannot be written.
    """
    if not source.is_dir():
        raise CalibrationError(f"{source}: no such folder", "give the folder of the SolarSoft tree")
    found = _find_official_files(source, days, set(detectors))
    if not found:
        raise CalibrationError(f"{source}: contains none of the requested official files", "give the SolarSoft tree")
    report = Report(absent=[asset for asset in catalogue.fixed_files(detectors) if asset not in found])
    with Installer(directory) as installer:
        for number, (asset, paths) in enumerate(found.items(), 1):
            try:
                new = _import_file(installer, asset, paths, update)
            except OutputError as error:
                report.failed.append((asset, error))
                report.untried.extend(list(found)[number:])
                break
            except CalibrationError as error:
                report.failed.append((asset, error))
            else:
                (report.added if new else report.kept).append(asset)
    return report


def _find_official_files(
    source: Path, days: Collection[date] | None, detectors: set[str]
) -> dict[ReferenceFile, tuple[Path, ...]]:
    identified = {catalogue.identify(name): paths for name, paths in locate.files_by_name(source).items()}
    return {
        asset: paths
        for asset, paths in sorted(identified.items(), key=lambda item: item[0].path if item[0] else "")
        if asset and detectors & set(asset.detectors) and (days is None or asset.day is None or asset.day in days)
    }


def _import_file(installer: Installer, asset: ReferenceFile, paths: tuple[Path, ...], update: bool) -> bool:
    root = installer.directory.resolve()
    own = [path.relative_to(root).as_posix() for path in paths if path.is_relative_to(root)]
    if own:
        new = [installer.record(asset, relative, source=IMPORTED_SOURCE, update=update) for relative in own]
        return any(new)
    path = next((path for path in paths if not validate.find_defect(path, asset.kind)), paths[0])

    def copy(part: Path) -> None:
        try:
            file = path.open("rb")
        except OSError as error:
            raise CalibrationError(
                f"{asset.name}: {path} cannot be read ({error.strerror})", "check its permissions"
            ) from error
        with file, part.open("xb") as copied:
            shutil.copyfileobj(file, copied)

    return installer.install(asset, copy, source=IMPORTED_SOURCE, label=str(path), update=update)
