"""`corinpaint calibration`: fetch, import, verify and list the official calibration files of a folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from tqdm import tqdm

from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError

if TYPE_CHECKING:
    from corinpaint.lasco.reference_files.catalogue import ReferenceFile
    from corinpaint.lasco.reference_files.install import Report

DETECTORS = {"C2": ("C2",), "C3": ("C3",), "both": ("C2", "C3")}

directory_option = click.option(
    "-o",
    "--directory",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    envvar="CORINPAINT_CALIBRATION",
    show_envvar=True,
    help="The calibration folder.",
)
from_option = click.option(
    "--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day of the daily tables, e.g. 2002-01-08."
)
to_option = click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day; by default the first.")
detector_option = click.option(
    "--detector", type=click.Choice(list(DETECTORS)), default="both", show_default=True, help="Telescope."
)
update_option = click.option("--update", is_flag=True, help="Accept files whose content differs from the lock file.")


@click.group("calibration")
def command() -> None:
    """Fetch, import and verify the official calibration files.

    The option `--calibration` of the other commands takes their folder. Its lock file, calibration.lock.json, records
    size, sha256 and origin of every file.
    """


@command.command("fetch")
@directory_option
@from_option
@to_option
@click.option(
    "--frame",
    "frames",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Level 0.5 frame whose day and telescope are used instead of --from, --to and --detector; can be repeated.",
)
@detector_option
@click.option("--attitude", is_flag=True, help="Fetch the predictive attitude files of the days too.")
@click.option(
    "--ephemeris", is_flag=True, help="Fetch SOHO's positions in the years of the days from JPL Horizons too."
)
@click.option("--mirror", help="URL of a server with the same folders, https://...")
@click.option("--insecure", is_flag=True, help="Allow URLs without https.")
@click.option(
    "--retries",
    type=click.IntRange(0, 20),
    default=4,
    show_default=True,
    help="Maximum number of retries after a failed connection.",
)
@update_option
def fetch(
    directory: Path,
    first: datetime | None,
    last: datetime | None,
    frames: tuple[Path, ...],
    detector: str,
    attitude: bool,
    ephemeris: bool,
    mirror: str | None,
    insecure: bool,
    retries: int,
    update: bool,
) -> None:
    """Fetch the official files from their servers.

    Without days: the files that do not depend on the day. With days or frames: those, and the tables of exposure
    factors of the days. Files that are in the folder as the lock file records them are not fetched again. The exit
    status is 1 when a file could not be fetched.
    """
    from corinpaint.lasco.level05.frame import read_frame
    from corinpaint.lasco.reference_files import catalogue, transfer
    from corinpaint.lasco.reference_files import fetch as fetching

    if attitude and not (first or frames):
        raise click.UsageError("--attitude needs --from or --frame")
    if ephemeris and not (first or frames):
        raise click.UsageError("--ephemeris needs --from or --frame")
    connection = transfer.Connection(retries, insecure)
    missed = False
    try:
        if frames:
            if first or last or detector != "both":
                raise click.UsageError("--frame takes the place of --from, --to and --detector")
            days = catalogue.days_of(read_frame(path, detectors=DETECTORS["both"]) for path in frames)
        else:
            days = {name: set(_days(first, last) or ()) for name in DETECTORS[detector]}
        assets = catalogue.required_files(days)
        if ephemeris:
            assets += catalogue.ephemeris_tables(set().union(*days.values()))
        if attitude:
            try:
                assets += fetching.find_attitude_files(
                    sorted(set().union(*days.values())), mirror=mirror, connection=connection
                )
            except CorInpaintError as error:
                missed = True
                common.say(f"Error: attitude files: {error}", err=True)
        report = fetching.fetch(
            directory, assets, mirror=mirror, update=update, connection=connection, progress=_progress()
        )
    except CorInpaintError as error:
        raise common.fail(error) from error
    if report.absent:
        daily = [asset for asset in report.absent if asset.day]
        if daily:
            common.say(f"No observations, so no table on the server: {_names(daily)}")
        if len(daily) < len(report.absent):
            common.say(f"Not on the server: {_names([asset for asset in report.absent if not asset.day])}")
    _report(report, directory, "fetched")
    if missed:
        sys.exit(1)


@command.command("import")
@click.argument("source", required=False, type=click.Path(path_type=Path, file_okay=False))
@directory_option
@from_option
@to_option
@detector_option
@update_option
def import_(
    source: Path | None, directory: Path, first: datetime | None, last: datetime | None, detector: str, update: bool
) -> None:
    """Copy the official files from a SolarSoft tree.

    SOURCE is a folder with official files at any depth; by default $LASCO_DATA, else $SSW/soho/lasco. Every file is
    verified, damaged files are left out, and SOURCE is not changed. Without days all daily files are imported.
    """
    from corinpaint.lasco.reference_files import import_tree

    try:
        tree = source or import_tree.source_tree()
        report = import_tree.import_tree(
            tree, directory, days=_days(first, last), detectors=DETECTORS[detector], update=update
        )
    except CorInpaintError as error:
        raise common.fail(error) from error
    if report.absent:
        common.say(f"Not in {tree}: {_names(report.absent)}")
    _report(report, directory, "imported")


@command.command("verify")
@directory_option
def verify(directory: Path) -> None:
    """Compare every file with the lock file, and verify its format.

    Reports files that are missing, changed, damaged or not recorded; the exit status is 1 then.
    """
    from corinpaint.lasco.reference_files import manifest

    try:
        findings, count = manifest.verify(directory), len(manifest.read(directory))
    except CorInpaintError as error:
        raise common.fail(error) from error
    for finding in findings:
        common.say(f"{finding.problem}: {finding.message}", err=True)
    if findings:
        common.say(f"{len(findings)} files differ from the lock file.", err=True)
        sys.exit(1)
    common.say(f"{directory}: {count} files, all as recorded")


@command.command("list")
@directory_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array instead of a table.")
def list_(directory: Path, as_json: bool) -> None:
    """List the official files: whether they are present, their size, origin and purpose."""
    from corinpaint.lasco.reference_files import manifest

    try:
        rows = manifest.status(directory)
    except CorInpaintError as error:
        raise common.fail(error) from error
    if as_json:
        common.say(json.dumps([{"name": Path(row.path).name, **asdict(row)} for row in rows], indent=1))
        return
    table = [("name", "present", "size", "sha256", "source", "purpose")]
    for row in rows:
        size = "-" if row.size is None else str(row.size)
        digest = row.sha256[:12] if row.sha256 else "-"
        purpose = f"{'/'.join(row.detectors)} {row.purpose}".strip()
        source = urlsplit(row.source).netloc or row.source if row.source else "-"
        table.append((Path(row.path).name, "yes" if row.present else "no", size, digest, source, purpose))
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        common.say("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip())


def _days(first: datetime | None, last: datetime | None) -> list[date] | None:
    from corinpaint.lasco.reference_files import catalogue

    if first is None:
        if last is not None:
            raise click.UsageError("--to needs --from")
        return None
    return catalogue.days(first.date(), (last or first).date())


def _progress() -> Callable[[str], Any]:
    """Progress bars on a terminal, nothing elsewhere."""
    return lambda label: tqdm(desc=label, unit="B", unit_scale=True, leave=False, disable=None)


def _names(assets: list[ReferenceFile], limit: int = 8) -> str:
    names = [asset.name for asset in assets]
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


def _report(report: Report, directory: Path, verb: str) -> None:
    for _, error in report.failed:
        common.say(f"Error: {error}", err=True)
    common.say(f"{directory}: {len(report.added)} files {verb}, {len(report.kept)} already present")
    if not report.ok:
        untried = f", {len(report.untried)} were not tried" if report.untried else ""
        common.say(f"{len(report.failed)} files failed{untried}.", err=True)
        sys.exit(1)
