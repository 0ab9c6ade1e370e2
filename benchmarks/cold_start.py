"""How long `corinpaint restore` takes from the prompt to the product of one frame, over what its imports take alone.

    python benchmarks/cold_start.py [--frame FILE] [--runs N]

Prints a Markdown table. Each run is a new process; the two take turns, and a first round is not counted. The peer
imports what reads a frame and runs the network, and does nothing with it. The frame gets four missing blocks, far
apart, so that the network runs.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import speed
import timing

PEER = "import numpy, astropy.io.fits, scipy.ndimage, onnxruntime"

CORINPAINT = "from corinpaint.cli.main import main; main()"
"""What the script `corinpaint` of an installation holds."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time a cold start of `corinpaint restore`, over that of its imports.")
    parser.add_argument("--frame", type=Path, help="full C3 Clear frame; by default a simulated one")
    parser.add_argument("--runs", type=int, default=9, help="measurements of each, interleaved (default 9)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frame = speed.holed(arguments.frame, folder / "32082037.fts")
        restore = ["-c", CORINPAINT, "restore", str(frame), "-o", str(folder / "out"), "--overwrite"]
        peer, ours = _seconds([["-c", PEER], restore], max(arguments.runs, 1), folder)
    rows = [_row(f"`python -c {PEER!r}`", peer, peer), _row("`corinpaint restore` of one frame", ours, peer)]
    print(timing.table(["new process", "median, ms", "best, ms", "median over peer", "best over peer"], rows))
    print(f"\n{len(peer)} interleaved runs. {timing.machine('corinpaint', 'onnxruntime', 'numpy', 'scipy', 'astropy')}")


def _seconds(tasks: Sequence[Sequence[str]], runs: int, folder: Path) -> list[list[float]]:
    """Wall-clock time of Python with each of the arguments, run by run."""
    spent: list[list[float]] = [[] for _ in tasks]
    for run in range(-1, runs):
        for words, times in zip(tasks, spent, strict=True):
            start = time.perf_counter()
            subprocess.run([sys.executable, *words], check=True, cwd=folder, stdout=subprocess.DEVNULL)
            took = time.perf_counter() - start
            if run >= 0:
                times.append(took)
    return spent


def _row(name: str, times: Sequence[float], peer: Sequence[float]) -> tuple[str, float, float, float, float]:
    median, best = statistics.median(times), min(times)
    return name, 1000 * median, 1000 * best, median / statistics.median(peer), best / min(peer)


if __name__ == "__main__":
    main()
