"""Claims on products: of several processes that work in one folder, one makes a product.

A claim is a lock on a hidden file beside the product, which the system gives back when the process ends, however it
ends. The file goes with the claim; one that a killed process has left is taken over, and what that process had written
aside goes. Where the system has no such locks, every claim is granted: products are still written whole, and one that
is there is never replaced by accident.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corinpaint.lasco.errors import CorInpaintError, OutputError
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.files import PREFIX

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class BusyError(CorInpaintError):
    """Another process works on the product."""

    code = "busy"


@contextmanager
def claim(product: Path, *, wait: bool) -> Iterator[None]:
    """Hold the claim on a product while the block runs.

    Parameters
    ----------
    product : Path
        Its folder is made where it is missing.
    wait : bool
        Wait for another process that holds it.

    Raises
    ------
    BusyError
        When another process holds it, and `wait` is False.
    OutputError
        When the folder cannot be written.
    """
    if fcntl is None:
        yield
        return
    path = product.parent / f"{PREFIX}{product.name}.lock"
    descriptor = _lock(path, product, wait)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # before the lock goes: who waits for it finds another file, and starts anew
        os.close(descriptor)


def _lock(path: Path, product: Path, wait: bool) -> int:
    """Descriptor of the locked file; the lock lasts until it is closed."""
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            was_left = path.exists()
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise OutputError(
                f"{path}: cannot be written ({error.strerror})", "check the folder, its rights and space"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise BusyError(f"{product}: another process is making it") from None
        except OSError:  # a file system without locks
            return descriptor
        if _is_same(descriptor, path):
            if was_left:
                _remove_leftovers(product)
            return descriptor
        os.close(descriptor)


def _is_same(descriptor: int, path: Path) -> bool:
    """Whether the path still leads to the open file; its last holder removes it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _remove_leftovers(product: Path) -> None:
    """Remove what a killed process had written aside for the product and the files beside it."""
    for path in product.parent.glob(f"{PREFIX}{glob.escape(number_of(product.name))}.*-*"):
        path.unlink(missing_ok=True)
