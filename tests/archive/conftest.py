"""Frames and jobs of the tests of runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from corinpaint.archive.job import Job


@pytest.fixture
def quick() -> Job:
    """A job that fills without a network."""
    return Job(fill="harmonic")


@pytest.fixture
def write_frames(make_frame, tmp_path) -> Callable[..., list[Path]]:
    """Writer of small frames with one missing block: `write_frames(3)` gives their paths."""

    def write(count: int, folder: str = "in", first: int = 32082001, **cards: object) -> list[Path]:
        paths = []
        for number in range(first, first + count):
            path = tmp_path / folder / f"{number}.fts"
            path.parent.mkdir(parents=True, exist_ok=True)
            minute, second = divmod(12 * (number - first), 60)
            time = f"{2 + minute:02}:{second:02}:05.594"
            content = make_frame(**{"missing": ((20, 10),), **cards}, FILENAME=path.name, TIME_OBS=time)
            path.write_bytes(content)
            paths.append(path)
        return paths

    return write
