"""Joining what shards or machines did: their logs in one folder, and one log with a line for each frame."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from corinpaint.archive.planning.plan_file import Plan
from corinpaint.archive.running import logs
from corinpaint.archive.running.state import State, read_state
from corinpaint.lasco.errors import OptionError, OutputError
from corinpaint.lasco.files import aside

MERGED = "outcomes.jsonl"
"""File of a run's folder with the line that counts for each entry, in the order of the plan."""

BYTES = 2**20
"""Bytes that are compared at a time."""


def merge(run: Path, others: Iterable[Path]) -> State:
    """Copy the logs of other folders to a run, and write its `MERGED` file.

    Doing it again changes nothing, but for what the others have added since.

    Parameters
    ----------
    run : Path
        Folder of a run, with its plan.
    others : iterable of Path
        Folders of runs of the same plan, whose logs are read; nothing is changed there.

    Returns
    -------
    State
        What all of them did; its conflicts name what was made more than once.

    Raises
    ------
    PlanError
        When there is no plan.
    OptionError
        When another folder has no logs, or a log of the same name is another one.
    OutputError
        When something cannot be read or written.
    """
    with Plan(run) as plan:
        for other in others:
            found = logs.files(other)
            if not found:
                raise OptionError(f"{other}: has no logs", "give the folder of a run, which has a folder logs")
            for path in found:
                _take(path, run / logs.FOLDER / path.name)
        state = read_state(plan)
        _write(run / MERGED, state)
    return state


def _take(source: Path, target: Path) -> None:
    """Copy a log, unless it is there; one that has become longer replaces its beginning."""
    try:
        if target.exists():
            if source.samefile(target) or _begins_with(target, source):
                return
            if not _begins_with(source, target):
                raise OptionError(
                    f"{source}: {target} is another log of the same name", "rename one of them, if both belong here"
                )
        with aside(target) as part, source.open("rb") as file, part.open("wb") as copy:
            while block := file.read(BYTES):
                copy.write(block)
    except OSError as error:
        raise OutputError(
            f"{source}: cannot be copied ({error.strerror})", "check the folder, its rights and space"
        ) from error


def _begins_with(path: Path, beginning: Path) -> bool:
    """Whether a file has all the bytes of another one first."""
    if path.stat().st_size < beginning.stat().st_size:
        return False
    with path.open("rb") as file, beginning.open("rb") as other:
        while block := other.read(BYTES):
            if file.read(len(block)) != block:
                return False
    return True


def _write(path: Path, state: State) -> None:
    with ExitStack() as stack, aside(path) as part:
        files = [stack.enter_context(log.open("rb")) for log in state.logs]
        with part.open("wb") as merged:
            for position in np.flatnonzero(state.ranks):
                index, offset = state.lines[position]
                files[index].seek(offset)
                merged.write(files[index].readline())
