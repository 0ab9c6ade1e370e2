"""How fast `corinpaint restore` goes through a folder, what processes bring, and how soon a watch answers.

    python benchmarks/many_frames.py [--frames FOLDER] [--count N] [--fill METHOD] [--runs N]

Four blocks are taken out of each frame, far apart. Prints Markdown: frames/s of -j 1 and -j 2 with the start of the
program and without, a second run over the same folder, and the time from the arrival of a frame to its product.
Without --frames, simulated frames serve.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from astropy.io import fits

from corinpaint.lasco.inputs.files import InputFile, find
from corinpaint.lasco.level05.decoding import decode
from corinpaint.lasco.simulation.scene import simulate, write

MISSING = ((20, 8), (12, 22), (24, 12), (9, 20))
COMMAND = [sys.executable, "-m", "corinpaint.cli.main"]
ARRIVALS = 10


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time runs over many frames with four missing blocks each.")
    parser.add_argument("--frames", type=Path, help="folder of full frames; by default simulated ones")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--fill", default="network")
    parser.add_argument("--runs", type=int, default=3, help="of each, interleaved (default 3)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = prepare(arguments.frames, folder / "in", arguments.count)
        words = [*COMMAND, "restore", folder / "in", "--fill", arguments.fill]
        found: dict[int, list[float]] = {1: [], 2: []}
        wall: dict[int, list[float]] = {1: [], 2: []}
        for number, jobs in itertools.product(range(arguments.runs), found):
            out, log = folder / f"out-{number}-{jobs}", folder / "log.json"
            seconds = run([*words, "-o", out, "-j", str(jobs), "--log-json", log])
            found[jobs].append(count / json.loads(log.read_text())["seconds"])
            wall[jobs].append(count / seconds)
        print(f"{count} frames, {os.cpu_count()} cores, fill {arguments.fill}, medians of {arguments.runs}\n")
        print("| processes | frames/s | with the start of the program |\n|---|---|---|")
        for jobs in found:
            print(f"| {jobs} | {statistics.median(found[jobs]):.2f} | {statistics.median(wall[jobs]):.2f} |")
        ratio = statistics.median(two / one for one, two in zip(found[1], found[2], strict=True))
        print(f"\n-j 2 over -j 1: {ratio:.2f}")
        again = [run([*words, "-o", folder / "out-0-1"]) for _ in range(arguments.runs)]
        print(f"A second run: {statistics.median(again):.2f} s")
        delays = watch(folder, arguments.fill)
        print(f"Arrival to product: median {statistics.median(delays):.2f} s, at most {max(delays):.2f} s")


def prepare(source: Path | None, folder: Path, count: int) -> int:
    """Write frames with missing blocks; how many."""
    folder.mkdir()
    if source is None:
        for seed in range(count):
            made = simulate(seed, missing=0)
            write(made, folder / f"{made.frame.number}.fts")
            take_out(folder / f"{made.frame.number}.fts", folder)
        return count
    paths = [item.path for item in find([source]).items if isinstance(item, InputFile)]
    chosen = list(itertools.islice((path for path in paths if decode(path).data.shape == (1024, 1024)), count))
    for path in chosen:
        take_out(path, folder)
    return len(chosen)


def take_out(path: Path, folder: Path) -> None:
    """Copy a frame without some of its blocks."""
    header, data, *_ = decode(path)
    data = np.array(data)
    for row, column in MISSING:
        data[32 * row : 32 * (row + 1), 32 * column : 32 * (column + 1)] = 0
    target = folder / f"{path.name.partition('.')[0]}.fts"
    fits.PrimaryHDU(data, header).writeto(target, overwrite=True, output_verify="silentfix")


def run(command: list[str | Path]) -> float:
    """Wall-clock seconds of a command."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def watch(folder: Path, fill: str) -> list[float]:
    """Seconds from the arrival of a frame to its product."""
    frames = sorted((folder / "in").iterdir())[: ARRIVALS + 1]
    (folder / "arriving").mkdir()
    command = [*COMMAND, "watch", folder / "arriving", "-o", folder / "watched", "--fill", fill]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        delays = []
        for frame in frames:
            aside = folder / frame.name
            aside.write_bytes(frame.read_bytes())
            started = time.perf_counter()
            aside.rename(folder / "arriving" / frame.name)
            watching.stdout.readline()
            delays.append(time.perf_counter() - started)
        watching.send_signal(signal.SIGTERM)
        watching.communicate()
    return delays[1:]  # before the first, the program starts


if __name__ == "__main__":
    main()
