"""Progress of a run: a bar on a terminal, and a line every minute where the output goes to a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from corinpaint.archive.summary import duration

INTERVAL = 60.0
"""Seconds between two lines."""


class Progress:
    """Progress of a run.

    Parameters
    ----------
    total : int
        Frames in all.
    label : str
    say : callable
        Writes a line where there is no terminal.
    clock : callable
        Returns seconds.
    terminal : bool, optional
        Whether standard error is one.
    """

    def __init__(
        self,
        total: int,
        label: str,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        terminal: bool | None = None,
    ) -> None:
        self.total, self.label, self.say, self.clock = total, label, say, clock
        self.done = self.worked = 0
        self.started = self.told = clock()
        self.bar: Any = None
        if (sys.stderr.isatty() if terminal is None else terminal) and total > 1:
            from tqdm import tqdm  # slow to import, and most often nothing shows it

            self.bar = tqdm(total=total, desc=label, unit="frame", leave=False)

    @property
    def seconds(self) -> float:
        """Time since the beginning."""
        return self.clock() - self.started

    def advance(self, *, worked: bool = True) -> None:
        """Count a frame.

        Parameters
        ----------
        worked : bool
            False for a frame that took no work, which tells nothing about the time that others will take.
        """
        self.done += 1
        self.worked += worked
        if self.bar is not None:
            self.bar.update()
        elif self.clock() - self.told >= INTERVAL:
            self.told = self.clock()
            self.say(self.line())

    def line(self) -> str:
        """Where the run stands: frames, rate and remaining time."""
        rate = self.worked / self.seconds if self.seconds > 0 else 0.0
        remaining = f", {duration((self.total - self.done) / rate)} remaining" if rate else ""
        return f"{self.label}: {self.done} of {self.total} frames, {rate:.2f} frames/s{remaining}"

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.close()
