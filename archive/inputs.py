"""The frames that a user named, through one job: every frame has its product, and no frame replaces another's."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from corinpaint.archive.batch import Task, available_cores, run
from corinpaint.archive.image_list import write_image_list
from corinpaint.archive.job import Job
from corinpaint.archive.layout import Layout
from corinpaint.archive.maker import Maker, failure
from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.lasco.errors import CorInpaintError, NoFrameError, OutputError
from corinpaint.lasco.inputs.files import InputFile
from corinpaint.lasco.timeline import Timeline

BYTES_A_PROCESS = 2**30
"""Memory that a process may need, bytes; most need about 0.7 GB."""


class Inputs:
    """The frames of a run and their products.

    Parameters
    ----------
    items : iterable of InputFile or NoFrameError
        See `corinpaint.lasco.inputs.files.find`.
    layout : Layout
    timeline : Timeline, optional
        Where frames may come from that serve as context.
    """

    def __init__(
        self, items: Iterable[InputFile | NoFrameError], layout: Layout, timeline: Timeline | None = None
    ) -> None:
        self.items, self.layout, self.timeline = items, layout, timeline
        self.owners: dict[Path, Path] = {}
        """The frame that each product is made from."""
        self.rivals: list[Task] = []
        """Frames whose product is another's; it is theirs when the other fails."""
        self.failures: list[Outcome] = []
        self.folders: set[Path] = set()
        """Folders with new products."""

    def run(self, job: Job, processes: int, stop: threading.Event) -> Iterator[Outcome]:
        """Make the products; see `corinpaint.archive.batch.run`."""
        waiting = self._tasks()
        while True:
            for outcome in run(job, waiting, processes, stop):
                if outcome.has_failed:
                    self._release(Path(outcome.frame))
                elif outcome.fate in (Fate.MADE, Fate.REMADE):
                    self.folders.add(Path(outcome.product).parent)
                yield outcome
                yield from self._failed()
            yield from self._failed()
            rivals, self.rivals = self.rivals, []
            if not rivals or stop.is_set():
                break
            waiting = iter([task for task in rivals if self._claimed(task)])
            yield from self._failed()
        for folder in sorted(self.folders) if self.layout.is_nrl else ():
            write_image_list(folder)

    def intended(self, job: Job) -> Iterator[Outcome]:
        """What `run` would do."""
        maker = Maker(job)
        for task in self._tasks():
            yield maker.intended(task.frame, task.target)
            yield from self._failed()
        for task in self.rivals:
            self._claimed(task)
        yield from self._failed()

    def _tasks(self) -> Iterator[Task]:
        for item in self.items:
            if isinstance(item, NoFrameError):
                self.failures.append(failure(None, item))
                continue
            try:
                nearby = () if self.timeline is None else tuple(self.timeline.around(item.path))
                task = Task(item.path, self.layout.product(item), nearby=nearby)
            except CorInpaintError as error:
                self.failures.append(failure(item.path, error))
                continue
            if self.owners.setdefault(task.target, task.frame) == task.frame:
                yield task
            else:
                self.rivals.append(task)

    def _claimed(self, task: Task) -> bool:
        """Whether the product of a frame is its own by now; that it is not, is a failure."""
        owner = self.owners.setdefault(task.target, task.frame)
        if owner == task.frame:
            return True
        error = OutputError(
            f"{task.frame}: would replace {task.target}, made from {owner}", "use another folder, or another layout"
        )
        self.failures.append(failure(task.frame, error))
        return False

    def _release(self, frame: Path) -> None:
        for target in [target for target, owner in self.owners.items() if owner == frame]:
            del self.owners[target]

    def _failed(self) -> Iterator[Outcome]:
        failures, self.failures = self.failures, []
        yield from failures


def default_processes() -> int:
    """Processes that cores and free memory allow."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # another system than Linux
        return available_cores()
    return max(1, min(available_cores(), free // BYTES_A_PROCESS))
