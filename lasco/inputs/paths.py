"""What the inputs of a command name: files and folders as they are, patterns, lists of paths, and standard input."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from corinpaint.lasco.errors import NoFrameError

STDIN = "-"
"""Input that stands for paths on standard input, one a line."""

LIST = "@"
"""First character of an input that is a list of paths, one a line; lines that begin with # are remarks."""


class InputPath(NamedTuple):
    """A path that an input names.

    Attributes
    ----------
    path : Path
    by_name : bool
        Whether it was given by its own name; False for what a pattern matches.
    """

    path: Path
    by_name: bool = True


def expand(inputs: Iterable[Path], stdin: TextIO | None = None) -> Iterator[InputPath | NoFrameError]:
    """The paths that inputs name.

    What exists is taken as it is, whatever it is called. Otherwise ``@list.txt`` stands for the paths in a file and
    ``-`` for those on standard input, relative to the current folder, and a name with ``*``, ``?`` or ``[`` is a
    pattern, in which ``**`` is any number of folders. Patterns leave out names that begin with a dot. A list may hold
    patterns, but no lists.

    Parameters
    ----------
    inputs : iterable of Path
    stdin : text stream, optional
        Standard input.

    Yields
    ------
    InputPath or NoFrameError
        The error of an input that names nothing, so that a batch continues.
    """
    for path in inputs:
        name = str(path)
        if _exists(path) or not (name == STDIN or name.startswith(LIST)):
            yield from _matches(path)
            continue
        try:
            lines = _lines(name, stdin)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            yield NoFrameError(f"{name}: the list of paths cannot be read ({reason})", "check the path of the list")
            continue
        if not lines:
            yield NoFrameError(f"{name}: the list holds no path", "give one path a line")
        for line in lines:
            yield from _matches(Path(line))


def _lines(name: str, stdin: TextIO | None) -> list[str]:
    """Lines of a list or of standard input, without remarks and empty ones."""
    if name != STDIN:
        text = Path(name.removeprefix(LIST)).read_text("utf-8", errors="surrogateescape")
    elif stdin is None:
        raise ValueError("there is no standard input")
    else:
        text = stdin.read()
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith("#")]


def _matches(path: Path) -> Iterator[InputPath | NoFrameError]:
    """The path itself or, where there is none and it is a pattern, what matches it, sorted."""
    if _exists(path) or not glob.has_magic(str(path)):
        yield InputPath(path)
        return
    found = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 (Path.glob takes no absolute pattern)
    if not found:
        yield NoFrameError(f"{path}: nothing matches the pattern", "check the pattern and the current folder")
    yield from (InputPath(Path(name), by_name=False) for name in found)


def _exists(path: Path) -> bool:
    try:
        return path.exists() or path.is_symlink()
    except (OSError, ValueError):
        return False
