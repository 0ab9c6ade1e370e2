"""Ignoring warnings of astropy safely while several threads read frames."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.RLock()
"""`warnings.catch_warnings` replaces the filters of the whole process; two threads at once would restore wrong ones."""


@contextmanager
def ignore_warnings(*categories: type[Warning]) -> Iterator[None]:
    """Context manager that ignores warnings of some categories; only one thread of the process runs it at a time.

    Parameters
    ----------
    *categories : type of Warning
        Categories to ignore.
    """
    with _LOCK, warnings.catch_warnings():
        for category in categories:
            warnings.simplefilter("ignore", category)
        yield
