"""Frames as they arrive in a folder: each restored once it is whole, and again when later frames help to fill it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from corinpaint.archive.batch import Task, Work, set_aside
from corinpaint.archive.image_list import write_image_list
from corinpaint.archive.job import Job
from corinpaint.archive.layout import Layout
from corinpaint.archive.maker import failure
from corinpaint.archive.masks import Masks
from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.processes import MAX_DEATHS, Death, Workers
from corinpaint.archive.watching.arrivals import Arrivals
from corinpaint.archive.watching.changes import changes
from corinpaint.archive.watching.recent import Recent
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.inputs.files import InputFile
from corinpaint.lasco.level05.decoding import read_header
from corinpaint.lasco.level05.keywords import text

SECONDS_A_LOOK = 1.0
"""Minimum of seconds between two looks through the whole folder, when the system tells of changes."""

LOOKS_LEAVE = 30
"""How much longer than a look the pause between two is, so that large folders cost little."""

Tell = Callable[[Outcome], None]


class Watch:
    """A folder whose frames are restored as they arrive.

    One process works, which is ready before the first frame arrives; one that a frame ends is replaced.

    Parameters
    ----------
    folder : Path
        Watched with all that is in it.
    job : Job
    layout : Layout
    stop : threading.Event
        Ends the watch after the frame in hand.
    tell : callable
        Called with what became of each frame.
    poll : float, optional
        Look through the folder every so many seconds, without being told by the system.
    existing : bool
        Also restore the frames that are there in the beginning.

    Raises
    ------
    CorInpaintError
        When the masks of the job are not there, or no masks.
    """

    def __init__(
        self,
        folder: Path,
        job: Job,
        layout: Layout,
        stop: threading.Event,
        tell: Tell,
        poll: float | None = None,
        existing: bool = True,
    ) -> None:
        self.folder, self.job, self.layout = folder, job, layout
        Masks(job.mask)  # the process that works reads them, but is not heard of before its first frame
        self.stop, self.tell, self.poll = stop, tell, poll
        self.arrivals, self.recent = Arrivals(folder), Recent()
        self.again: deque[Path] = deque()
        """Frames that are to be made anew, once nothing new is there."""
        if not existing:
            self.arrivals.scan()
            self.arrivals.ignore()

    def run(self) -> None:
        """Restore frames until the watch is stopped.

        Raises
        ------
        CorInpaintError
            When the job cannot be done at all, or the folder cannot be watched.
        """
        workers = Workers[Task, Outcome | None](1, partial(Work, self.job), self.stop)
        for task, outcome in workers.run(self._tasks(), at_once=True):
            if isinstance(outcome, Death):
                self.tell(set_aside(task, MAX_DEATHS, outcome.cause))
            elif outcome is not None:
                self._ended(task, outcome)

    def _ended(self, task: Task, outcome: Outcome) -> None:
        if task.anew and outcome.fate is Fate.REMADE:
            outcome = replace(outcome, note="frames came that may help to fill it")
        elif earlier := self.recent.superseded(task.frame):
            outcome = replace(outcome, note=f"the final version of {earlier}, whose product stays")
        self.tell(outcome)
        if self.layout.is_nrl and outcome.fate in (Fate.MADE, Fate.REMADE):
            try:
                write_image_list(task.target.parent)
            except CorInpaintError as error:
                self.tell(failure(task.frame, error))

    def _tasks(self) -> Iterator[list[Task]]:
        """Work as it comes up; nothing for as long as there is none."""
        for changed in changes(self.folder, self.stop, self._pause, told=self.poll is None):
            if changed is None:
                self.arrivals.scan()
            for path in changed or ():
                self.arrivals.notice(path)
            yield from self._arrived()
            while self.again and not self.stop.is_set():
                yield from self._planned(self.again.popleft(), anew=True)
                yield from self._arrived()

    def _pause(self) -> float:
        """Seconds between two looks through the whole folder."""
        return self.poll or max(SECONDS_A_LOOK, LOOKS_LEAVE * self.arrivals.seconds)

    def _arrived(self) -> Iterator[list[Task]]:
        for path, error in self.arrivals.whole():
            if self.stop.is_set():
                return
            if error is not None:
                self.tell(failure(path, error))
                continue
            self.recent.add(path)
            yield from self._planned(path)
            if self.job.auto_context:
                self._remake_earlier(path)

    def _planned(self, path: Path, *, anew: bool = False) -> Iterator[list[Task]]:
        try:
            target = self._target(path)
        except CorInpaintError as error:
            self.tell(failure(path, error))
            return
        nearby = self.recent.nearby(path) if self.job.auto_context else ()
        yield [Task(path, target, nearby=nearby, wait=True, anew=anew)]

    def _target(self, path: Path) -> Path:
        return self.layout.product(InputFile(path, path.parent.relative_to(self.folder)))

    def _remake_earlier(self, path: Path) -> None:
        """Have the frames made anew that lack blocks, and for which this one is one of the next."""
        for earlier in self.recent.served_by(path):
            if earlier not in self.again and _lacks_blocks(self._target(earlier)):
                self.again.append(earlier)


def _lacks_blocks(product: Path) -> bool:
    """Whether a product says that blocks were missing."""
    try:
        header = read_header(product)
    except OSError:
        return False
    return header is not None and text(header, "NMISSING") not in ("", "0")
