"""Sequences of frames with the same holes in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corinpaint.evaluate import placement
from corinpaint.evaluate.benchmark import HoledFrame, Method, Plan, with_holes
from corinpaint.evaluate.context_frames import ContextFrames
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.photometry.detector import ObservedFrame, calibrate_on_detector
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet
from corinpaint.lasco.simulation.hole_placement import generator

MAX_GAP_HOURS = 1.0
"""Maximum time from a frame of a sequence to the next, hours."""

MAX_FRAMES = 6
"""Maximum number of frames of a sequence; a longer one is divided, so that what is held in memory is bounded."""


@dataclass(frozen=True, eq=False)
class FilledFrame:
    """A frame of a sequence, and what every method makes of its holes.

    Attributes
    ----------
    holed : HoledFrame
        Its holes are those of all frames of the sequence.
    fills : dict of str to ndarray of float32, shape (H, W)
        Brightness by method, MSB.
    """

    holed: HoledFrame
    fills: dict[str, NDArray[np.float32]]


def sequences(files: Sequence[Path]) -> list[list[Path]]:
    """Sequences among frames: of one telescope, filter, polariser and size, at most `MAX_GAP_HOURS` apart.

    Parameters
    ----------
    files : sequence of Path
        Level 0.5; those that cannot be read are left out.

    Returns
    -------
    list of list of Path
        Each of two frames at least, by time.
    """
    alike: dict[tuple[object, ...], list[tuple[Frame, Path]]] = {}
    for path in files:
        with suppress(CorInpaintError):
            frame = read_frame(path)
            key = (frame.detector, frame.filter, frame.polar, frame.data.shape, frame.subfield)
            alike.setdefault(key, []).append((frame, path))
    found: list[list[Path]] = []
    for members in alike.values():
        members.sort(key=lambda member: member[0].date)
        before = None
        for frame, path in members:
            near = before is not None and 0 < (frame.date - before).to_value("hour") <= MAX_GAP_HOURS
            if near and len(found[-1]) < MAX_FRAMES:
                found[-1].append(path)
            else:
                found.append([path])
            before = frame.date
    return [paths for paths in found if len(paths) > 1]


def fill(
    files: Sequence[Path],
    size: str,
    methods: Mapping[str, Method],
    plan: Plan,
    calibration: CalibrationSet,
    context: ContextFrames | None = None,
) -> Iterator[FilledFrame]:
    """Fill the same holes in all frames of a sequence.

    Parameters
    ----------
    files : sequence of Path
        Of one sequence.
    size : str
        See `corinpaint.evaluate.placement`.
    methods : mapping of str to Method
    plan : Plan
    calibration : CalibrationSet
    context : ContextFrames, optional
        Frames that context is taken from.

    Yields
    ------
    FilledFrame
        By time; nothing where the frames have no room for a hole in common.

    Raises
    ------
    UnsupportedFrameError
        When one is not an exposure of the corona, or has no calibration factor.
    """
    frames = [calibrate_on_detector(read_frame(path), calibration) for path in files]
    for complete, holes in _same_holes(frames, size, plan):
        holed = with_holes(complete, size, holes, context)
        fills = {name: method(holed.holed, holed.wanted, holed.context).brightness for name, method in methods.items()}
        yield FilledFrame(holed, fills)


def _same_holes(
    frames: list[ObservedFrame], size: str, plan: Plan
) -> Iterator[tuple[ObservedFrame, list[blocks.Blocks]]]:
    rng = generator(f"{plan.seed} {frames[0].frame.number} {size} sequence")
    holes = placement.place_in_all(frames, size, plan.holes, rng)
    for complete in frames if holes else ():
        yield complete, holes
