"""`corinpaint report`: a folder of products in, a folder of static HTML pages out."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError

if TYPE_CHECKING:
    from corinpaint.archive.outcome import Outcome
    from corinpaint.archive.reporting.make import Report


@click.command("report")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the report; by default FOLDER/report.",
)
@click.option(
    "--log",
    "logs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="What became of the frames: the folder of a run of corinpaint archive, one of its logs, or the file of "
    "--log-json. Can be repeated. The logs of FOLDER itself are read where it has some.",
)
@click.option(
    "-j", "--jobs", type=click.IntRange(1, 1024), default=1, show_default=True, help="Processes that make pages."
)
def command(folder: Path, output: Path | None, logs: tuple[Path, ...], jobs: int) -> None:
    """Make a report of the products of FOLDER: a summary, a table, and a page for each frame.

    FOLDER is searched at any depth. The report is a folder of static pages without foreign addresses: open its
    index.html in a browser, from a disk or from a server. Done again, only the pages of products that are new or have
    changed are made. Damaged products, and frames that failed by the log, are listed with the reason.
    """
    with common.importing():
        from corinpaint.archive.reporting import run_logs

    try:
        where = [*logs, *([folder] if run_logs.has_logs(folder) else [])]
        outcomes = [outcome for path in where for outcome in run_logs.read(path)]
        make(folder, output, outcomes=outcomes, jobs=jobs)
    except CorInpaintError as error:
        raise common.fail(error) from error


def make(
    folder: Path,
    output: Path | None = None,
    *,
    of: Iterable[Path] | None = None,
    outcomes: Iterable[Outcome] = (),
    jobs: int = 1,
) -> Report:
    """Make a report and say what was done; exits with the status of a signal that stopped it.

    Parameters and errors as for `corinpaint.archive.reporting.make.make_report`.
    """
    from corinpaint.archive.reporting.make import make_report
    from corinpaint.archive.stopping import stopped_by_signals

    with stopped_by_signals() as stop:
        report = make_report(
            folder,
            output,
            of=of,
            outcomes=outcomes,
            command=command_line(sys.argv),
            processes=jobs,
            stop=stop,
        )
    for entry in report.failed if of is None else ():  # a run has told what failed itself
        common.say(f"Without a page: {entry.file}: {'; '.join(entry.reasons)}", err=True)
    for kind, count in report.passed_over.items():
        common.say(f"Passed over: {count} {kind}", err=True)
    removed = f", {report.removed} removed" if report.removed else ""
    common.say(f"{report.index}: {len(report.entries)} frames; pages: {report.made} made, {report.kept} kept{removed}")
    if stop.is_set():
        common.say("Stopped; the same command goes on where it was stopped.", err=True)
        sys.exit(stop.exit_status)
    return report


def command_line(arguments: list[str]) -> str:
    """The command as it was given, with the name of the program without its folder."""
    return shlex.join([f"{Path(arguments[0]).stem.replace('main', 'corinpaint')}", *arguments[1:]])
