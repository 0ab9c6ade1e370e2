"""`corinpaint fetch`: Level 0.5 frames from the archives that hold them."""

from __future__ import annotations

import math
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corinpaint.archive.acquisition.sources import SOURCES
from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError, NoFrameError

if TYPE_CHECKING:
    from corinpaint.archive.acquisition.download import Report
    from corinpaint.archive.acquisition.image_headers import ImageHeader
    from corinpaint.archive.acquisition.query import Query
    from corinpaint.archive.acquisition.search import DayFolder
    from corinpaint.archive.acquisition.server import Server

DETECTORS = {"c2": ("C2",), "c3": ("C3",), "both": ("C2", "C3")}


@click.command("fetch")
@click.argument("first")
@click.argument("last", required=False)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the frames."
)
@click.option("--hours", type=click.FloatRange(0, min_open=True), help="Length of the range, in place of LAST.")
@click.option(
    "--detector",
    type=click.Choice(list(DETECTORS), case_sensitive=False),
    default="both",
    show_default=True,
    help="Telescope.",
)
@click.option("--filter", "filters", multiple=True, help="FILTER, such as Orange or Clear; can be repeated.")
@click.option("--polar", "polars", multiple=True, help="POLAR, such as Clear, 0, +60 or -60; can be repeated.")
@click.option("--min-exposure", type=click.FloatRange(0), default=0.0, help="Minimum exposure time, seconds.")
@click.option("--max-exposure", type=click.FloatRange(0), default=math.inf, help="Maximum exposure time, seconds.")
@click.option(
    "--cadence",
    type=click.FloatRange(0, min_open=True),
    help="Minimum time between two frames of one telescope, filter and polariser, minutes.",
)
@click.option(
    "--source",
    type=click.Choice(list(SOURCES)),
    default="nrl",
    show_default=True,
    help="Where the frames are taken from: " + "; ".join(f"{one.name}, {one.holds}" for one in SOURCES.values()) + ".",
)
@click.option("--mirror", help="URL of a folder with the same folders YYMMDD/c3/, in place of --source.")
@click.option("--insecure", is_flag=True, help="Allow a mirror without https.")
@click.option("--dry-run", is_flag=True, help="List the frames that would be fetched, and fetch none.")
@click.option(
    "--connections",
    type=click.IntRange(1, 2),
    default=2,
    show_default=True,
    help="Number of frames that are fetched at once.",
)
@click.option(
    "--delay",
    type=click.FloatRange(0),
    default=0.5,
    show_default=True,
    help="Minimum time between two requests, seconds.",
)
@click.option(
    "--retries",
    type=click.IntRange(0, 20),
    default=4,
    show_default=True,
    help="Maximum number of retries after a failed connection.",
)
def command(
    first: str,
    last: str | None,
    output: Path,
    hours: float | None,
    detector: str,
    filters: tuple[str, ...],
    polars: tuple[str, ...],
    min_exposure: float,
    max_exposure: float,
    cadence: float | None,
    source: str,
    mirror: str | None,
    insecure: bool,
    dry_run: bool,
    connections: int,
    delay: float,
    retries: int,
) -> None:
    """Fetch Level 0.5 frames of a range of time.

    FIRST and LAST are days such as 2002-01-08, which both belong to the range, or times such as 2002-01-08T02:00, UTC.
    Without LAST and --hours the range is the day of FIRST, or what is left of it. The frames go to folders such as
    OUTPUT/020108/c3, as in the archives. Frames that are there as they were fetched are not fetched again, so that a
    stopped run is continued by the same command. The exit status is 1 when a frame could not be fetched, or a day has
    none.
    """
    from corinpaint.archive.acquisition import sources
    from corinpaint.archive.acquisition.query import Query, parse_range
    from corinpaint.archive.acquisition.search import search
    from corinpaint.archive.acquisition.server import Server
    from corinpaint.lasco.reference_files.transfer import Connection

    try:
        start, end = parse_range(first, last, hours)
        gap = timedelta(minutes=cadence or 0)
        query = Query(start, end, DETECTORS[detector], filters, polars, min_exposure, max_exposure, gap)
        server = Server(sources.find(source, mirror), Connection(retries, insecure), delay)
        server.check_reachable()
        run = _Run(output, connections)
        for folder in search(query, server):
            run.take(folder, server, dry_run)
    except CorInpaintError as error:
        raise common.fail(error) from error
    run.end(query, server)


class _Run:
    """Takes the folders of the days one after the other, and counts.

    Parameters
    ----------
    output : Path
        Folder of the archive.
    connections : int
        Number of frames that are fetched at once.
    """

    def __init__(self, output: Path, connections: int) -> None:
        from tqdm import tqdm

        self.output, self.connections = output, connections
        self.bar = tqdm(desc="fetch", unit="frame", total=0, disable=None, leave=False)
        self.wanted = self.seen = self.failed = self.untried = 0

    def take(self, folder: DayFolder, server: Server, dry_run: bool) -> None:
        """Fetch, or list, the frames of a folder."""
        self.seen += folder.count
        self.wanted += len(folder.wanted)
        self.failed += len(folder.errors)
        for note in folder.notes:
            common.say(f"Warning: {note}", err=True)
        for error in folder.errors:
            common.say(f"Error: {error}", err=True)
        if not folder.wanted:
            return
        if dry_run:
            self._list(folder)
            return
        from corinpaint.archive.acquisition import download

        self.bar.total += len(folder.wanted)
        self.bar.set_description(folder.name)
        report = download.fetch(
            folder, self.output, server, connections=self.connections, done=lambda: self.bar.update(1)
        )
        self._report(folder, report)

    def end(self, query: Query, server: Server) -> None:
        """Say what is missing; exits with status 1 when anything is."""
        self.bar.close()
        if server.has_stopped_answering:
            left = f", {_frames(self.untried)} of these days not tried" if self.untried else ""
            common.say(
                f"Error: the server stopped answering{left}; run the same command again later to continue", err=True
            )
        if self.failed:
            common.say(f"{self.failed} {'failure' if self.failed == 1 else 'failures'}.", err=True)
        if self.failed or server.has_stopped_answering:
            sys.exit(1)
        if not self.wanted:
            what = f"{query.start:%Y-%m-%dT%H:%M} to {query.end:%Y-%m-%dT%H:%M}: none of the {_frames(self.seen)}"
            raise common.fail(NoFrameError(f"{what} of these days is wanted", "check the times and options"))

    def _list(self, folder: DayFolder) -> None:
        from corinpaint.archive.acquisition import download

        absent = download.missing(folder, self.output)
        for header in absent:
            common.say(_line(folder, header))
        size = sum(header.size for header in absent) / 2**20
        kept = len(folder.wanted) - len(absent)
        common.say(
            f"{folder.name}: {_frames(len(absent))} to fetch, about {size:.0f} MiB; {kept} already present;"
            f" {folder.count} on the server",
            err=True,
        )

    def _report(self, folder: DayFolder, report: Report) -> None:
        for error in report.failed:
            common.say(f"Error: {error}", err=True)
        self.failed += len(report.failed)
        self.untried += len(report.untried)
        failed = f", {len(report.failed)} failed" if report.failed else ""
        common.say(
            f"{self.output / folder.name}: {_frames(len(report.fetched))} fetched, {len(report.kept)} already present"
            f"{failed}; {folder.count} on the server"
        )


def _line(folder: DayFolder, header: ImageHeader) -> str:
    """A frame in one line."""
    exposure = "" if math.isnan(header.exptime) else f"{header.exptime:.1f}"
    words = (
        f"{folder.name}/{header.name}",
        f"{header.start:%Y-%m-%d %H:%M:%S}",
        f"{exposure:>6} s",
        f"{header.columns} x {header.rows}",
        header.filter,
        header.polar,
    )
    return "  ".join(words)


def _frames(count: int) -> str:
    return f"{count} frame{'' if count == 1 else 's'}"
