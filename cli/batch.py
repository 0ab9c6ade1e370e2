"""What `restore` and `calibrate` share: the options of a run over many frames, and what is told of it."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError, NoFrameError
from corinpaint.restore.limits.policies import DEFAULT_POLICY, POLICIES
from corinpaint.restore.methods import registry

if TYPE_CHECKING:
    from corinpaint.archive.job import Job, Stale
    from corinpaint.archive.outcome import Outcome
    from corinpaint.lasco.inputs.files import InputFile
    from corinpaint.lasco.timeline import Timeline

fill_option = click.option(
    "--fill",
    type=click.Choice(["network", "auto", *registry.METHODS, "none"]),
    default="network",
    show_default=True,
    help="How missing blocks are filled: by the network, by the method with the smallest measured error for each zone "
    "(auto), by a method without a network, or not at all (none: NaN and flagged).",
)

policy_option = click.option(
    "--policy",
    type=click.Choice(POLICIES),
    default=DEFAULT_POLICY,
    show_default=True,
    help="Which zones of missing blocks are filled: those within SolarSoft's limits (solarsoft: 16 blocks, none at the "
    "edge of the frame); zones of any size by the network where it predicts an error within --max-error (predicted); "
    "or the former, and beyond them the latter where context frames show the zone (auto).",
)

mask_option = click.option(
    "--mask",
    type=click.Path(path_type=Path),
    metavar="MASK|FOLDER",
    help="Pixels to fill besides the missing blocks (trails, planets, comets): a FITS image of the frame's size, not 0 "
    "where missing, for all frames; or a folder of them, each with the number of its frame (32082037.fits).",
)

OPTIONS = (
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(1, 1024),
        help="Processes; by default as many as there are cores, and free GiB of memory.",
    ),
    click.option(
        "--stale",
        type=click.Choice(["remake", "skip", "fail"]),
        default="remake",
        show_default=True,
        help="A product that is there but was made from another file, with other options, weights or calibration: make "
        "it anew, leave it, or report it as a failure.",
    ),
    common.compress_option,
    click.option("--dry-run", is_flag=True, help="Only say what would be made."),
    click.option(
        "--log-json",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write the summary of the run to this file.",
    ),
    click.option(
        "--report", is_flag=True, help="Make a report page of the products of this run, report/index.html in OUTPUT."
    ),
)


def batch_options(command: Callable[..., None]) -> Callable[..., None]:
    """Decorator that adds the options of a run over many frames; the command gets a `Batch`."""

    @functools.wraps(command)
    def collected(**arguments: Any) -> None:
        names = (
            "inputs",
            "output",
            "layout",
            "jobs",
            "stale",
            "compress",
            "dry_run",
            "log_json",
            "report",
            "overwrite",
        )
        command(batch=Batch(**{name: arguments.pop(name) for name in names}), **arguments)

    for option in reversed((common.inputs_argument, common.output_option, common.layout_option, *OPTIONS)):
        collected = option(collected)
    return common.overwrite_option(collected)


class Batch:
    """A run over many frames, as its options ask for it.

    Parameters
    ----------
    inputs : tuple of Path
    output : Path
    layout : str
    jobs : int or None
    stale : str
    compress : str
    dry_run : bool
    log_json : Path or None
    report : bool
    overwrite : bool
    """

    def __init__(
        self,
        inputs: tuple[Path, ...],
        output: Path,
        layout: str,
        jobs: int | None,
        stale: Stale,
        compress: str,
        dry_run: bool,
        log_json: Path | None,
        report: bool,
        overwrite: bool,
    ) -> None:
        self.inputs, self.output, self.layout, self.jobs = inputs, output, layout, jobs
        self.dry_run, self.log_json, self.report = dry_run, log_json, report
        self.stale, self.compress, self.overwrite = stale, compress, overwrite

    def run(self, job: Job, context: Sequence[Path] = (), *, from_inputs: bool = False) -> None:
        """Make the products and tell what became of each frame; exits with status 1 when any failed.

        Parameters
        ----------
        job : Job
        context : sequence of Path
            Frames of which each frame takes the nearest fit ones as context.
        from_inputs : bool
            Take them from the inputs and the folders that they lie in, too.
        """
        from corinpaint.archive.inputs import Inputs, default_processes
        from corinpaint.archive.layout import Layout
        from corinpaint.archive.progress import Progress
        from corinpaint.archive.stopping import stopped_by_signals
        from corinpaint.archive.summary import Summary

        summary, items = Summary(), common.frames(self.inputs)
        for_report: list[Outcome] = []
        progress = Progress(len(items), job.verb, lambda line: common.say(line, err=True))
        try:
            timeline = _timeline(items if from_inputs else [], context) if job.auto_context else None
            inputs = Inputs(items, Layout(self.output, self.layout), timeline)
            with stopped_by_signals() as stop:
                outcomes = (
                    inputs.intended(job) if self.dry_run else inputs.run(job, self.jobs or default_processes(), stop)
                )
                for outcome in outcomes:
                    summary.add(outcome)
                    if self.report:
                        for_report.append(outcome)
                    progress.advance(worked=outcome.seconds > 0 and not outcome.has_failed)
                    tell(outcome, intended=self.dry_run)
        except CorInpaintError as error:
            raise common.fail(error) from error
        finally:
            progress.close()
        if len(items) > 1 or not summary.made:
            for line in summary.lines(progress.seconds):
                common.say(line, err=True)
        if self.log_json is not None:
            _write(self.log_json, summary.to_dict(progress.seconds))
        if for_report and not self.dry_run and not stop.is_set():
            self._make_report(for_report)
        if stop.is_set():
            common.say("Stopped; the same command goes on where it was stopped.", err=True)
        sys.exit(stop.exit_status or (1 if summary.failed else 0))

    def _make_report(self, outcomes: Sequence[Outcome]) -> None:
        from corinpaint.cli.archives.report import make

        products = [Path(outcome.product) for outcome in outcomes if outcome.product and not outcome.has_failed]
        try:
            make(self.output, of=dict.fromkeys(products), outcomes=outcomes, jobs=self.jobs or 1)
        except CorInpaintError as error:
            raise common.fail(error) from error


def _timeline(items: Sequence[InputFile | NoFrameError], context: Sequence[Path]) -> Timeline:
    """Where context may come from: inputs and their folders, and what was named."""
    from corinpaint.lasco.timeline import Timeline

    inputs = [item.path for item in items if not isinstance(item, NoFrameError)]
    return Timeline([*inputs, *context], with_folders=bool(inputs))


def tell(outcome: Outcome, *, intended: bool = False) -> None:
    """Say what became of a frame, or would become of it.

    Parameters
    ----------
    outcome : Outcome
    intended : bool
        Nothing has been done.
    """
    from corinpaint.archive.outcome import Fate

    common.warn(Path(outcome.frame), outcome.warnings)
    if outcome.has_failed:
        common.say(f"Error: {outcome.error}", err=True)
    elif outcome.fate is Fate.STALE:
        common.say(f"Left as it is: {outcome.product}: {outcome.note}", err=True)
    elif outcome.fate is not Fate.THERE:
        anew = f" (made anew: {outcome.note})" if outcome.note else ""
        common.say(f"{outcome.product}: {f'from {outcome.frame}' if intended else _blocks(outcome)}{anew}")


def _blocks(outcome: Outcome) -> str:
    """Numbers of blocks in one line: missing = filled + refused + occulted."""
    parts = []
    if outcome.filled or outcome.refused or outcome.occulted:
        parts.append(f"{outcome.filled} filled")
    if outcome.refused:
        parts.append(f"{outcome.refused} refused ({'; '.join(outcome.reasons)})")
    if outcome.occulted:
        parts.append(f"{outcome.occulted} occulted")
    found = common.missing_blocks(outcome.missing)
    return f"{outcome.calibration.lower()} calibration, {found}{': ' if parts else ''}{', '.join(parts)}"


def _write(path: Path, summary: dict[str, Any]) -> None:
    from corinpaint.lasco.files import write_bytes

    try:
        write_bytes(path, json.dumps(summary, indent=1).encode(), overwrite=True)
    except CorInpaintError as error:
        raise common.fail(error) from error
