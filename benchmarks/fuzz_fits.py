"""Coverage-guided fuzzing of the way in: bytes to a frame, to a product.

    pip install atheris
    python benchmarks/fuzz_fits.py --seconds 120 --corpus build/fuzz

Every input goes through ``read_frame``; a frame that passes is calibrated, restored without fill, and written. An input
is a find when anything escapes that is no CorInpaintError (warnings are raised), when it takes more than 2 s of work,
or 256 MiB more memory than all before. The run stops at a find and leaves it beside the corpus (``crash-*``,
``timeout-*``, ``oom-*``): put it into ``tests/data/fuzz`` under a name that says what it is, and a test runs it ever
after. ``--check FILE...`` runs inputs once.

Mutations know a file's structure (``tests/support/mutations.py``): cards are changed as units, to values that break
parsers; pixels; packing. A fifth of them are libFuzzer's own, on bytes. Seeds are frames of 32 x 32 pixels: C2, C3,
polarised, monthly, floats, unsigned, a subfield, gzipped.
"""

from __future__ import annotations

import argparse
import gzip
import random
import resource
import sys
import time
import warnings
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

with atheris.instrument_imports(include=["corinpaint.lasco", "corinpaint.restore", "astropy.io.fits"]):
    import level05
    import mutations
    import numpy as np

    from corinpaint.lasco import calibrate, read_frame
    from corinpaint.lasco.errors import CorInpaintError
    from corinpaint.restore.pipeline import restore

MOST_BYTES = 64 * 2880
"""Of an input; a frame of 32 x 32 pixels takes three blocks of 2880."""

SLOW = 2
"""Seconds of work that no input may take."""

HANGS = 20
"""Seconds by the clock after which an input is given up."""

MOST_MIB = 256
"""Memory that no input may take more than all before it; the engine's own grows all the while."""

ENGINE_MIB = 4096
"""Memory of the process at which the run ends."""

SEEDS = {
    "c3": {},
    "c2": {"DETECTOR": "C2", "FILTER": "Orange"},
    "polarised": {"POLAR": "-60 Deg"},
    "product": {"POLAR": "Qs"},
    "monthly": {"FILEORIG": "0"},
    "chip": {"SUMCOL": 32, "SUMROW": 32, "LEBXSUM": 1, "LEBYSUM": 1},
    "upside down": {"CROTA1": 180.0, "HCOMP_SF": 64},
}
"""Cards of the frames to begin with."""


def seeds() -> dict[str, bytes]:
    """Good files to begin with."""
    made = {name: level05.small_frame(**cards) for name, cards in SEEDS.items()}
    sums = {"LEBXSUM": 32, "LEBYSUM": 32}
    made["unsigned"] = level05.frame_bytes(np.full((32, 32), 40000, np.uint16), **sums)
    made["floats"] = level05.frame_bytes(np.full((32, 32), 9000, np.float32), **sums)
    corners = {"R1COL": 20 + 128, "R1ROW": 1 + 320, "R2COL": 20 + 639, "R2ROW": 1 + 575}
    made["subfield"] = level05.frame_bytes(np.full((8, 16), 9000, np.int16), **sums, **corners)
    made["packed"] = gzip.compress(made["c3"], mtime=0)
    return made


def one_input(raw: bytes) -> str:
    """All that an input can reach; what came of it.

    Raises
    ------
    Exception
        What no user should see.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            frame = read_frame(raw, name="input.fts")
        except CorInpaintError as error:
            return f"refused: {error}"
        try:
            calibrate(frame).to_bytes()
            restore(frame, fill="none").level1.to_bytes()
        except CorInpaintError as error:
            return f"read, not calibrated: {error}"
    return "restored"


def _timed(raw: bytes) -> None:
    start, before = time.thread_time(), _peak_mib()
    came = one_input(raw)
    spent, grown = time.thread_time() - start, _peak_mib() - before
    if spent > SLOW:
        raise TimeoutError(f"{spent:.1f} s of work: {came}")
    if grown > MOST_MIB:
        raise MemoryError(f"{grown:.0f} MiB: {came}")


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _mutated(raw: bytes, most: int, seed: int) -> bytes:
    rng = random.Random(seed)
    if rng.random() < 0.2:
        return bytes(atheris.Mutate(raw, most))
    return mutations.mutate(raw, rng)[:most]


def _check(paths: list[Path]) -> None:
    for path in paths:
        start = time.perf_counter()
        came = one_input(path.read_bytes())
        print(f"{path.name}: {time.perf_counter() - start:.3f} s, {came}")


def main() -> None:
    """Fuzz, or check files."""
    parser = argparse.ArgumentParser(description="Coverage-guided fuzzing of reading and calibrating a frame.")
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--corpus", type=Path, default=ROOT / "build" / "fuzz", help="kept between runs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", type=Path, nargs="+", metavar="FILE", help="run these files once, do not fuzz")
    given = parser.parse_args()
    if given.check:
        _check(given.check)
        return
    corpus = given.corpus / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, raw in seeds().items():
        came = one_input(raw)  # also imports what is imported late
        if came.startswith("refused"):
            raise SystemExit(f"the seed {name} is {came}")
        (corpus / name).write_bytes(raw)
    flags = {
        "max_total_time": given.seconds,
        "timeout": HANGS,
        "rss_limit_mb": ENGINE_MIB,
        "max_len": MOST_BYTES,
        "len_control": 0,
        "seed": given.seed,
        "artifact_prefix": f"{given.corpus}/",
        "print_final_stats": 1,
    }
    arguments = [sys.argv[0], str(corpus), *(f"-{flag}={value}" for flag, value in flags.items())]
    atheris.Setup(arguments, _timed, custom_mutator=_mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
