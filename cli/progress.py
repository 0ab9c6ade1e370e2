"""Progress of work that takes minutes, on standard error: a bar on a terminal, a line a minute elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from corinpaint.cli import common

LINE_SECONDS = 60.0
"""Time from one line to the next."""


class Progress:
    """Reports how many steps of each part of some work are done.

    Parameters
    ----------
    what : str
        The work.
    terminal : bool, optional
        Whether standard error is a terminal; by default it is asked.
    clock : callable
        Seconds from any start.
    say : callable
        Takes a line.
    """

    def __init__(
        self,
        what: str,
        *,
        terminal: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] = lambda text: common.say(text, err=True),
    ) -> None:
        self.what, self.clock, self.say = what, clock, say
        self.terminal = sys.stderr.isatty() if terminal is None else terminal
        self.part = ""
        self.started = self.told = self.latest = clock()
        self.bar: Any = None

    def __call__(self, part: str, done: int, count: int) -> None:
        """Report that `done` of `count` steps of a part are done."""
        if part != self.part:
            self.close()
            self.part, self.started = part, self.latest
        self.latest = now = self.clock()
        if self.terminal:
            self._draw(done, count)
        elif now - self.told >= LINE_SECONDS:
            self.told = now
            passed = now - self.started
            left = passed * (count - done) / max(done, 1)
            self.say(f"{self.what}, {part}: {done} of {count} after {_minutes(passed)}, about {_minutes(left)} left")

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def _draw(self, done: int, count: int) -> None:
        if self.bar is None:
            from tqdm import tqdm  # slow to import

            self.bar = tqdm(total=count, desc=f"{self.what}, {self.part}", unit="step", leave=False)
        self.bar.update(done - self.bar.n)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
