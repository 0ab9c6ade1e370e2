"""A server of frames, asked politely: little at a time, with pauses, and not any more once it has stopped answering."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from corinpaint.archive.acquisition.sources import Source, elsewhere
from corinpaint.lasco.reference_files import servers, transfer

MAX_CONNECTIONS = 2
"""Maximum number of connections at once."""

DELAY = 0.5
"""Seconds between the beginnings of two requests by default."""


class Server:
    """A server of frames; can be shared by threads.

    Parameters
    ----------
    source : Source
    connection : Connection
        Number of retries, and allowed addresses.
    delay : float
        Minimum time between the beginnings of two requests, s.
    clock : callable
        Seconds, from any beginning.
    """

    def __init__(
        self,
        source: Source,
        connection: transfer.Connection | None = None,
        delay: float = DELAY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self.connection = connection or transfer.Connection()
        self._delay, self._clock = delay, clock
        self._next = clock()
        self._patience = servers.Patience()
        self._lock = threading.Lock()

    @property
    def has_stopped_answering(self) -> bool:
        """Whether the server is not asked again."""
        return self._patience.is_exhausted(self.source.address)

    def check_reachable(self) -> None:
        """Refuse a server that accepts no connection.

        Raises
        ------
        UnreachableError
            Within some seconds; its remedy names other servers.
        FetchError
            When the address is no address, or has no https.
        """
        transfer.check_address(self.source.address, self.connection)
        try:
            servers.check_reachable(self.source.address)
        except transfer.UnreachableError as error:
            raise transfer.UnreachableError(error.what, f"check the network, {elsewhere(self.source)}") from error

    def read(self, url: str, first: int | None = None) -> bytes:
        """Content or beginning of a file; see `corinpaint.lasco.reference_files.transfer.read`."""
        with self._patience.asking(url):
            self._wait()
            return transfer.read(url, self.connection, first)

    def listing(self, url: str) -> list[str]:
        """Names in a folder; see `corinpaint.lasco.reference_files.servers.listing`."""
        with self._patience.asking(url):
            self._wait()
            return servers.listing(url, self.connection)

    def download(self, url: str, path: Path) -> None:
        """Download a file; see `corinpaint.lasco.reference_files.transfer.download`."""
        with self._patience.asking(url):
            self._wait()
            transfer.download(url, path, self.connection)

    def _wait(self) -> None:
        """Wait for the turn of a request."""
        with self._lock:
            if (pause := self._next - self._clock()) > 0:
                self.connection.sleep(pause)
            self._next = self._clock() + self._delay
