"""Kills an archive run and its workers at random, lets it go on, and compares every product with an undisturbed run.

    python benchmarks/archive_kills.py [--frames 150] [--kills 20] [--seed 1] [--scheduler processes] [--shards]

The frames are variations of one simulated exposure with missing blocks of their own. A kill is SIGKILL, of the run or
of one of its processes, at a random time. At the end every product must have the bytes of the undisturbed one, no
product may have been replaced once it was there, and the logs may name none that was made twice. With --shards, two
shards run in two folders, as on two machines, and are merged.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from astropy.io import fits

from corinpaint.archive.outcome import Fate
from corinpaint.archive.running import logs
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.simulation import scene

COMMAND = [sys.executable, "-m", "corinpaint.cli.main", "archive"]
ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": "1262304000"}
CHUNK = 8
LONGEST_WAIT_S = 600.0

Snapshot = dict[str, tuple[int, int, int]]


@dataclass
class Trial:
    """A run that is disturbed.

    Attributes
    ----------
    run, products : Path
    options : list of str
        Of ``archive run``.
    random : random.Random
    seen : dict
        Inode, time and size of the products that were there at some time.
    kills : Counter of str
    """

    run: Path
    products: Path
    options: list[str]
    random: random.Random
    seen: Snapshot = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)

    def start(self) -> subprocess.Popen[bytes]:
        command = [*COMMAND, "run", str(self.run), "-o", str(self.products), *self.options]
        return subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.DEVNULL, start_new_session=True)

    def kill_at_random(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the run, or one of its processes, some time after work goes on."""
        if self.random.random() < 0.8:  # else while it starts
            self._wait_for_work(process)
        time.sleep(self.random.uniform(0.0, 2.0))
        if process.poll() is not None:
            return
        workers = _workers(process.pid)
        if workers and self.random.random() < 0.5:
            self.random.choice(workers).kill()
            self.kills["worker"] += 1
        else:
            process.kill()
            process.wait()
            self.kills["run"] += 1
        self.check_untouched()

    def _wait_for_work(self, process: subprocess.Popen[bytes]) -> None:
        before, started = _outcomes(self.run), time.monotonic()
        while process.poll() is None and _outcomes(self.run) == before:
            if time.monotonic() - started > LONGEST_WAIT_S:
                raise SystemExit("nothing goes on")
            time.sleep(0.05)

    def check_untouched(self) -> None:
        """No product that was there has been replaced."""
        now = _snapshot(self.products)
        changed = [name for name, status in self.seen.items() if now.get(name) != status]
        if changed:
            raise SystemExit(f"replaced or gone: {changed}")
        self.seen = now

    def disturb(self, kills: int) -> None:
        """Kill it so many times, and start it again whenever it has ended."""
        process = self.start()
        while self.kills.total() < kills:
            if process.poll() is None:
                self.kill_at_random(process)
            elif not self.status()["frames"]["remaining"]:
                break
            else:
                process = self.start()
        process.wait()
        self.finish()

    def finish(self) -> None:
        """Let it come to its end; frames that were set aside, since they were in hand at two kills, are tried again."""
        self.start().wait()
        if self.status()["failures"]:
            print(f"set aside by chance and tried again: {self.status()['frames'].get('set aside', 0)}")
            self.options.append("--retry-failed")
            self.start().wait()
        self.check_untouched()

    def status(self) -> dict:
        command = [*COMMAND, "status", str(self.run), "--json"]
        return json.loads(subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True).stdout)


def make_frames(folder: Path, number: int, seed: int) -> None:
    """Variations of a simulated exposure: one a minute, each with missing blocks of its own."""
    rng = np.random.default_rng(seed)
    path = scene.write(scene.simulate(seed, missing=0), folder / "32000000.fts")
    with fits.open(path) as hdus:
        header, data = hdus[0].header.copy(), hdus[0].data.copy()
    path.unlink()
    sent = np.argwhere(~blocks.never_sent() & _inside())
    for index in range(number):
        counts = data.copy()
        for row, column in rng.choice(sent, size=rng.integers(0, 4), replace=False):
            counts[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32] = 0
        name = f"{32000000 + index}.fts"
        header["FILENAME"], header["TIME-OBS"] = name, f"{index // 60 % 24:02}:{index % 60:02}:00.000"
        fits.PrimaryHDU(counts, header).writeto(folder / name)


def _inside() -> np.ndarray:
    """Blocks well inside the field of view."""
    row, column = np.mgrid[0:32, 0:32]
    radius = np.hypot(row - 16, column - 16)
    return (radius > 6) & (radius < 13)


def _workers(pid: int) -> list[psutil.Process]:
    try:
        children = psutil.Process(pid).children(recursive=True)
        return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]
    except psutil.Error:
        return []


def _outcomes(run: Path) -> int:
    return sum(line.outcome is not None for path in logs.files(run) for line in logs.read(path))


def _snapshot(products: Path) -> Snapshot:
    paths = [path for path in products.rglob("*.fits") if not path.name.startswith(".")]
    return {
        str(path.relative_to(products)): (path.stat().st_ino, path.stat().st_mtime_ns, path.stat().st_size)
        for path in paths
    }


def compare(products: list[Path], reference: Path, runs: list[Path]) -> None:
    """All products of the reference are there once, with the same bytes, and no log has one made twice."""
    wanted = set(_snapshot(reference))
    found = Counter(name for folder in products for name in _snapshot(folder))
    if set(found) != wanted or max(found.values()) > 1:
        raise SystemExit(f"missing: {sorted(wanted - set(found))}; too many: {found.most_common(3)}")
    for folder in products:
        for name in _snapshot(folder):
            if (folder / name).read_bytes() != (reference / name).read_bytes():
                raise SystemExit(f"{name} differs from that of the undisturbed run")
    made: Counter[str] = Counter()
    fates: Counter[str] = Counter()
    for line in (line for run in runs for path in logs.files(run) for line in logs.read(path)):
        if line.outcome is not None:
            fates[line.outcome.fate] += 1
            made[line.key] += line.outcome.fate in (Fate.MADE, Fate.REMADE)
    twice = [key for key, times in made.items() if times > 1]
    if twice or fates[Fate.REMADE]:
        raise SystemExit(f"made twice by the logs: {twice}; made anew: {fates[Fate.REMADE]}")
    left = [path.name for folder in products for path in folder.rglob(".corinpaint-*")]
    print(f"{len(wanted)} products are the same, byte by byte; none was made twice")
    print(
        f"logs: {', '.join(f'{count} {fate}' for fate, count in fates.items())}; left behind: {len(left)} hidden files"
    )


def _plan(frames: Path, run: Path, fill: str) -> None:
    command = [*COMMAND, "plan", str(frames), "-o", str(run), "--chunk", str(CHUNK), "--fill", fill]
    subprocess.run(command, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Make the frames, run undisturbed, run disturbed, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fill", default="network")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--scheduler", choices=["processes", "dask"], default="processes")
    parser.add_argument("--shards", action="store_true", help="two shards in two folders, merged")
    given = parser.parse_args()
    options = ["-j", str(given.jobs), "--scheduler", given.scheduler]
    with tempfile.TemporaryDirectory(prefix="archive-kills-") as name:
        root = Path(name)
        (root / "frames").mkdir()
        make_frames(root / "frames", given.frames, given.seed)
        _plan(root / "frames", root / "plan", given.fill)
        runs = [root / folder for folder in ("undisturbed", *("ab" if given.shards else "a"))]
        for run in runs:
            shutil.copytree(root / "plan", run)
        begun = time.perf_counter()
        undisturbed = Trial(runs[0], root / "products", options, random.Random())
        if undisturbed.start().wait():
            raise SystemExit("the undisturbed run failed")
        print(f"undisturbed: {given.frames} frames in {time.perf_counter() - begun:.0f} s")
        trials = []
        for index, run in enumerate(runs[1:], start=1):
            shard = ["--shard", f"{index}/{len(runs) - 1}"]
            trial = Trial(run, root / f"products-{run.name}", [*options, *shard], random.Random(given.seed + index))
            trial.disturb(given.kills)
            print(f"killed: {dict(trial.kills)}")
            trials.append(trial)
        if given.shards:
            others = [str(run) for run in runs[2:]]
            subprocess.run([*COMMAND, "merge", str(runs[1]), *others], env=ENVIRONMENT, check=True)
        status = trials[0].status()
        if status["frames"]["remaining"] or status["conflicts"] or status["failures"]:
            raise SystemExit(f"not done: {status}")
        compare([trial.products for trial in trials], root / "products", [trials[0].run])  # with the logs of all


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    main()
