"""How much memory a long archive run takes: the run itself and its processes, while many tiny products are made.

    python benchmarks/archive_memory.py [--entries 10000] [--scheduler processes]

The maker of the products writes a few bytes, so that what is measured is the run: its plan, logs, tasks and processes.
Prints the resident memory of the run and the largest of its processes after every tenth of the entries.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import psutil

from corinpaint.archive.job import Job
from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.planning.digest import settings_digest
from corinpaint.archive.planning.entries import Entry, iso
from corinpaint.archive.planning.plan_file import Plan, Settings, write_plan
from corinpaint.archive.running.cluster import local_cluster, run_on_dask
from corinpaint.archive.running.local import run_locally
from corinpaint.archive.running.run import Run, Wanted


class TinyMaker:
    """Writes products of a few bytes."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def make(self, frame: Path, target: Path, nearby: Sequence[Path] = (), *, wait: bool = True) -> Outcome:  # noqa: ARG002
        target.write_text(f"{frame} {len(nearby)}")
        return Outcome(str(frame), Fate.MADE, str(target), missing=4, filled=4, seconds=0.001)


def _entries(number: int) -> Iterator[Entry]:
    """One frame in twelve minutes."""
    for index in range(number):
        content = sha256(str(index).encode()).hexdigest()
        date, name = iso(datetime(2002, 1, 1) + timedelta(minutes=12 * index)), f"{22000000 + index}"
        kind = ("C2", "ORANGE", "CLEAR", 1024, 1024)
        yield Entry(content, content, f"/archive/{name}.fts", f"{name}.fits", date, *kind, 2_100_000, 0)


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def main() -> None:
    """Run and print the memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--scheduler", choices=["processes", "dask"], default="processes")
    given = parser.parse_args()
    job, stop, own = Job(fill="none", auto_context=True), threading.Event(), psutil.Process()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        run, products = Path(folder) / "run", Path(folder) / "products"
        products.mkdir()
        write_plan(run, Settings(job, settings_digest(job)), _entries(given.entries))
        client = stack.enter_context(local_cluster(2)) if given.scheduler == "dask" else None
        plan, begun = stack.enter_context(Plan(run)), time.perf_counter()
        outcomes = Run(plan, Wanted(products), TinyMaker).work(
            lambda session, chunks, stop: (
                run_on_dask(session, chunks, client, stop) if client else run_locally(session, chunks, 2, stop)
            ),
            stop,
        )
        for number, _ in enumerate(outcomes, start=1):
            if number % max(given.entries // 10, 1) == 0:
                children = [_megabytes(child) for child in own.children(recursive=True)]
                print(
                    f"{number:>8} frames, {time.perf_counter() - begun:6.1f} s: run {_megabytes(own):6.1f} MB, "
                    f"largest process {max(children, default=0.0):6.1f} MB",
                    flush=True,
                )


if __name__ == "__main__":
    main()
