"""The benchmark of fills: holes put into real frames, filled by every method, compared with what was observed there.

Everything happens on the detector grid, where holes are whole telemetry blocks, and counts hole pixels only.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corinpaint.evaluate import scores
from corinpaint.lasco.errors import CorInpaintError, OptionError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.photometry import noise
from corinpaint.lasco.photometry.detector import Exposed
from corinpaint.lasco.photometry.optics import load_assets
from corinpaint.lasco.reference_files.calibration_set import Assets
from corinpaint.lasco.simulation import placement
from corinpaint.restore.network import equalisation
from corinpaint.restore.survey import Surroundings, survey

Filler = Callable[[Surroundings, blocks.Blocks], Exposed]
"""Fills the wanted blocks (32, 32) of a frame: brightness and variance in place; NaN where it cannot."""


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes
    ----------
    sizes : tuple of str
        Keys of `corinpaint.lasco.simulation.placement.SHAPES`.
    holes : int
        Most holes of a size in a frame.
    seed : int
    """

    sizes: tuple[str, ...] = tuple(placement.SHAPES)
    holes: int = 6
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = set(self.sizes) - set(placement.SHAPES)
        if unknown:
            raise OptionError(f"sizes {sorted(unknown)} are unknown", f"choose of {', '.join(placement.SHAPES)}")


@dataclass(frozen=True, eq=False)
class Trial:
    """Holes of one size in one frame.

    Attributes
    ----------
    frame : Frame
        Level 0.5, complete.
    size : str
    holes : list of ndarray of bool, shape (32, 32)
    complete, holed : Surroundings
        Calibrated, without the holes and with them.
    """

    frame: Frame
    size: str
    holes: list[blocks.Blocks]
    complete: Surroundings
    holed: Surroundings

    @property
    def wanted(self) -> blocks.Blocks:
        """All holes; shape (32, 32)."""
        return np.asarray(np.logical_or.reduce(self.holes))


def trial(frame: Frame, size: str, plan: Plan, assets: Assets) -> Trial | None:
    """Put holes of one size into a frame; None where none fits.

    Places depend on the seed, the frame's name and the size alone: every method meets the same holes.
    """
    complete = survey(frame, assets)
    side = blocks.sides(frame.data.shape)
    usable = blocks.means(complete.observed, side) == 1
    digest = hashlib.sha256(f"{plan.seed} {frame.number} {size}".encode()).digest()
    holes = placement.place(usable, size, plan.holes, np.random.default_rng(int.from_bytes(digest[:8], "big")))
    if not holes:
        return None
    missing = blocks.expand(np.logical_or.reduce(holes), frame.data.shape)
    holed = replace(frame, data=np.where(missing, np.float32(0), frame.data))
    return Trial(frame, size, holes, complete, survey(holed, assets))


def run(
    frames: Iterable[Path],
    methods: Mapping[str, Filler],
    plan: Plan,
    assets: Assets | None = None,
    skipped: Callable[[str], None] = lambda _: None,
) -> list[dict[str, float | str]]:
    """Measure every method on every frame.

    Parameters
    ----------
    frames : iterable of Path
        Level 0.5 files.
    methods : mapping of str to Filler
    plan : Plan
    assets : Assets, optional
        By default the nominal sets.
    skipped : callable
        Told of files that cannot be used.

    Returns
    -------
    list of dict
        One row per method and hole: frame, telescope, size, hole, method, the figures of `corinpaint.evaluate.scores`
        (plain names in MSB, ``dn_`` in DN, ``equalised_`` in the equalised domain), seconds per frame.
    """
    assets = assets or load_assets()
    rows: list[dict[str, float | str]] = []
    for path in frames:
        try:
            frame = read_frame(path)
            trials = [found for size in plan.sizes if (found := trial(frame, size, plan, assets)) is not None]
        except CorInpaintError as error:
            skipped(str(error))
            continue
        for one in trials:
            for name, fill in methods.items():
                rows += measure(one, name, fill)
    return rows


def filled(one: Trial, fill: Filler) -> tuple[Exposed, float]:
    """The frame with the holes filled, and the seconds that the fill took."""
    start = time.perf_counter()
    result = fill(one.holed, one.wanted)
    return result, time.perf_counter() - start


def measure(one: Trial, name: str, fill: Filler) -> list[dict[str, float | str]]:
    """Rows of one method for the holes of a trial; see `run`."""
    result, seconds = filled(one, fill)
    views = _views(one, result)
    sigma, centre = np.sqrt(result.variance.astype(np.float64)), one.complete.centre
    rows: list[dict[str, float | str]] = []
    for number, hole in enumerate(one.holes):
        where = blocks.expand(hole, one.frame.data.shape)
        row: dict[str, float | str] = {
            "frame": one.frame.number,
            "telescope": one.frame.detector,
            "date": one.frame.date.isot,
            "size": one.size,
            "hole": f"{one.size}-{number}",
            "blocks": " ".join(map(str, np.flatnonzero(hole))),
            "method": name,
        }
        finite = np.isfinite(views[""].fill[where]).all()
        for prefix, view in views.items():
            figures = scores.in_domain(view, where) if finite else dict.fromkeys(scores.IN_DOMAIN, float("nan"))
            row |= {prefix + key: value for key, value in figures.items()}
        truth, image = views[""].truth, views[""].fill
        level = float(np.median(views[""].noise[where]))
        row["laplacian_error"] = float(row["error"]) * level / scores.laplacian_noise(truth, where)
        row["streamers"] = scores.streamers(truth, image, where, centre) if finite else float("nan")
        row["seam"] = scores.seam(truth, image, where) if finite else float("nan")
        row["coverage"] = scores.coverage(truth, image, sigma, where) if finite else float("nan")
        row["seconds"] = seconds
        rows.append(row)
    return rows


def _views(one: Trial, result: Exposed) -> dict[str, scores.View]:
    """The filled frame and its truth in MSB, DN and the equalised domain, by the prefix of their columns."""
    exposed = one.complete.exposed
    truth, fill = exposed.brightness.astype(np.float64), result.brightness.astype(np.float64)
    sigma = np.sqrt(exposed.variance.astype(np.float64))
    counts = np.sqrt(noise.variance(one.frame, exposed.exposure.bias).astype(np.float64))
    per_count = sigma / counts
    equaliser = equalisation.fit(one.holed.brightness, one.holed.observed)

    def equalised(image: NDArray[np.float64]) -> NDArray[np.float64]:
        return equaliser.forward(image.astype(np.float32)).astype(np.float64)

    level = equalised(truth)
    spread = np.maximum(np.abs(equalised(truth + sigma) - equalised(truth - sigma)) / 2, 1e-9)
    inside = one.complete.observed
    span, span_dn = (float(np.ptp(np.percentile(image[inside], [0.5, 99.5]))) for image in (truth, truth / per_count))
    return {
        "": scores.View(truth, fill, sigma, span),
        "dn_": scores.View(truth / per_count, fill / per_count, counts, span_dn),
        "equalised_": scores.View(level, np.where(np.isfinite(fill), equalised(fill), np.nan), spread, 1.0),
    }


def order(rows: Sequence[Mapping[str, float | str]], method: str, size: str) -> list[tuple[str, str]]:
    """Holes of a size, (frame, hole), by the error of a method, the worst first."""
    mine = [row for row in rows if row["method"] == method and row["size"] == size and np.isfinite(float(row["error"]))]
    mine.sort(key=lambda row: (-float(row["error"]), str(row["frame"]), str(row["hole"])))
    return [(str(row["frame"]), str(row["hole"])) for row in mine]
