"""`corinpaint watch`: frames restored as they arrive in a folder, or at a server."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corinpaint.cli import common
from corinpaint.cli.batch import fill_option, mask_option, policy_option, tell
from corinpaint.lasco.errors import CorInpaintError, OptionError

if TYPE_CHECKING:
    from corinpaint.archive.outcome import Outcome
    from corinpaint.archive.stopping import Stop

SERVERS = ("near-real-time", "quick-look")
"""Sources that can be given in place of a folder."""


@click.command("watch")
@click.argument("source", metavar="FOLDER|near-real-time|quick-look")
@common.output_option
@common.layout_option
@fill_option
@policy_option
@click.option(
    "--context/--no-context",
    default=False,
    show_default=True,
    help="Fill from frames that came before, and make products anew when later frames come that help to fill them.",
)
@mask_option
@click.option("--model", type=click.Path(path_type=Path, dir_okay=False), help="Network to use.")
@common.calibration_option
@common.compress_option
@click.option("--png", is_flag=True, help="Write a picture before and after restoration beside each product.")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON report beside each product.")
@click.option(
    "--poll", type=click.FloatRange(0.05), help="Look through FOLDER every so many seconds, as network drives need it."
)
@click.option("--new-only", is_flag=True, help="Leave out the frames that are in FOLDER already.")
@click.option(
    "--frames",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that frames of a server are fetched into; needed with one.",
)
@click.option(
    "--interval",
    type=click.FloatRange(10),
    default=300.0,
    show_default=True,
    help="Seconds between two looks at a server.",
)
@click.option(
    "--hours", type=click.FloatRange(1, 400), default=24.0, show_default=True, help="How far back they reach."
)
@click.option("--detector", type=click.Choice(["c2", "c3", "both"]), default="both", show_default=True)
@click.option("--mirror", help="URL of a folder with folders YYMMDD/c3/, in place of the server's own.")
@click.option("--insecure", is_flag=True, help="Allow a mirror without https.")
@click.option(
    "--log",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append a line of JSON for each frame to this file.",
)
def command(
    source: str,
    output: Path,
    layout: str,
    fill: str,
    policy: str,
    context: bool,
    mask: Path | None,
    model: Path | None,
    calibration: Path | None,
    compress: str,
    png: bool,
    as_json: bool,
    poll: float | None,
    new_only: bool,
    frames: Path | None,
    interval: float,
    hours: float,
    detector: str,
    mirror: str | None,
    insecure: bool,
    log: Path | None,
) -> None:
    """Restore Level 0.5 frames as they arrive in FOLDER, or at a server, until Ctrl-C or SIGTERM.

    Only whole files are taken. A frame that fails is reported, and the watch goes on. A file that changes, such as a
    final version in the place of a quick look, has its product made anew. Frames of a server are fetched into --frames,
    day by day, and restored from there.
    """
    with common.importing():
        from corinpaint.archive.job import Job
        from corinpaint.archive.layout import Layout
        from corinpaint.archive.stopping import stopped_by_signals
        from corinpaint.archive.summary import plural
        from corinpaint.archive.watching.watch import Watch

    job = Job(
        fill=fill,
        policy=policy,
        mask=mask,
        model=model,
        calibration=calibration,
        auto_context=context,
        compress=compress,
        png=png,
        json=as_json,
    )
    telling = _Telling(log)
    try:
        folder = _folder(source, frames)
        with stopped_by_signals() as stop:
            watch = Watch(folder, job, Layout(output, layout), stop, telling.outcome, poll, existing=not new_only)
            common.say(f"Watching {folder}; Ctrl-C ends it.", err=True)
            poller = _poller(source, folder, stop, telling, mirror, insecure, detector, interval, hours)
            try:
                watch.run()
            finally:
                stop.set()
                if poller is not None:
                    poller.join()
    except CorInpaintError as error:
        raise common.fail(error) from error
    common.say(f"Stopped: {plural(telling.made, 'product')} made, {plural(telling.failed, 'failure')}.", err=True)
    sys.exit(0)


def _folder(source: str, frames: Path | None) -> Path:
    """The folder that is watched."""
    if source not in SERVERS:
        if not Path(source).is_dir():
            raise OptionError(f"{source}: no such folder", f"give a folder that is there, or {' or '.join(SERVERS)}")
        return Path(source)
    if frames is None:
        raise OptionError(f"{source}: --frames is missing", "say which folder the frames are fetched into")
    frames.mkdir(parents=True, exist_ok=True)
    return frames


def _poller(
    source: str,
    folder: Path,
    stop: Stop,
    telling: _Telling,
    mirror: str | None,
    insecure: bool,
    detector: str,
    interval: float,
    hours: float,
) -> threading.Thread | None:
    """The thread that fetches from a server; None where a folder is watched."""
    if source not in SERVERS:
        return None
    from corinpaint.archive.acquisition import sources
    from corinpaint.archive.acquisition.server import Server
    from corinpaint.archive.watching.near_real_time import Poll
    from corinpaint.lasco.reference_files.transfer import Connection

    place, connection = sources.find(source, mirror), Connection(insecure=insecure)
    detectors = ("C2", "C3") if detector == "both" else (detector.upper(),)
    poll = Poll(lambda: Server(place, connection), folder, detectors, stop, telling.server, interval, hours)
    thread = threading.Thread(target=poll.run, name="poll")
    thread.start()
    return thread


class _Telling:
    """What is told of the frames, and counted; lines begin with the time, UTC.

    Parameters
    ----------
    log : Path or None
        File that a line of JSON is appended to for each frame.
    """

    def __init__(self, log: Path | None) -> None:
        self.log = log
        self.made = self.failed = 0

    def outcome(self, outcome: Outcome) -> None:
        """Tell what became of a frame."""
        self.made += outcome.fate in ("made", "remade")
        self.failed += outcome.has_failed
        tell(outcome)
        if self.log is not None:
            try:
                self.log.parent.mkdir(parents=True, exist_ok=True)
                with self.log.open("a", encoding="utf-8") as file:
                    file.write(f"{outcome.to_json()}\n")
            except OSError as error:  # the watch goes on without it
                common.say(f"Error: {self.log}: cannot be written ({error.strerror})", err=True)

    def server(self, message: CorInpaintError | str) -> None:
        """Tell what a look at a server brought."""
        kind = "Error: " if isinstance(message, CorInpaintError) else ""
        common.say(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S} {kind}{message}", err=True)
