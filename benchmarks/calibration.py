"""How long the calibration of a C3 frame takes, here and in CorKit, on one core.

    python benchmarks/calibration.py [--frames DIR] [--runs N]

Prints a Markdown table. Both sides get the same frames and the same made-up official images; CorKit's fill is bypassed.
CorKit's path is ``c3_calibrate`` and ``c3_warp`` (brightness and distortion, nothing else), with files also ``FITS``,
``final_step`` and ``save_to_fits``. It finds no day's table, and its pointing is given to it, since it cannot read the
official tables as they are. Ours is timed for these two steps alone, and for the whole product.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import platform
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import timing
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.errors import FrameError
from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.level05.frame import FRAME_SHAPE, Frame, read_frame
from corinpaint.lasco.level1.calibrate import calibrate, make_header, provenance
from corinpaint.lasco.photometry import photometry
from corinpaint.lasco.photometry.corkit import calfactor
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.exposure import determine_exposure
from corinpaint.lasco.photometry.optics import load_calibration_set, load_optics
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet
from corinpaint.lasco.simulation.scene import simulate, write

ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
Image = NDArray[np.floating]
Tasks = Mapping[str, Callable[[Path], float]]


def main() -> None:
    """Measure and print."""
    _on_one_core()
    parser = argparse.ArgumentParser(description="Time the calibration of C3 frames, here and in CorKit, on one core.")
    parser.add_argument("--frames", type=Path, help="folder of Level 0.5 files; by default a simulated frame")
    parser.add_argument("--runs", type=int, default=9, help="measurements of each, interleaved (default 9)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = _frames(arguments.frames, folder)
        images = _official(folder / "official")
        first, memory = _in_new_process(_first, paths[0], folder), _in_new_process(_memory, paths[0], folder)
        tasks = Ours(load_calibration_set(folder / "official"), folder).tasks() | CorKit(images, folder).tasks()
        medians = _medians(tasks, paths, max(arguments.runs, 1))
    _report(medians, len(paths), arguments.runs, first, memory)


def _on_one_core() -> None:
    """Start again with one thread for each library where that is not set, and stay on one core."""
    if any(os.environ.get(key) != value for key, value in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ONE_THREAD, "MPLBACKEND": "Agg"})
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _frames(directory: Path | None, folder: Path) -> list[Path]:
    """Files of full, unsummed C3 Clear frames."""
    if directory is None:
        return [write(simulate(1, missing=0), folder / "32082037.fts")]
    found = [path for path in sorted(directory.rglob("*.f*ts*")) if _is_full_clear(path)]
    if not found:
        raise SystemExit(f"{directory}: holds no full C3 Clear frame of Level 0.5")
    return found


def _is_full_clear(path: Path) -> bool:
    try:
        frame = read_frame(path)
    except FrameError:
        return False
    return frame.detector == "C3" and frame.filter == frame.polar == "CLEAR" and frame.data.shape == FRAME_SHAPE


def _official(folder: Path) -> dict[str, Image]:
    """Official file names with smooth made-up content."""
    y, x = np.mgrid[0:1024, 0:1024] / 1024
    images = {
        "c3vig_preint_final.fts": 1 + 0.5 * x,
        "c3vig_postint_final.fts": 1 + 0.5 * y,
        "C3ramp.fts": 3e-12 * (1 + x * y),
        "c3_cl_mask_lvl1.fts": 1.0 * (abs(np.hypot(x - 0.505, y - 0.52) - 0.27) < 0.2),
    }
    folder.mkdir()
    for name, image in images.items():
        fits.PrimaryHDU(image.astype(np.float32)).writeto(folder / name)
    return images


@dataclass(frozen=True)
class Ours:
    """CorInpaint's steps; each function takes a file and returns the seconds that were measured."""

    calibration: CalibrationSet
    folder: Path

    def tasks(self) -> dict[str, Callable[[Path], float]]:
        return {
            "two steps": self.two_steps,
            "with header": self.with_header,
            "CorInpaint": self.calibrated,
            "CorInpaint with files": self.with_files,
        }

    def two_steps(self, path: Path) -> float:
        """Brightness and distortion, what CorKit's path does."""
        frame = read_frame(path)
        start = time.perf_counter()
        self._steps(frame)
        return time.perf_counter() - start

    def with_header(self, path: Path) -> float:
        """Brightness, distortion, and the whole header but for the statistics of the image."""
        frame = read_frame(path)
        exposed = calibrate_on_detector(frame, self.calibration)
        start = time.perf_counter()
        self._steps(frame)
        make_header(exposed, provenance(exposed))
        return time.perf_counter() - start

    def _steps(self, frame: Frame) -> NDArray[np.float32]:
        optics, taken = load_optics(self.calibration, "C3"), determine_exposure(frame, self.calibration)
        exposed = (taken.bias, frame.exptime, taken.factor)
        vignetting, factor = optics.vignetting(frame.day), calfactor(frame)
        image = photometry.from_counts(frame.data, exposed, vignetting, factor, optics.ramp)
        return distortion.undistort_map(distortion.occulter_centre(frame.date)).image(image)

    def calibrated(self, path: Path) -> float:
        """Photometry, uncertainty, distortion, masks and header."""
        frame = read_frame(path)
        start = time.perf_counter()
        calibrate(frame, self.calibration)
        return time.perf_counter() - start

    def with_files(self, path: Path) -> float:
        """The same from a file to a file with image, flags, uncertainty and checksums."""
        start = time.perf_counter()
        calibrate(read_frame(path), self.calibration).write(self.folder / "ours", overwrite=True)
        return time.perf_counter() - start


class CorKit:
    """CorKit's steps."""

    def __init__(self, images: dict[str, Image], folder: Path) -> None:
        import corkit.lasco
        import corkit.utils

        self.lasco: Any = corkit.lasco
        self.utils: Any = corkit.utils
        self.lasco.dl_image = lambda _model, image, *_: image
        self.lasco.adjust_hdr = lambda _: {"roll": -0.23, "xpos": 517.956, "ypos": 532.632}
        pre, post, ramp, mask = images.values()
        self.arguments = (pre, post, mask, ramp, np.ones(FRAME_SHAPE), None, None, None)
        self.target = str(folder / "theirs.fits")

    def tasks(self) -> dict[str, Callable[[Path], float]]:
        return {"CorKit": self.calibrated, "CorKit with files": self.with_files}

    def calibrated(self, path: Path) -> float:
        """``c3_calibrate`` and ``c3_warp``."""
        image, header = self._read(path)
        start = time.perf_counter()
        self._calibrate(image, header)
        return time.perf_counter() - start

    def with_files(self, path: Path) -> float:
        """The same from a file to a file, with ``final_step``."""
        start = time.perf_counter()
        image, header = self._calibrate(*self._read(path))
        image, header = self.lasco.final_step(None, "fits", image, header, 1, 1)
        self.utils.save_to_fits(image, header, self.target)
        return time.perf_counter() - start

    def _read(self, path: Path) -> tuple[Image, fits.Header]:
        image, header = self.utils.FITS(str(path))
        return image.astype(np.float64), header

    def _calibrate(self, image: Image, header: fits.Header) -> tuple[Image, fits.Header]:
        image, header = self.lasco.c3_calibrate(image, header, *self.arguments)
        warped: tuple[Image, fits.Header] = self.lasco.c3_warp(image, header)
        return warped


def _medians(tasks: Tasks, paths: list[Path], runs: int) -> dict[str, float]:
    """Median time of each task in ms; tasks take turns, frames too, and a first round is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for run in range(-1, runs):
        for name, task in tasks.items():
            with timing.silent():
                spent = task(paths[run % len(paths)])
            if run >= 0:
                seconds[name].append(spent)
    return {name: 1000 * statistics.median(times) for name, times in seconds.items()}


def _in_new_process(measure: Callable[[Path, Path], float], path: Path, folder: Path) -> float:
    """A measurement where nothing is cached yet."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (path, folder))


def _first(path: Path, folder: Path) -> float:
    """Seconds of the first frame: reading the official images and making the maps."""
    start = time.perf_counter()
    calibration = load_calibration_set(folder / "official")
    loaded = time.perf_counter() - start
    return loaded + Ours(calibration, folder).calibrated(path)


def _memory(path: Path, folder: Path) -> float:
    """MB that stay in the caches after a frame."""
    tracemalloc.start()
    Ours(load_calibration_set(folder / "official"), folder).calibrated(path)
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / 1e6


def _report(medians: dict[str, float], frames: int, runs: int, first: float, memory: float) -> None:
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("corinpaint", "corkit", "numpy", "scipy"))
    rows = [
        ("CorKit, `c3_calibrate` and `c3_warp`", "CorKit", "CorKit"),
        ("CorInpaint, the same two steps", "two steps", "CorKit"),
        ("CorInpaint, these and the header (pointing, WCS, files, HISTORY)", "with header", "CorKit"),
        ("CorInpaint, `calibrate`: with flags, uncertainty and statistics", "CorInpaint", "CorKit"),
        ("CorKit, file to file", "CorKit with files", "CorKit with files"),
        ("CorInpaint, file to file with flags, uncertainty, checksums", "CorInpaint with files", "CorKit with files"),
    ]
    print("| one C3 frame, 1024 x 1024 | median, ms | times as fast as CorKit |\n|---|---|---|")
    for label, name, other in rows:
        print(f"| {label} | {medians[name]:.1f} | {medians[other] / medians[name]:.1f} |")
    print(f"\nThe first frame takes {1000 * first:.0f} ms; images and maps stay in memory, {memory:.0f} MB.")
    print(f"{frames} frame(s), {runs} interleaved runs, one core of {timing.processor()} ({os.cpu_count()} cores).")
    print(f"Python {platform.python_version()}, {versions}.")


if __name__ == "__main__":
    main()
