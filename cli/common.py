"""What the commands share: options, inputs, messages, the exit code of a batch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
from tqdm import tqdm

from corinpaint.lasco.errors import CorInpaintError

ENDINGS = (".fts", ".fits", ".fit", ".fts.gz", ".fits.gz", ".fit.gz")

calibration_option = click.option(
    "--calibration",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="CORINPAINT_CALIBRATION",
    show_envvar=True,
    help="Folder of the official calibration files; without it the nominal set of the package is used.",
)

overwrite_option = click.option("--overwrite", is_flag=True, help="Replace files that are there already.")

inputs_argument = click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="INPUT...")


def frames(inputs: Iterable[Path]) -> list[Path]:
    """The files that the inputs name: files as they are, folders with every FITS file in them."""
    found: list[Path] = []
    for path in inputs:
        if path.is_dir():
            found += sorted(file for file in path.iterdir() if file.name.lower().endswith(ENDINGS))
        else:
            found.append(path)
    return found


def each(paths: list[Path], what: str, work: Callable[[Path], str | None]) -> None:
    """Do the work for every file; one that fails is reported and the rest goes on.

    Exits with status 1 when any file failed.
    """
    failed = 0
    for path in bar(paths, what):
        try:
            message = work(path)
        except CorInpaintError as error:
            failed += 1
            say(f"Error: {_with_name(path, error)}", err=True)
        except Exception as error:  # a defect of ours must not stop the batch; it is named as such
            failed += 1
            say(f"Error: {path}: unexpected {type(error).__name__}: {error}; please report this", err=True)
        else:
            if message:
                say(message)
    if failed:
        say(f"{failed} of {len(paths)} files failed.", err=True)
        sys.exit(1)


def bar(items: list[Path], what: str) -> Iterator[Path]:
    """Progress bar on a terminal, nothing elsewhere."""
    yield from tqdm(items, desc=what, unit="frame", disable=None if len(items) > 1 else True, leave=False)


def say(message: str, *, err: bool = False) -> None:
    """Print a line without tearing a progress bar."""
    with tqdm.external_write_mode(file=sys.stderr):
        click.echo(message, err=err)


def _with_name(path: Path, error: CorInpaintError) -> str:
    text = str(error)
    return text if path.name in text else f"{path}: {text}"


def fail(error: CorInpaintError) -> click.ClickException:
    """A message for the user instead of a traceback."""
    return click.ClickException(str(error))
