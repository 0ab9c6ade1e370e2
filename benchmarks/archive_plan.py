"""How long a plan of a whole archive takes, and how much memory: entries that are known already, no file is read.

    python benchmarks/archive_plan.py [--entries 1000000] [--folder FOLDER]

Made-up facts of files are written as a scan writes them, the plan is made of them, and its logs are read as a run reads
them when it goes on. Prints seconds, CPU seconds and peak resident memory of each step.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from corinpaint.archive.job import Job
from corinpaint.archive.layout import Layout
from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.planning.digest import settings_digest
from corinpaint.archive.planning.facts import Facts, Place
from corinpaint.archive.planning.known_files import SEVERAL, KnownFiles
from corinpaint.archive.planning.plan_file import Plan, Settings, Shard
from corinpaint.archive.planning.planner import plan_of
from corinpaint.archive.running import logs
from corinpaint.archive.running.state import read_state

START = datetime(1996, 1, 1)
FRAMES_A_DAY = 236


def _files(number: int) -> Iterator[tuple[Place, Facts]]:
    """Facts of frames of both telescopes, a day's folder with 236 of them, as an archive has them."""
    for index in range(number):
        date = START + timedelta(seconds=index * 86400 / FRAMES_A_DAY)
        detector = "C2" if index % 2 else "C3"
        subfolder = f"{date:%y%m%d}/{detector.lower()}"
        path = f"/archive/level_05/{subfolder}/{22000000 + index}.fts.gz"
        content = sha256(str(index).encode()).hexdigest()
        iso = date.isoformat(timespec="milliseconds")
        facts = Facts("", content, iso, detector, "ORANGE" if index % 2 else "CLEAR", "CLEAR", 1024, 1024)
        yield Place(path, subfolder, str(22000000 + index), 900_000 + index, index), facts


def _know(known: KnownFiles, number: int) -> None:
    group = []
    for item in _files(number):
        group.append(item)
        if len(group) == SEVERAL:
            known.add(group)
            group = []
    known.add(group)


def _log(run: Path) -> None:
    with Plan(run) as plan, logs.Log(run, logs.session_name(Shard())) as log:
        for entry in plan.entries():
            log.begin(entry.key)
            log.end(Outcome(entry.frame, Fate.MADE, f"/products/{entry.product}", 4, 4, seconds=0.2, key=entry.key))


def _timed(what: str, step: Callable[[], object]) -> None:
    begun, worked = time.perf_counter(), time.process_time()
    step()
    seconds, cpu = time.perf_counter() - begun, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:<28} {seconds:7.1f} s, {cpu:6.1f} s of them CPU; at most {peak:6.0f} MB so far", flush=True)


def main() -> None:
    """Measure the steps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="on a local disk; by default a temporary one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        run, job = Path(folder), Job(fill="none")
        settings, known = Settings(job, settings_digest(job)), KnownFiles(run)
        print(f"{given.entries} entries")
        _timed("facts of files written", lambda: _know(known, given.entries))
        _timed("plan made of them", lambda: plan_of(known, run, settings, Layout(Path(), "nrl")))
        known.close()
        sizes = {path.name: path.stat().st_size / 2**20 for path in run.glob("*.sqlite")}
        print(", ".join(f"{name} {size:.0f} MB" for name, size in sizes.items()))
        _timed("logs written", lambda: _log(run))
        print(f"logs {sum(path.stat().st_size for path in logs.files(run)) / 2**20:.0f} MB")
        with Plan(run) as plan:
            _timed("logs read", lambda: read_state(plan))
            _timed("all chunks drawn", lambda: [plan.chunk(number).number for number in range(plan.chunks)])


if __name__ == "__main__":
    main()
