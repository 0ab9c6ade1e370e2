"""Finding the files of a plan's inputs, and reading those that are new or have changed, in several processes."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TextIO

from corinpaint.archive.planning.facts import Facts, Place, examine
from corinpaint.archive.planning.known_files import KnownFiles
from corinpaint.lasco.errors import NoFrameError
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.inputs.kinds import ENDING, OTHER_NAME, is_fits
from corinpaint.lasco.inputs.paths import expand
from corinpaint.lasco.inputs.walk import walk

SEVERAL = 16
"""Files that a process reads at a time."""

AHEAD = 4
"""Such groups that wait for each process at most."""


def scan(
    inputs: Iterable[Path],
    known: KnownFiles,
    processes: int = 1,
    tell: Callable[[int], None] = lambda _: None,
    stdin: TextIO | None = None,
) -> list[NoFrameError]:
    """Find and read the files of the inputs.

    Parameters
    ----------
    inputs : iterable of Path
        See `corinpaint.lasco.inputs.paths.expand`; folders are searched at any depth.
    known : KnownFiles
        Takes the files; those that it knows and that have not changed are not read.
    processes : int
    tell : callable
        Called now and then with the number of files since the last call.
    stdin : text stream, optional
        Standard input, for the input ``-``.

    Returns
    -------
    list of NoFrameError
        Inputs that do not exist, and folders that cannot be searched.
    """
    failures: list[NoFrameError] = []
    for group in _read(_new(_places(inputs, stdin, failures), known, tell), processes):
        known.add(group)
        tell(len(group))
    return failures


def _places(inputs: Iterable[Path], stdin: TextIO | None, failures: list[NoFrameError]) -> Iterator[Place]:
    """The files whose names may be those of frames, and those with other names that begin as FITS files do."""
    met: set[tuple[int, int]] = set()
    for item in expand(inputs, stdin):
        if isinstance(item, NoFrameError):
            failures.append(item)
            continue
        path = item.path
        if not path.is_dir():
            place = _place(path, Path())
            if place is None:
                failures.append(NoFrameError(f"{path}: cannot be read", "check the path and its permissions"))
            else:
                yield place
            continue
        for folder in walk(path, met):
            if folder.error:
                failures.append(folder.error)
            for file in folder.files:
                if place := _place(file, folder.path.relative_to(path)):
                    yield place


def _place(path: Path, subfolder: Path) -> Place | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return Place(os.path.abspath(path), subfolder.as_posix(), number_of(path.name), status.st_size, status.st_mtime_ns)  # noqa: PTH100


def _new(places: Iterable[Place], known: KnownFiles, tell: Callable[[int], None]) -> Iterator[Place]:
    for place in places:
        if known.is_known(place):
            tell(1)
        else:
            yield place


def _read(places: Iterable[Place], processes: int) -> Iterator[list[tuple[Place, Facts]]]:
    """What each file is, in the order of the files."""
    waiting_places = iter(places)
    groups = iter(lambda: tuple(islice(waiting_places, SEVERAL)), ())
    if processes == 1:
        yield from map(_examined, groups)
        return
    with ExitStack() as stack:
        pool = stack.enter_context(ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")))
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        waiting: deque[Future[list[tuple[Place, Facts]]]] = deque()
        for group in groups:
            waiting.append(pool.submit(_examined, group))
            if len(waiting) >= AHEAD * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _examined(places: Sequence[Place]) -> list[tuple[Place, Facts]]:
    return [(place, facts) for place in places if (facts := _facts(Path(place.path))) is not None]


def _facts(path: Path) -> Facts | None:
    """What a file is; None for one that is no FITS file by its name and its first bytes."""
    if ENDING.search(path.name):
        return examine(path)
    return Facts(OTHER_NAME.one) if is_fits(path) else None
