"""How long a restoration takes, where the time goes, and what the engines make of it; no quality figures.

    python benchmarks/speed.py [--frame FILE] [--runs N] [--threads N] [--skip PART ...]

Prints Markdown tables, medians over interleaved runs: file to file against CorKit's calibration and against the network
over the whole frame in eager torch; the stages; every engine on windows and on a whole frame. `speed_endpoint.py` does
the endpoint, `speed_gpu.py` a GPU. The frame gets four missing blocks, far apart.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import io
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import calibration
import numpy as np
import timing
from astropy.io import fits

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.nominal import pixel_response
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.simulation.scene import simulate, write
from corinpaint.model.metadata import SEQUENCE, default_checkpoint
from corinpaint.restore.engines import base, loading
from corinpaint.restore.methods.problem import problem_of
from corinpaint.restore.network import equalisation, log_polar
from corinpaint.restore.pipeline import restore

MISSING = ((20, 8), (12, 22), (24, 12), (9, 20))
SIDE = 1024

WINDOW = 256
"""Side of the window of a single block."""

WHOLE = (960, 3264)
"""Rows and columns of the whole frame in log-polar coordinates, without loss at its outer edge 512 px from the sun's
centre: 512 ln (512 / 80) and 2 pi 512, to multiples of 64 px."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time the restoration of a C3 frame with four missing blocks.")
    parser.add_argument("--frame", type=Path, help="full C3 Clear frame; by default a simulated one")
    parser.add_argument("--runs", type=int, default=9, help="measurements of each, interleaved (default 9)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of every engine (default: all cores)")
    parser.add_argument(
        "--skip", nargs="*", default=[], choices=["files", "stages", "engines"], help="parts to leave out"
    )
    arguments = parser.parse_args()
    engines = Engines(arguments.threads)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = holed(arguments.frame, folder / "32082037.fts")
        if "files" not in arguments.skip:
            files(path, folder, engines, arguments.runs)
        if "stages" not in arguments.skip:
            stages(path, folder, engines.onnx, arguments.runs)
    if "engines" not in arguments.skip:
        networks(engines, arguments.runs)
    print(f"\n{arguments.runs} interleaved runs, {arguments.threads} threads. ", end="")
    print(timing.machine("corinpaint", "torch", "onnxruntime", "numpy", "astropy"))


def holed(source: Path | None, target: Path) -> Path:
    """Write a frame with `MISSING` blocks, uncompressed."""
    missing = np.zeros((blocks.BLOCKS_PER_SIDE, blocks.BLOCKS_PER_SIDE), dtype=bool)
    missing[tuple(np.transpose(MISSING))] = True
    if source is None:
        return write(simulate(1, missing=missing), target, overwrite=True)
    content = source.read_bytes()
    content = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    with fits.open(io.BytesIO(content)) as hdus:
        start, kind = hdus[0].fileinfo()["datLoc"], np.dtype(f">i{abs(hdus[0].header['BITPIX']) // 8}")
    counts = np.frombuffer(content, kind, count=SIDE * SIDE, offset=start).reshape(SIDE, SIDE).copy()
    counts[blocks.to_pixels(missing)] = 0  # the header stays as it is, with cards that astropy would not write
    target.write_bytes(content[:start] + counts.tobytes() + content[start + counts.nbytes :])
    return target


class Engines:
    """The shipped network on every engine, opened when it is asked for."""

    def __init__(self, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        self.threads = threads
        self.onnx = loading.load(None, threads)
        self.torch = loading.load(default_checkpoint(), threads)

    def networks(self, folder: Path) -> dict[str, Callable[..., Any]]:
        """Functions of (image, mask, place) that run the network, by name."""
        import torch

        from corinpaint.export import torchscript
        from corinpaint.model.checkpoint import load_checkpoint

        script = loading.load(torchscript.export(default_checkpoint(), folder / "corinpaint.pt"), self.threads)
        model = load_checkpoint(default_checkpoint())[0].inference_module().eval()
        compiled = torch.compile(model)

        def run_compiled(*given: base.Image) -> None:
            with torch.inference_mode():
                compiled(*map(torch.from_numpy, given))

        return {
            "torch, eager": self.torch.fill,
            "TorchScript, frozen": script.fill,
            "torch.compile": run_compiled,
            "onnxruntime": self.onnx.fill,
        }


def files(path: Path, folder: Path, engines: Engines, runs: int) -> None:
    """From a file to a file."""
    images = calibration._official(folder / "official")
    calibration_set = load_calibration_set(folder / "official")
    corkit = calibration.CorKit(images, folder)

    def ours() -> None:
        restore(read_frame(path), inpainter=engines.onnx, calibration=calibration_set).level1.write(
            folder / "ours", overwrite=True
        )

    whole_frame = inputs(1, *WHOLE)

    def whole() -> None:
        frame = read_frame(path)
        engines.torch.fill(*whole_frame)
        restore(frame, fill="none", calibration=calibration_set).level1.write(folder / "whole", overwrite=True)

    found = timing.medians(
        {
            "CorInpaint, four missing blocks filled": ours,
            "the network over the whole frame, eager torch": whole,
            "CorKit, calibration alone (`c3_calibrate`, `c3_warp`, `final_step`)": lambda: corkit.with_files(path),
        },
        runs,
    )
    gc.collect()
    first = found["CorInpaint, four missing blocks filled"]
    print(timing.table(["file to file", "ms", "over ours"], [(name, ms, ms / first) for name, ms in found.items()]))


def inputs(count: int, rows: int, columns: int) -> tuple[base.Image, base.Image, base.Image]:
    """Image, mask and place of windows without context, with one block missing in the middle."""
    image = np.random.default_rng(0).random((count, SEQUENCE.channels, rows, columns), dtype=np.float32)
    mask = np.zeros_like(image)
    mask[:, :1] = 1
    top, left = rows // 2 - 16, columns // 2 - 16
    mask[:, :, top : top + 32, left : left + 32] = 0
    place = np.zeros((count, SEQUENCE.places), dtype=np.float32)
    place[:, :2] = 300, 1
    return image, mask, place


@dataclass(frozen=True)
class Steps:
    """The parts of a restoration one by one."""

    path: Path
    folder: Path
    engine: base.Inpainter

    def tasks(self) -> dict[str, timing.Task]:
        """Each part, with what comes before it done beforehand."""
        calibration_set, frame = load_calibration_set(), read_frame(self.path)
        calibrated = calibrate_on_detector(frame, calibration_set)
        posed = replace(
            problem_of(calibrated, tuple(blocks.zones(calibrated.missing_in_field))),
            response=pixel_response.load(frame.detector, calibrated.shape),
        )
        restored = restore(frame, inpainter=self.engine, calibration=calibration_set)
        content, target = restored.level1.to_bytes(), self.folder / "stage.fits"
        windows = inputs(len(MISSING), WINDOW, WINDOW)
        return {
            "FITS in: header, image, checks": lambda: read_frame(self.path),
            "photometry, variance, missing blocks (survey)": lambda: calibrate_on_detector(frame, calibration_set),
            "scale in units of the noise": lambda: equalisation.fit_noise(posed.image, posed.sigma, posed.observed),
            "fill: windows, network, way back": lambda: log_polar.fill(posed, self.engine),
            "of it the network": lambda: self.engine.fill(*windows),
            "all but FITS": lambda: restore(frame, inpainter=self.engine, calibration=calibration_set),
            "the same without fill": lambda: restore(frame, fill="none", calibration=calibration_set),
            "FITS out: header, three images, checksums": restored.level1.to_bytes,
            "writing the product": lambda: target.write_bytes(content),
        }


def stages(path: Path, folder: Path, engine: base.Inpainter, runs: int) -> None:
    """Where the time goes."""
    found = timing.medians(Steps(path, folder, engine).tasks(), runs)
    print("\n" + timing.table(["part", "ms"], list(found.items())))


def networks(engines: Engines, runs: int) -> None:
    """Every engine on windows and on a whole frame."""
    sizes = {
        "one window": (1, WINDOW, WINDOW),
        "four windows": (len(MISSING), WINDOW, WINDOW),
        "1024 x 1024": (1, SIDE, SIDE),
        "whole frame": (1, *WHOLE),
    }
    with tempfile.TemporaryDirectory() as name:
        made = engines.networks(Path(name))
        found = {
            what: timing.medians({engine: _bound(run, inputs(*size)) for engine, run in made.items()}, runs)
            for what, size in sizes.items()
        }
    eager, whole = found["four windows"]["torch, eager"], found["whole frame"]["torch, eager"]
    rows = [
        (engine, *(found[what][engine] for what in sizes), eager / windowed, whole / windowed)
        for engine, windowed in found["four windows"].items()
    ]
    heading = ["network alone, ms", *sizes, "four windows: times eager", "times the whole frame in eager"]
    print("\n" + timing.table(heading, rows))


def _bound(run: Callable[..., Any], given: tuple[base.Image, ...]) -> timing.Task:
    return lambda: run(*given)


if __name__ == "__main__":
    main()
