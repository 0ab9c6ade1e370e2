"""`corinpaint archive`: plan the frames of an archive, work through the plan, see where it stands, join its parts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corinpaint.cli import batch, common
from corinpaint.cli.archives.plan import MAX_NAMED, names_of, plan
from corinpaint.lasco.errors import CorInpaintError

if TYPE_CHECKING:
    from corinpaint.archive.running.run import Run, Scheduler
    from corinpaint.archive.running.state import State

run_argument = click.argument("run", type=click.Path(path_type=Path, file_okay=False), metavar="RUN")

json_option = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@click.group("archive")
def command() -> None:
    """Restore whole archives: make a plan once, work through it on one machine or many, go on after any end.

    RUN is a folder on a local disk, or one that all machines see, with the plan and the logs.
    """


command.add_command(plan)


@command.command("run")
@run_argument
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the products."
)
@click.option(
    "-j", "--jobs", type=click.IntRange(1, 1024), help="Processes; by default as many as cores and GiB of memory allow."
)
@click.option(
    "--shard", default="1/1", show_default=True, help="Part of the plan, i/n: for job arrays, from 1/n to n/n."
)
@click.option(
    "--scheduler",
    type=click.Choice(["processes", "dask", "slurm"]),
    default="processes",
    show_default=True,
    help="Processes of this machine; a Dask cluster, by default one on this machine; or Dask workers in Slurm jobs.",
)
@click.option("--address", help="Scheduler of an existing Dask cluster, such as tcp://node7:8786, or a scheduler file.")
@click.option(
    "--memory", default="2GiB", show_default=True, help="Memory of a worker of the Dask cluster on this machine."
)
@click.option("--slurm-jobs", type=click.IntRange(1), default=1, show_default=True, help="Number of Slurm jobs.")
@click.option("--slurm-cores", type=click.IntRange(1), default=8, show_default=True, help="Cores and workers of a job.")
@click.option("--slurm-memory", default="16GiB", show_default=True, help="Memory of a job.")
@click.option("--slurm-time", default="04:00:00", show_default=True, help="Time limit of a job.")
@click.option("--slurm-queue", help="Partition; by default that of dask-jobqueue's configuration.")
@click.option("--slurm-account", help="Account that is charged.")
@click.option(
    "--slurm-directive", multiple=True, help="Further #SBATCH line, such as --constraint=epyc; can be repeated."
)
@click.option("--slurm-prologue", multiple=True, help="Command that a job runs first; can be repeated.")
@click.option("--retry-failed", is_flag=True, help="Try frames again that have failed or were set aside.")
@click.option("--trust-logs", is_flag=True, help="Do not look whether the products that the logs name are still there.")
@click.option("--dry-run", is_flag=True, help="Only say what would be made.")
@click.option(
    "--log-json", type=click.Path(path_type=Path, dir_okay=False), help="Write the summary of this start to this file."
)
def run(run: Path, output: Path, shard: str, dry_run: bool, log_json: Path | None, **options: Any) -> None:
    """Work through the plan of RUN, or go on with it.

    What the logs and the products say is done is not done again. A frame that fails is reported and costs no other one;
    it is tried again only with --retry-failed, but for errors that may pass, such as a full disk. The first SIGINT or
    SIGTERM lets the frames in hand be finished. The exit status is 1 when a frame failed.
    """
    with common.importing():
        from corinpaint.archive.planning.plan_file import Plan, parse_shard
        from corinpaint.archive.running.run import Run, Wanted

    try:
        with Plan(run) as opened:
            wanted = Wanted(output, parse_shard(shard), options.pop("retry_failed"), options.pop("trust_logs"))
            started = Run(opened, wanted)
            if dry_run:
                for entry in started.remaining():
                    common.say(f"{output / entry.product}: from {entry.frame}")
                return
            status = _work(started, options, log_json)
    except CorInpaintError as error:
        raise common.fail(error) from error
    sys.exit(status)


@command.command("status")
@run_argument
@json_option
def status(run: Path, as_json: bool) -> None:
    """Show where RUN stands: frames by what became of them, and failures by kind with their files."""
    with common.importing():
        from corinpaint.archive.planning.plan_file import Plan
        from corinpaint.archive.running.state import read_state

    try:
        with Plan(run) as plan:
            _say_state(read_state(plan), as_json)
    except CorInpaintError as error:
        raise common.fail(error) from error


@command.command("merge")
@run_argument
@click.argument("others", nargs=-1, type=click.Path(path_type=Path, file_okay=False), metavar="OTHER...")
@json_option
def merge(run: Path, others: tuple[Path, ...], as_json: bool) -> None:
    """Take the logs of OTHER folders into RUN, and write RUN/outcomes.jsonl with a line for each frame.

    OTHER are folders of the same plan from other machines. Doing it again changes nothing. Products are not copied.
    """
    with common.importing():
        from corinpaint.archive.running.merge import MERGED, merge

    try:
        state = merge(run, others)
    except CorInpaintError as error:
        raise common.fail(error) from error
    _say_state(state, as_json)
    common.say(f"{run / MERGED}: written", err=True)


def _work(run: Run, options: dict[str, Any], log_json: Path | None) -> int:
    """Work through what remains and tell of it; the exit status."""
    from corinpaint.archive.progress import Progress
    from corinpaint.archive.stopping import stopped_by_signals
    from corinpaint.archive.summary import Summary

    summary = Summary()
    progress = Progress(run.count(), "archive", lambda line: common.say(line, err=True))
    try:
        with stopped_by_signals() as stop, ExitStack() as stack:
            remains = next(run.remaining(), None) is not None
            for outcome in run.work(stack.enter_context(_scheduler(**options)), stop) if remains else ():
                summary.add(outcome)
                progress.advance(worked=outcome.seconds > 0 and not outcome.has_failed)
                if outcome.has_failed:
                    common.say(f"Error: {outcome.error}", err=True)
    finally:
        progress.close()
    for line in summary.lines(progress.seconds):
        common.say(line, err=True)
    if log_json is not None:
        batch._write(log_json, summary.to_dict(progress.seconds))
    if stop.is_set():
        common.say("Stopped; the same command goes on where it was stopped.", err=True)
    return stop.exit_status or (1 if summary.failed else 0)


@contextmanager
def _scheduler(scheduler: str, jobs: int | None, address: str | None, memory: str, **slurm: Any) -> Iterator[Scheduler]:
    """What chunks are worked through on, opened."""
    from corinpaint.archive.inputs import default_processes
    from corinpaint.archive.running import cluster
    from corinpaint.archive.running.local import run_locally

    processes = jobs or default_processes()
    with ExitStack() as stack:
        if scheduler == "processes":
            yield lambda session, chunks, stop: run_locally(session, chunks, processes, stop)
            return
        if scheduler == "slurm":
            client = stack.enter_context(cluster.slurm_jobs(_slurm(**slurm)))
        elif address is not None:
            client = stack.enter_context(cluster.existing_cluster(address))
        else:
            client = stack.enter_context(cluster.local_cluster(processes, memory))
        yield lambda session, chunks, stop: cluster.run_on_dask(session, chunks, client, stop)


def _slurm(**options: Any) -> Any:
    from corinpaint.archive.running.cluster import Slurm

    return Slurm(
        jobs=options["slurm_jobs"],
        cores=options["slurm_cores"],
        memory=options["slurm_memory"],
        walltime=options["slurm_time"],
        queue=options["slurm_queue"],
        account=options["slurm_account"],
        directives=options["slurm_directive"],
        prologue=options["slurm_prologue"],
    )


def _say_state(state: State, as_json: bool) -> None:
    """Say where a run stands."""
    found = state.to_dict()
    if as_json:
        common.say(json.dumps(found, indent=1))
        return
    frames = ", ".join(f"{number} {name}" for name, number in found["frames"].items())
    common.say(f"{found['entries']} frames: {frames}")
    blocks = ", ".join(f"{number} {name}" for name, number in found["blocks"].items())
    common.say(f"Blocks: {blocks}")
    for code, failures in found["failures"].items():
        names = [f"{one['frame']}" for one in failures[:MAX_NAMED]]
        common.say(f"Failed ({code}): {len(failures)}: {names_of(names, len(failures))}")
    if found["interrupted"]:
        common.say(f"Interrupted by the end of a process: {found['interrupted']} frames; they are tried again")
    for one in found["conflicts"][:MAX_NAMED]:
        common.say(f"Conflict: {one['frame']}: {one['what']}")
    if found["not_in_plan"]:
        common.say(f"Not in this plan: {found['not_in_plan']} outcomes")
