"""`corinpaint archive plan`: find the frames of an archive, read them once, and write down what is to be made."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corinpaint.cli import common
from corinpaint.cli import restore as restore_module
from corinpaint.lasco.errors import CorInpaintError

if TYPE_CHECKING:
    from corinpaint.archive.planning.planner import Planned

SETTINGS = (
    "fill",
    "context",
    "policy",
    "max_error",
    "mask",
    "model",
    "provider",
    "threads",
    "calibration",
    "png",
    "as_json",
    "departures",
)
"""Settings of `restore` that a plan has."""

BATCH = ("layout", "stale", "compress")
"""Settings of a run over many frames that a plan has."""

MAX_NAMED_HERE = 3
"""How many files of a kind that is passed over are named."""

MAX_NAMED = 20
"""How many files of a kind are named at most; --json names all."""


def _restore_options(command: Callable[..., None]) -> Callable[..., None]:
    """Decorator that adds the options of `restore` which say how products are made."""
    wanted = {*SETTINGS, *BATCH, *(name.replace("-", "_") for name in common.STEPS)}
    options = [copy.copy(one) for one in restore_module.command.params if one.name in wanted]
    command.__click_params__ = [*options[::-1], *getattr(command, "__click_params__", [])]  # type: ignore[attr-defined]
    return command


@click.command("plan")
@common.inputs_argument
@click.option("-o", "--output", "run", required=True, type=click.Path(path_type=Path, file_okay=False), help="RUN.")
@click.option(
    "-j", "--jobs", type=click.IntRange(1, 1024), default=1, show_default=True, help="Processes that read files."
)
@click.option(
    "--chunk",
    type=click.IntRange(1, 100_000),
    help="Frames that follow one another in time and are made by one process; by default 200, fewer in a small plan.",
)
@_restore_options
def plan(inputs: tuple[Path, ...], run: Path, jobs: int, chunk: int | None, **settings: Any) -> None:
    """Make the plan of all frames of INPUT in time order, or bring it up to date.

    Every file is read once; when the plan is made again, only those are read that are new or have changed. What is no
    frame, further copies of a frame and unreadable files are counted and named.
    """
    with common.importing():
        from corinpaint.archive.layout import Layout
        from corinpaint.archive.planning.planner import make_plan

    layout = settings.pop("layout")
    try:
        with _files_read() as tell:
            planned = make_plan(
                inputs,
                run,
                _job(settings),
                Layout(Path(), layout),
                chunk=chunk or 0,
                processes=jobs,
                tell=tell,
                stdin=sys.stdin,
            )
    except CorInpaintError as error:
        raise common.fail(error) from error
    for line in _of_plan(planned):
        common.say(line, err=True)
    common.say(f"{run}: a plan of {planned.entries} frame{'' if planned.entries == 1 else 's'}")
    sys.exit(1 if planned.failures or planned.rivals or not planned.entries else 0)


def _job(settings: dict[str, Any]) -> Any:
    """The job that the options ask for."""
    from corinpaint.archive.job import Job

    context = settings.pop("context")
    departures = tuple(name for name in common.STEPS if settings.pop(name.replace("-", "_")))
    files = [path for path in context if path != restore_module.AUTO]
    frames = tuple(item.path.absolute() for item in map(common.checked, common.frames(files, tell=False)))
    paths = {name: path.absolute() for name in ("model", "calibration", "mask") if (path := settings.pop(name))}
    return Job(
        departures=departures,
        context=frames,
        auto_context=restore_module.AUTO in context,
        json=settings.pop("as_json"),
        **paths,
        **settings,
    )


@contextmanager
def _files_read() -> Iterator[Callable[[int], None]]:
    """Show the number of files that were found so far: a counter on a terminal, a line a minute elsewhere."""
    from corinpaint.archive.progress import Progress

    progress = Progress(0, "plan", lambda line: common.say(line, err=True))

    def tell(number: int) -> None:
        progress.total += number
        for _ in range(number):
            progress.advance()

    try:
        yield tell
    finally:
        progress.close()


def _of_plan(planned: Planned) -> Iterator[str]:
    """What planning passed over, left out and could not read, in lines."""
    from corinpaint.archive.planning.facts import UNREADABLE

    for failure in planned.failures:
        yield f"Error: {failure}"
    for frame, product, other in planned.rivals[:MAX_NAMED]:
        yield f"Error: {frame}: would replace {product}, made from {other}; use another layout"
    for text in planned.unreadable[:MAX_NAMED]:
        yield f"Unreadable: {text}"
    for kind, number in planned.passed_over.items():
        named = [str(path) for path in planned.named.get(kind, [])[:MAX_NAMED_HERE]]
        what = "Unreadable files" if kind == UNREADABLE else f"Passed over: {kind}"
        yield f"{what}: {number}{': ' if named else ''}{names_of(named, number)}"
    if planned.copies:
        named = [f"{copy} of {original}" for copy, original in planned.copies[:MAX_NAMED]]
        yield f"Copies, left out: {len(planned.copies)}: {names_of(named, len(planned.copies))}"


def names_of(names: list[str], number: int) -> str:
    """Some names of a number of files, and how many more there are."""
    more = number - len(names)
    return ", ".join(names) + (f" and {more} more" if names and more > 0 else "")
