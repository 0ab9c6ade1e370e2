"""Changes in a folder: told by the system where it can, else found by looking."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from corinpaint.lasco.errors import OptionError

MILLISECONDS_A_STEP = 200
"""How long to wait for changes before others have their turn."""


def changes(
    folder: Path, stop: threading.Event, pause: Callable[[], float], *, told: bool = True
) -> Iterator[set[Path] | None]:
    """Changes in a folder and its subfolders.

    Parameters
    ----------
    folder : Path
    stop : threading.Event
        Ends the iteration.
    pause : callable
        Gives the seconds after which the whole folder is to be looked through again, although the system told of
        nothing: it may miss a change, and network drives tell of none.
    told : bool
        Whether to be told by the system.

    Yields
    ------
    set of Path or None
        Paths in the folder, as it was given, that are new or have changed; empty when
        nothing has happened for some time, and None when the whole folder is to be looked through.

    Raises
    ------
    OptionError
        When the package watchfiles is not installed.
    """
    if not told:
        while not stop.is_set():
            yield None
            stop.wait(pause())
        return
    try:
        from watchfiles import Change, watch
    except ImportError as error:
        raise OptionError(
            "watching needs the package watchfiles", "install corinpaint[watch], or give --poll SECONDS"
        ) from error
    root, looked = folder.resolve(), time.monotonic()
    yield None
    for found in watch(
        root,
        watch_filter=None,
        debounce=MILLISECONDS_A_STEP,
        rust_timeout=MILLISECONDS_A_STEP,
        yield_on_timeout=True,
        stop_event=stop,
        raise_interrupt=False,
    ):
        yield {folder / Path(path).relative_to(root) for change, path in found if change is not Change.deleted}
        if time.monotonic() - looked >= pause():
            yield None
            looked = time.monotonic()
