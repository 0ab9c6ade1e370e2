"""The benchmark of fills: holes put into real frames, filled by every method, compared with what was observed there.

Frames are compared on the detector grid, where holes are whole telemetry blocks, in the pixels of the holes alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corinpaint.evaluate import placement, scores
from corinpaint.evaluate.context_frames import ContextFrames
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.photometry import noise
from corinpaint.lasco.photometry.detector import ObservedFrame, calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet
from corinpaint.lasco.simulation.hole_placement import SHAPES, generator
from corinpaint.restore.context import Context
from corinpaint.restore.network import equalisation

Row = dict[str, float | str]
"""A line of a table of figures."""

Method = Callable[[ObservedFrame, blocks.Blocks, tuple[Context, ...]], ObservedFrame]
"""Fills the wanted blocks (32, 32) of a frame, from its context where it takes some; NaN where it cannot."""


Progress = Callable[[int, int], None]
"""Called with the number of steps that are done and that of all."""

CLEAR = ("CLEAR", "")
"""POLAR of frames without a polariser."""


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes
    ----------
    sizes : tuple of str
        As in `corinpaint.evaluate.placement`.
    holes : int
        Maximum number of holes of a size in a frame.
    seed : int
    """

    sizes: tuple[str, ...] = tuple(SHAPES)
    holes: int = 6
    seed: int = 0

    def __post_init__(self) -> None:
        for size in self.sizes:
            placement.check_size(size)


@dataclass(frozen=True, eq=False)
class HoledFrame:
    """A complete frame and holes of one size in it.

    Attributes
    ----------
    frame : Frame
        Level 0.5, complete.
    size : str
    holes : list of ndarray of bool, shape (H / 32, W / 32)
    complete, holed : ObservedFrame
        Calibrated, without the holes and with them.
    context : tuple of Context
        Other frames, aligned with the holed one.
    """

    frame: Frame
    size: str
    holes: list[blocks.Blocks]
    complete: ObservedFrame
    holed: ObservedFrame
    context: tuple[Context, ...] = ()

    @property
    def wanted(self) -> blocks.Blocks:
        """Blocks of all holes; shape (H / 32, W / 32)."""
        return np.asarray(np.logical_or.reduce(self.holes))

    @property
    def labels(self) -> Row:
        """First columns of its rows."""
        frame = self.frame
        return {
            "frame": frame.number,
            "telescope": frame.detector,
            "date": frame.date.isot,
            "size": self.size,
            "kind": kind(frame),
        }

    def pixels(self, number: int) -> NDArray[np.bool_]:
        """Pixels of a hole that have a truth; shape (H, W)."""
        return np.asarray(blocks.to_pixels(self.holes[number]) & self.complete.observed)


def make_holes(
    frame: Frame, size: str, plan: Plan, calibration: CalibrationSet, context: ContextFrames | None = None
) -> HoledFrame | None:
    """Put holes of one size into a frame; None where none fits.

    Places depend on the seed, the frame's name and the size alone: every method fills the same holes.

    Parameters
    ----------
    frame : Frame
        Level 0.5.
    size : str
    plan : Plan
    calibration : CalibrationSet
    context : ContextFrames, optional
        Frames that context is taken from.

    Returns
    -------
    HoledFrame or None

    Raises
    ------
    UnsupportedFrameError
        When the frame is not an exposure of the corona, or has no calibration factor.
    """
    complete = calibrate_on_detector(frame, calibration)
    holes = placement.place(complete, size, plan.holes, generator(f"{plan.seed} {frame.number} {size}"))
    return with_holes(complete, size, holes, context) if holes else None


def with_holes(
    complete: ObservedFrame, size: str, holes: list[blocks.Blocks], context: ContextFrames | None = None
) -> HoledFrame:
    """Put given holes into a frame; parameters and errors as for `make_holes`."""
    missing = blocks.to_pixels(np.logical_or.reduce(holes))
    frame = complete.frame
    emptied = replace(frame, data=np.where(missing, np.float32(0), frame.data))
    holed = calibrate_on_detector(emptied, complete.calibration, complete.options)
    return HoledFrame(frame, size, holes, complete, holed, context.of(holed) if context is not None else ())


def kind(frame: Frame) -> str:
    """Kind of a frame whose figures belong together: 'full', or summed as in '2x2', and with 'polarised' if it is."""
    sums = f"{frame.sums.x}x{frame.sums.y}" if frame.sums.pixels > 1 else "full"
    return sums if frame.polar.upper() in CLEAR else f"polarised {sums}"


def run(
    frames: Iterable[Path],
    methods: Mapping[str, Method],
    plan: Plan,
    calibration: CalibrationSet | None = None,
    context: ContextFrames | None = None,
    skipped: Callable[[str], None] = lambda _: None,
    progress: Progress = lambda _done, _all: None,
) -> list[Row]:
    """Measure every method on every frame.

    Parameters
    ----------
    frames : iterable of Path
        Level 0.5 files.
    methods : mapping of str to Method
    plan : Plan
    calibration : CalibrationSet, optional
        By default the nominal sets.
    context : ContextFrames, optional
        Frames that context is taken from; without it, methods that take context fill with NaN.
    skipped : callable
        Called with a message about every file that cannot be used.
    progress : callable
        Called whenever a method has filled the holes of one size in a frame, with their number and that of all.

    Returns
    -------
    list of dict
        One row per method and hole: frame, telescope, date, size, hole, blocks, method, kind, the figures of
        `corinpaint.evaluate.scores` (plain names in MSB, ``dn_`` in DN, ``equalised_`` in the equalised domain),
        seconds that the fill of all holes of the frame took, calibration and alignment of context left out.
    """
    calibration = calibration or load_calibration_set()
    rows: list[Row] = []
    paths = list(frames)
    for number, path in enumerate(paths):
        for place, size in enumerate(plan.sizes):
            try:
                holed_frame = make_holes(read_frame(path), size, plan, calibration, context)
            except CorInpaintError as error:
                skipped(str(error))
                break
            for turn, (name, method) in enumerate(methods.items()):
                rows += measure(holed_frame, name, method) if holed_frame is not None else []
                done = (number * len(plan.sizes) + place) * len(methods) + turn + 1
                progress(done, len(paths) * len(plan.sizes) * len(methods))
    return rows


def filled(holed_frame: HoledFrame, method: Method) -> tuple[ObservedFrame, float]:
    """The frame with the holes filled, and the seconds that the fill took."""
    start = time.perf_counter()
    result = method(holed_frame.holed, holed_frame.wanted, holed_frame.context)
    return result, time.perf_counter() - start


def measure(holed_frame: HoledFrame, name: str, method: Method) -> list[Row]:
    """Rows of one method for the holes of a frame; see `run`."""
    result, seconds = filled(holed_frame, method)
    domains = _domains(holed_frame, result)
    sigma, centre = np.sqrt(result.variance.astype(np.float64)), holed_frame.complete.centre
    rows: list[Row] = []
    for number, blocks_of_hole in enumerate(holed_frame.holes):
        hole = holed_frame.pixels(number)
        first = holed_frame.labels
        kind_of_frame = first.pop("kind")
        row: Row = {
            **first,
            "hole": f"{holed_frame.size}-{number}",
            "blocks": " ".join(map(str, np.flatnonzero(blocks_of_hole))),
            "method": name,
            "kind": kind_of_frame,
        }
        finite = np.isfinite(domains[""].fill[hole]).all()
        for prefix, images in domains.items():
            figures = scores.in_domain(images, hole) if finite else dict.fromkeys(scores.IN_DOMAIN, float("nan"))
            row |= {prefix + key: value for key, value in figures.items()}
        truth, fill = domains[""].truth, domains[""].fill
        noise_of = domains[""].noise
        row["rms"] = scores.rms(truth, fill, noise_of, hole) if finite else float("nan")
        row["floor"] = scores.floor(truth, holed_frame.complete.observed, noise_of, hole)
        level = float(np.median(noise_of[hole]))
        row["laplacian_error"] = float(row["error"]) * level / scores.laplacian_noise(truth, hole)
        row["streamers"] = scores.streamers(truth, fill, hole, centre) if finite else float("nan")
        row["seam"] = scores.seam(truth, fill, hole) if finite else float("nan")
        row["coverage"] = scores.coverage(truth, fill, sigma, hole) if finite else float("nan")
        row["interval"] = scores.interval(truth, fill, sigma, hole) if finite else float("nan")
        row["predicted"] = float(np.median(sigma[hole])) / level if finite else float("nan")
        row["total_ratio"] = scores.total_ratio(truth, fill, sigma, hole) if finite else float("nan")
        row["pixels"] = int(hole.sum())
        row["seconds"] = seconds
        rows.append(row)
    return rows


def _domains(holed_frame: HoledFrame, result: ObservedFrame) -> dict[str, scores.DomainImages]:
    """The filled frame and its truth in MSB, DN and the equalised domain, by the prefix of their columns."""
    exposed = holed_frame.complete
    truth, fill = exposed.brightness.astype(np.float64), result.brightness.astype(np.float64)
    sigma = np.sqrt(exposed.variance.astype(np.float64))
    counts = np.sqrt(noise.variance(holed_frame.frame, exposed.exposure.bias).astype(np.float64))
    per_count = sigma / counts
    equaliser = equalisation.fit(holed_frame.holed.brightness, holed_frame.holed.observed)

    def equalised(image: NDArray[np.float64]) -> NDArray[np.float64]:
        return equaliser.forward(image.astype(np.float32)).astype(np.float64)

    level = equalised(truth)
    spread = np.maximum(np.abs(equalised(truth + sigma) - equalised(truth - sigma)) / 2, 1e-9)
    inside = holed_frame.complete.observed
    span, span_dn = (float(np.ptp(np.percentile(image[inside], [0.5, 99.5]))) for image in (truth, truth / per_count))
    return {
        "": scores.DomainImages(truth, fill, sigma, span),
        "dn_": scores.DomainImages(truth / per_count, fill / per_count, counts, span_dn),
        "equalised_": scores.DomainImages(level, np.where(np.isfinite(fill), equalised(fill), np.nan), spread, 1.0),
    }


def ranked_holes(rows: Sequence[Mapping[str, float | str]], method: str, size: str) -> list[tuple[str, str]]:
    """Holes of a size, (frame, hole), by the error of a method, the worst first."""
    of_size = [row for row in rows if row["method"] == method and row["size"] == size]
    finite = [row for row in of_size if np.isfinite(float(row["error"]))]
    finite.sort(key=lambda row: (-float(row["error"]), str(row["frame"]), str(row["hole"])))
    return [(str(row["frame"]), str(row["hole"])) for row in finite]
