"""What the benchmarks share: interleaved medians, tables, and what machine it was."""

from __future__ import annotations

import contextlib
import io
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

Task = Callable[[], object]


def medians(tasks: Mapping[str, Task], runs: int) -> dict[str, float]:
    """Median time of each task, ms; tasks take turns, and a first round is not counted."""
    spent: dict[str, list[float]] = {name: [] for name in tasks}
    for run in range(-1, runs):
        for name, task in tasks.items():
            with silent():
                start = time.perf_counter()
                task()
                took = time.perf_counter() - start
            if run >= 0:
                spent[name].append(took)
    return {name: 1000 * statistics.median(times) for name, times in spent.items()}


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """CorKit prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def table(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers with three digits that count."""
    lines = [f"| {' | '.join(heading)} |", "|" + "---|" * len(heading)]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def machine(*packages: str) -> str:
    """Processor, cores, and versions of packages, for the line under a table."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in packages)
    return f"{processor()} ({os.cpu_count()} cores). Python {platform.python_version()}, {versions}."


def processor() -> str:
    """Name of the processor."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
