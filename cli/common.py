"""Code that the commands share: options, input files, messages, the exit status of a batch."""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from corinpaint.lasco.errors import CorInpaintError, NoFrameError, OutputError

if TYPE_CHECKING:
    from corinpaint.lasco.inputs.files import InputFile

Item = TypeVar("Item")

calibration_option = click.option(
    "--calibration",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="CORINPAINT_CALIBRATION",
    show_envvar=True,
    help="Folder of the official calibration files; by default the nominal set of the package is used.",
)

output_option = click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the products."
)

STRETCHES = ("nrgf", "log", "linear", "difference")
"""As `corinpaint.lasco.pictures.stretch.STRETCHES`, which is slow to import."""

overwrite_option = click.option("--overwrite", is_flag=True, help="Replace existing files.")

layout_option = click.option(
    "--layout",
    default="subfolders",
    show_default=True,
    metavar="subfolders|flat|date|nrl|TEMPLATE",
    help="Where products go: to the subfolders of their frames, into one folder, to YEAR/MONTH/DAY/c3/, to YYMMDD/c3/ "
    "as NUMBER.fts.gz with img_hdr.txt, as in the archive of NRL; or a template such as "
    "'{year}/{detector}/{product}.fits'.",
)

compress_option = click.option(
    "--compress",
    type=click.Choice(["none", "lossless", "rice"]),
    default="none",
    show_default=True,
    help="FITS tile compression of the products: bit-identical, or quantised at a small part of the noise.",
)

inputs_argument = click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="INPUT...")


STEPS = {
    "no-vignetting": "Do not correct the vignetting.",
    "no-calfactor": "Apply neither calibration factor nor stray-light correction: the product is in DN/s.",
    "no-ramp": "Do not subtract the stray light of C3 Clear.",
    "no-warp": "Do not correct the optical distortion.",
    "no-mask": "Keep the values behind occulter and pylon and outside the field of view; they are still flagged.",
    "no-roll": "Do not rotate about the Sun's centre when the roll is 1 degree or more; the roll stays in CROTA2.",
    "solarsoft-grid": "Interpolate the distortion on SolarSoft's 32 px grid instead of the exact map, for comparisons.",
    "point-sources": "Conserve the flux of stars and planets where the distortion is removed, not surface brightness.",
}
"""Options of the calibration with their help texts; names as `corinpaint.lasco.options.parse` reads them."""


@contextmanager
def importing() -> Iterator[None]:
    """Pause garbage collection: imports make no garbage, and searching for it is a tenth of a cold start."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            if gc.get_freeze_count() == 0:  # move what was imported to the oldest generation
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def steps_options(command: Callable[..., None]) -> Callable[..., None]:
    """Decorator that adds a flag for each of `STEPS`; the command gets those that are set in the list `departures`."""

    @functools.wraps(command)
    def collected(**arguments: Any) -> None:
        asked = [name for name in STEPS if arguments.pop(name.replace("-", "_"))]
        command(departures=asked, **arguments)

    for name, text in reversed(STEPS.items()):
        collected = click.option(f"--{name}", is_flag=True, help=text)(collected)
    return collected


def deprecated_alias(old: str, new: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let an option keep its old spelling: accepted, hidden from --help, and reported as deprecated on stderr.

    Parameters
    ----------
    old, new : str
        Spellings, such as ``--most-error`` and ``--max-error``. The command must have the option `new` already, so this
        decorator stands above that of the option.

    Returns
    -------
    callable
        A decorator of the command. Giving both spellings is a usage error.
    """
    old_name, new_name = (spelling.removeprefix("--").replace("-", "_") for spelling in (old, new))

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        options: list[click.Parameter] = command.__click_params__  # type: ignore[attr-defined]
        (option,) = (one for one in options if one.name == new_name)

        @functools.wraps(command)
        def merged(**arguments: Any) -> None:
            value = arguments.pop(old_name)
            if value is not None:
                if click.get_current_context().get_parameter_source(new_name) is ParameterSource.COMMANDLINE:
                    raise click.UsageError(f"{old} is the old name of {new}; give {new} only")
                say(f"{old} is deprecated; use {new}", err=True)
                arguments[new_name] = value
            command(**arguments)

        return click.option(old, type=option.type, hidden=True)(merged)

    return decorate


def missing_blocks(count: int) -> str:
    """A number of missing blocks in words, such as '1 missing block'."""
    return f"{count} missing block{'' if count == 1 else 's'}"


def frames(inputs: Iterable[Path], *, tell: bool = True) -> list[InputFile | NoFrameError]:
    """The frames that the inputs name; see `corinpaint.lasco.inputs.files.find`.

    Parameters
    ----------
    inputs : iterable of Path
        Files, folders that are searched at any depth, patterns, lists (@list.txt), and - for paths on standard input.
    tell : bool
        Say on stderr what was passed over.

    Returns
    -------
    list of InputFile or NoFrameError
        A folder that cannot be read or has no frame is represented by its error, so that a batch continues.
    """
    from corinpaint.lasco.inputs.files import find  # astropy is slow to import

    found = find(inputs, sys.stdin)
    for line in found.lines() if tell else ():
        say(line, err=True)
    return found.items


def process_each(items: list[InputFile | NoFrameError], what: str, work: Callable[[InputFile], str | None]) -> None:
    """Process every file; a file that fails is reported on stderr and the batch continues.

    Exits with status 1 when any file failed.

    Parameters
    ----------
    items : list of InputFile or NoFrameError
        As `frames` gives them.
    what : str
        Label of the progress bar.
    work : callable
        Processes a file and returns the line that is printed for it, or None for no line.
    """
    failed = 0
    for item in bar(items, what):
        try:
            message = work(checked(item))
        except CorInpaintError as error:
            failed += 1
            say(f"Error: {with_path(item, error)}", err=True)
        except Exception as error:  # a bug must not stop the batch; the message calls it unexpected
            failed += 1
            say(f"Error: {_path(item)}: unexpected {type(error).__name__}: {error}; please report this", err=True)
        else:
            if message:
                say(message)
    say_end(len(items), failed, 0)


def say_end(count: int, failed: int, skipped: int) -> None:
    """Say how many of the files of a batch failed or were skipped; exits with status 1 when any failed."""
    if skipped:
        of_all = f"{skipped} of {count} frame{'' if count == 1 else 's'}"
        there, them = ("whose product is", "it") if skipped == 1 else ("whose products are", "them")
        say(f"Skipped {of_all}, {there} there already (--overwrite makes {them} anew).", err=True)
    if failed:
        say(f"{failed} of {count} files failed.", err=True)
        sys.exit(1)


def checked(item: InputFile | NoFrameError) -> InputFile:
    """A file that may be a frame; raises the error that represents a missing one."""
    if isinstance(item, NoFrameError):
        raise item
    return item


class Outputs:
    """The products of a batch: where each belongs, and from what it was made, so that no frame replaces another's.

    Parameters
    ----------
    folder : Path
        Folder of the products.
    layout : str
        'subfolders' or 'flat', see `layout_option`.
    """

    def __init__(self, folder: Path, layout: str) -> None:
        from corinpaint.archive.layout import Layout

        self.layout = Layout(folder, layout)
        self._made: dict[Path, Path] = {}

    def claim(self, item: InputFile, suffix: str = ".fits") -> Path:
        """The path of the product of a frame.

        Raises
        ------
        OutputError
            Another file of this batch has it.
        """
        from corinpaint.archive.layout import beside

        target = self.layout.product(item)
        if suffix != ".fits":
            target = beside(target, suffix)
        if self._made.setdefault(target, item.path) != item.path:
            raise OutputError(
                f"{item.path}: would replace {target}, made from {self._made[target]}", "use another folder"
            )
        return target

    def release(self, target: Path) -> None:
        """Give the path of a product back that could not be made; another frame may have it."""
        self._made.pop(target, None)


def bar(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Iterate over items with a progress bar on a terminal, and without one elsewhere or for a single item."""
    if len(items) < 2:
        yield from items
        return
    from tqdm import tqdm  # slow to import, and most often nothing shows it

    yield from tqdm(items, desc=what, unit="frame", disable=None, leave=False)


def say(message: str, *, err: bool = False) -> None:
    """Print a line without breaking a progress bar."""
    tqdm = sys.modules.get("tqdm")  # without it there is no bar to break
    with tqdm.tqdm.external_write_mode(file=sys.stderr) if tqdm else nullcontext():
        click.echo(message, err=err)


def warn(path: Path, warnings: Iterable[str]) -> None:
    """Print on standard error what a user has to know before measuring in the product of a frame."""
    for warning in warnings:
        say(f"Warning: {path}: {warning}", err=True)


def with_path(item: InputFile | NoFrameError, error: CorInpaintError) -> str:
    """The message of an error, with the whole path in place of the name of the file at its beginning."""
    text = str(error)
    if isinstance(item, NoFrameError) or str(item.path) in text:
        return text
    return f"{item.path}: {text.removeprefix(item.path.name).removeprefix(': ')}"


def _path(item: InputFile | NoFrameError) -> str:
    return str(item if isinstance(item, NoFrameError) else item.path)


def fail(error: CorInpaintError) -> click.ClickException:
    """The error as click prints it: one line instead of a traceback, and exit status 1."""
    return click.ClickException(str(error))
