"""What worker processes do in tests; it stands here so that they can import it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from corinpaint.archive.claims import claim
from corinpaint.lasco.errors import OptionError


def square() -> Callable[[int], int]:
    return lambda number: number * number


def pid() -> Callable[[int], int]:
    return lambda _: os.getpid()


class Killed:
    """Kills its process for some tasks: always, or the first time, which a file tells."""

    def __init__(self, folder: Path, always: frozenset[int], once: frozenset[int]) -> None:
        self.folder, self.always, self.once = folder, always, once

    def __call__(self, number: int) -> int:
        marker = self.folder / str(number)
        if number in self.always or (number in self.once and not marker.exists()):
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number * number


class Noted:
    """Notes the tasks that it was given in a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __call__(self, number: int) -> int:
        with self.file.open("a") as file:
            file.write(f"{number}\n")
        time.sleep(0.02)
        return number


def refuse() -> object:
    raise OptionError("fill = 'x' is unknown", "choose another")


def die() -> object:
    os.kill(os.getpid(), signal.SIGKILL)


def hold(product: Path, pipe: Connection) -> None:
    """Claim a product until the other side of the pipe says something."""
    with claim(product, wait=True):
        pipe.send("held")
        pipe.recv()


def count_with_claims(folder: Path, times: int) -> None:
    """Count in a file, with a claim each time."""
    for _ in range(times):
        with claim(folder / "product.fits", wait=True):
            number = int((folder / "count").read_text())
            (folder / "count").write_text(str(number + 1))
