"""Stopping a run: the first signal lets the frames in hand be finished, the second ends it at once."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop(threading.Event):
    """Set when the run is to stop.

    Attributes
    ----------
    signal : int
        Number of the signal that stopped it; 0 while none has.
    """

    signal: int = 0

    @property
    def exit_status(self) -> int:
        """Exit status of a program that a signal stopped; 0 while none has."""
        return 128 + self.signal if self.signal else 0


@contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """Let SIGINT and SIGTERM set the `Stop` while the block runs; a second one raises KeyboardInterrupt.

    Outside of the main thread, which alone receives signals, they are left as they are.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def handle(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.signal = number
        stop.set()

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the program as Ctrl-C does, so that what was written aside is removed.

    Outside of the main thread, which alone receives signals, it is left as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
