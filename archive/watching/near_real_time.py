"""What arrives at a server: its newest frames are fetched into a folder again and again, where they are watched."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from corinpaint.archive.acquisition.download import fetch
from corinpaint.archive.acquisition.query import Query
from corinpaint.archive.acquisition.search import search
from corinpaint.archive.acquisition.server import Server
from corinpaint.lasco.errors import CorInpaintError

INTERVAL = 300.0
"""Seconds between two looks; LASCO sends a frame every few minutes."""

HOURS = 24.0
"""How far back a look reaches."""


class Poll:
    """Fetches the newest frames of a server into a folder, until it is stopped.

    Parameters
    ----------
    connect : callable
        Makes a `Server`; called for each look, since one that has stopped answering is not asked again.
    folder : Path
        Folder of an archive, with the layout of the servers.
    detectors : tuple of str
    stop : threading.Event
    tell : callable
        Called with an error that a look ended with, or a line that says how many frames came.
    interval, hours : float
        See `INTERVAL` and `HOURS`.
    now : callable
        Returns the time, UTC, without time zone.
    """

    def __init__(
        self,
        connect: Callable[[], Server],
        folder: Path,
        detectors: tuple[str, ...],
        stop: threading.Event,
        tell: Callable[[CorInpaintError | str], None],
        interval: float = INTERVAL,
        hours: float = HOURS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC).replace(tzinfo=None),
    ) -> None:
        self.connect, self.folder, self.detectors = connect, folder, detectors
        self.stop, self.tell, self.interval, self.hours, self.now = stop, tell, interval, hours, now
        self._before: set[str] = set()
        self._errors: set[str] = set()
        """What went wrong in the look before, and in this one."""

    def run(self) -> None:
        """Look again and again; what goes wrong is told once, and the next look may go better."""
        while not self.stop.is_set():
            self._before, self._errors = self._errors, set()
            try:
                self.look()
            except CorInpaintError as error:
                self._failed(error)
            self.stop.wait(self.interval)

    def _failed(self, error: CorInpaintError) -> None:
        """Tell what went wrong, unless the look before told the same."""
        self._errors.add(str(error))
        if str(error) not in self._before:
            self.tell(error)

    def look(self) -> int:
        """Fetch what is new; the number of frames.

        Raises
        ------
        CorInpaintError
            When the server does not answer, or the folder cannot be written.
        """
        server, count = self.connect(), 0
        server.check_reachable()
        end = self.now()
        for day in search(Query(end - timedelta(hours=self.hours), end, self.detectors), server):
            report = fetch(day, self.folder, server)
            for error in (*day.errors, *report.failed):
                self._failed(error)
            count += len(report.fetched)
            if self.stop.is_set():
                break
        if count:
            self.tell(f"{count} frame{'' if count == 1 else 's'} from {server.source.address}")
        return count
