"""What the commands share: options, inputs, messages, the exit code of a batch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import click
from tqdm import tqdm

from corinpaint.lasco.errors import CorInpaintError

ENDINGS = (".fts", ".fits", ".fit", ".fts.gz", ".fits.gz", ".fit.gz")

TRUTH = "_truth.fits"
"""Ending of what `corinpaint simulate` writes beside a frame."""

Item = TypeVar("Item")

calibration_option = click.option(
    "--calibration",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="CORINPAINT_CALIBRATION",
    show_envvar=True,
    help="Folder of the official calibration files; without it the nominal set of the package is used.",
)

overwrite_option = click.option("--overwrite", is_flag=True, help="Replace files that are there already.")

inputs_argument = click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="INPUT...")


class NoFrameError(CorInpaintError):
    """An input names no frame."""


def frames(inputs: Iterable[Path]) -> list[Path | NoFrameError]:
    """The files that the inputs name: files as they are, folders with every FITS file in them.

    The truths that `corinpaint simulate` writes beside its frames are passed over. A folder that cannot be read or
    holds no frame stands as its error, so that the rest goes on.
    """
    found: list[Path | NoFrameError] = []
    for path in inputs:
        try:
            inside = sorted(path.iterdir()) if path.is_dir() else [path]
        except OSError as error:
            found.append(NoFrameError(f"{path}: cannot be read ({error.strerror}); check the path and its rights"))
            continue
        if path.is_dir():
            inside = [file for file in inside if file.name.lower().endswith(ENDINGS) and TRUTH not in file.name]
        found += inside or [NoFrameError(f"{path}: holds no .fts or .fits file; give the folder of the frames")]
    return found


def each(items: list[Path | NoFrameError], what: str, work: Callable[[Path], str | None]) -> None:
    """Do the work for every file; one that fails is reported and the rest goes on.

    Exits with status 1 when any file failed.
    """
    failed = 0
    for item in bar(items, what):
        try:
            message = work(_checked(item))
        except CorInpaintError as error:
            failed += 1
            say(f"Error: {_with_path(item, error)}", err=True)
        except Exception as error:  # a defect of ours must not stop the batch; it is named as such
            failed += 1
            say(f"Error: {item}: unexpected {type(error).__name__}: {error}; please report this", err=True)
        else:
            if message:
                say(message)
    if failed:
        say(f"{failed} of {len(items)} files failed.", err=True)
        sys.exit(1)


def _checked(item: Path | NoFrameError) -> Path:
    if isinstance(item, NoFrameError):
        raise item
    return item


def bar(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Progress bar on a terminal, nothing elsewhere."""
    yield from tqdm(items, desc=what, unit="frame", disable=None if len(items) > 1 else True, leave=False)


def say(message: str, *, err: bool = False) -> None:
    """Print a line without tearing a progress bar."""
    with tqdm.external_write_mode(file=sys.stderr):
        click.echo(message, err=err)


def _with_path(item: Path | NoFrameError, error: CorInpaintError) -> str:
    """The message, beginning with the whole path where it begins with the file's name."""
    text = str(error)
    if isinstance(item, NoFrameError) or str(item) in text:
        return text
    return f"{item}: {text.removeprefix(item.name).removeprefix(': ')}"


def fail(error: CorInpaintError) -> click.ClickException:
    """A message for the user instead of a traceback."""
    return click.ClickException(str(error))
