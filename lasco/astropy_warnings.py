"""Warnings of astropy kept quiet, also where several threads read frames at a time."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.RLock()
"""`warnings.catch_warnings` puts the filters of the whole process aside; two at a time would leave wrong ones."""


@contextmanager
def ignore_warnings(*categories: type[Warning]) -> Iterator[None]:
    """Leave out warnings of some kinds while the block runs; one thread of the process at a time.

    Parameters
    ----------
    *categories : type of Warning
    """
    with _LOCK, warnings.catch_warnings():
        for category in categories:
            warnings.simplefilter("ignore", category)
        yield
