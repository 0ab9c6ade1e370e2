"""Frames that have arrived lately: what may be context for one another, and which version is the final one."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from pathlib import Path

from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.level05.decoding import read_header
from corinpaint.lasco.level05.frame import Frame, without_image
from corinpaint.lasco.timeline import Kind, Timeline, kind_of_frame
from corinpaint.restore.context import MOST_HOURS
from corinpaint.restore.nearby import EACH_SIDE
from corinpaint.restore.neighbours.kinds import MOST_HOURS_OF_OTHERS, Rank, rank

MAX_EXPOSURES = 10_000
"""Exposures that are remembered, which is more than a month of both telescopes."""

FINAL = "2"
"""Second digit of the number of a frame from the complete telemetry; others are quick looks."""

Exposure = tuple[float, Kind]
"""Modified Julian date and kind of a frame."""


class Recent:
    """Frames that have arrived."""

    def __init__(self) -> None:
        self.timeline = Timeline(with_folders=False)
        self._versions: OrderedDict[Exposure, list[Path]] = OrderedDict()

    def add(self, path: Path) -> None:
        """Remember a frame; a file that is none is left out."""
        self.timeline.add([path])
        frame = _frame(path)
        if frame is None:
            return
        versions = self._versions.setdefault(_exposure(frame), [])
        if path not in versions:
            versions.append(path)
        while len(self._versions) > MAX_EXPOSURES:
            self._versions.popitem(last=False)

    def nearby(self, path: Path) -> tuple[Path, ...]:
        """Frames that may be context for a frame."""
        return tuple(self.timeline.around(path))

    def served_by(self, path: Path) -> list[Path]:
        """Frames on both sides for which a frame is one of the nearest, and so may be context.

        After them those of other polariser positions and filters of the same telescope.
        """
        frame = _frame(path)
        if frame is None:
            return []
        alike = self.timeline.alike(frame, MOST_HOURS)
        earlier = [entry.path for entry in alike if entry.mjd < frame.date.mjd]
        later = [entry.path for entry in alike if entry.mjd > frame.date.mjd]
        others = self.timeline.fitting(frame, MOST_HOURS_OF_OTHERS, partial(_is_other_position, kind_of_frame(frame)))
        return earlier[:EACH_SIDE] + later[:EACH_SIDE] + [entry.path for entry in others]

    def superseded(self, path: Path) -> str:
        """Number of the quick look of which this is the final version, made from the complete telemetry; else empty."""
        number, frame = number_of(path.name), _frame(path)
        if frame is None or number[1:2] != FINAL:
            return ""
        others = (number_of(other.name) for other in self._versions.get(_exposure(frame), ()))
        return next((other for other in others if other[1:2] != FINAL), "")


def _is_other_position(kind: Kind, served: Kind) -> bool:
    return rank(served, kind) is Rank.OTHER_POSITION


def _frame(path: Path) -> Frame | None:
    """A frame by its header."""
    try:
        header = read_header(path)
        return None if header is None else without_image(header, path.name)
    except (OSError, CorInpaintError):
        return None


def _exposure(frame: Frame) -> Exposure:
    return float(frame.date.mjd), kind_of_frame(frame)
