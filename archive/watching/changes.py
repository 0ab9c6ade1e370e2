"""Changes in a folder: told by the system where it can, else found by looking."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from corinpaint.lasco.errors import OptionError

SECONDS_A_LOOK = 60.0
"""Seconds after which the whole folder is looked through although the system told of nothing: network drives do not."""

MILLISECONDS_A_STEP = 200
"""How long to wait for changes before others have their turn."""


def changes(folder: Path, stop: threading.Event, poll: float | None = None) -> Iterator[set[Path] | None]:
    """Changes in a folder and its subfolders.

    Parameters
    ----------
    folder : Path
    stop : threading.Event
        Ends the iteration.
    poll : float, optional
        Look through the folder every so many seconds, without being told by the system.

    Yields
    ------
    set of Path or None
        Paths that are new or have changed; empty when nothing has happened for some time, and None when the whole
        folder is to be looked through.

    Raises
    ------
    OptionError
        When the package watchfiles is not installed and `poll` is not given.
    """
    if poll is not None:
        while not stop.is_set():
            yield None
            stop.wait(poll)
        return
    try:
        from watchfiles import Change, watch
    except ImportError as error:
        raise OptionError(
            "watching needs the package watchfiles", "install corinpaint[watch], or give --poll SECONDS"
        ) from error
    waited = 0.0
    yield None
    for found in watch(
        folder,
        watch_filter=None,
        debounce=MILLISECONDS_A_STEP,
        rust_timeout=MILLISECONDS_A_STEP,
        yield_on_timeout=True,
        stop_event=stop,
        raise_interrupt=False,
    ):
        yield {Path(path) for change, path in found if change is not Change.deleted}
        waited = 0.0 if found else waited + MILLISECONDS_A_STEP / 1000
        if waited >= SECONDS_A_LOOK:
            waited = 0.0
            yield None
