"""Context that is found by itself: the nearest frames before and after a frame that are fit to serve it.

Where those of the same kind leave something missing, those of other polariser positions and filters are looked for. C3
is not taken for C2 by itself: as measured it serves worse than no context.

Frames are read and calibrated once as context for all the frames that they serve, and aligned only with frames that
have something to fill.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from corinpaint.lasco.errors import CorInpaintError, NoFrameError
from corinpaint.lasco.geometry.pointing import MAX_ROLL_HOURS, is_placeholder
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.options import DEFAULT, Options
from corinpaint.lasco.photometry.detector import ObservedFrame, calibrate_on_detector
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet
from corinpaint.lasco.timeline import Entry, Timeline, kind_of_frame
from corinpaint.restore.context import MOST_HOURS, Context, align, in_order
from corinpaint.restore.neighbours.kinds import MOST_HOURS_OF_OTHERS, Rank, rank

EACH_SIDE = 2
"""Context frames before, and after, a frame: a fill takes from two at each pixel, which may be missing in others."""

MAX_CALIBRATED = 8
"""Calibrated frames that are kept, 17 MB each at full resolution."""

MAX_ROLLS = 2
"""Frames that are kept for their roll alone, 4 MB each."""

Item = TypeVar("Item")


class AutomaticContext:
    """Context from the frames around a frame; see `corinpaint.restore.context.ContextSource`.

    Frames that are of another kind, roll or day, damaged, or have too little in common, are passed over.

    Parameters
    ----------
    timeline : Timeline
        Where the frames are.
    calibration : CalibrationSet
    options : Options
        Calibration of the frames that are served.
    each_side : int
        Maximum number of context frames before, and after, a frame.

    Attributes
    ----------
    unfit : dict of Path to str
        Frames of the right kind and time that were passed over, and why.
    """

    def __init__(
        self,
        timeline: Timeline,
        calibration: CalibrationSet,
        options: Options = DEFAULT,
        *,
        each_side: int = EACH_SIDE,
    ) -> None:
        self.timeline, self.each_side = timeline, each_side
        self.unfit: dict[Path, str] = {}
        self._calibrated = _Recent(lambda path: calibrate_on_detector(read_frame(path), calibration, options))
        self._rolls = _Recent(read_frame, MAX_ROLLS)

    def among(self, paths: Iterable[Path], *, with_folders: bool = False) -> AutomaticContext:
        """The same, with the same frames kept in memory, of other files; `Timeline` says what the parameters are."""
        other = copy.copy(self)
        other.timeline = Timeline(paths, with_folders=with_folders)
        return other

    def of(self, observed: ObservedFrame) -> tuple[Context, ...]:
        """Context frames of a frame, aligned with it, those of the same kind first, the nearest in time first."""
        found = self._found(observed, self.timeline.alike(observed.frame, MOST_HOURS))
        context = [one for _, aligned in found for one in aligned]
        if not _shows_all(observed, context):
            context += self._of_other_kinds(observed)
        return in_order(context)

    def _of_other_kinds(self, observed: ObservedFrame) -> tuple[Context, ...]:
        """What frames through other polariser positions and filters show; together it is more than each by itself."""
        kind = kind_of_frame(observed.frame)
        entries = self.timeline.fitting(
            observed.frame, MOST_HOURS_OF_OTHERS, lambda other: rank(kind, other) is Rank.OTHER_POSITION
        )
        others = [other for other, _ in self._found(observed, entries)]
        without = next((other.frame for other in others if is_placeholder(other.frame)), None)
        return align(observed, others, () if without is None else self.roll_from(without))

    def _found(
        self, observed: ObservedFrame, entries: Iterable[Entry]
    ) -> list[tuple[ObservedFrame, tuple[Context, ...]]]:
        """The first frames on each side that are fit, calibrated and aligned."""
        frame, found = observed.frame, list[tuple[ObservedFrame, tuple[Context, ...]]]()
        left = {True: self.each_side, False: self.each_side}
        for entry in entries:
            is_before = entry.mjd < frame.date.mjd
            if not left[is_before]:
                continue
            try:
                other = self._calibrated.get(entry.path)
                rolls = () if entry.has_roll else self.roll_from(other.frame)
                found.append((other, align(observed, [other], rolls)))
            except CorInpaintError as error:
                self.unfit[entry.path] = str(error)
                continue
            left[is_before] -= 1
        return found

    def roll_from(self, frame: Frame) -> Sequence[Frame]:
        """The nearest frame of either telescope that tells its roll, for one without a pointing; empty without any."""
        for entry in self.timeline.with_roll(frame, MAX_ROLL_HOURS):
            with suppress(CorInpaintError):
                return (self._rolls.get(entry.path),)
        return ()


def _shows_all(observed: ObservedFrame, context: Sequence[Context]) -> bool:
    """Whether context frames together observed all that is missing."""
    hole = observed.hole(observed.missing_in_field)
    return bool(context) and bool(np.logical_or.reduce([one.observed[hole] for one in context]).all())


class _Recent(Generic[Item]):
    """What was made of files last.

    Parameters
    ----------
    make : callable
        Makes it of a path.
    size : int
        How many are kept.
    """

    def __init__(self, make: Callable[[Path], Item], size: int = MAX_CALIBRATED) -> None:
        self._make, self._size = make, size
        self._kept: OrderedDict[tuple[Path, int, int], Item | CorInpaintError] = OrderedDict()

    def get(self, path: Path) -> Item:
        """What is made of a file, anew where it has changed.

        Raises
        ------
        CorInpaintError
            When nothing can be made of it; the error is kept too.
        """
        try:
            status = path.stat()
        except OSError as error:
            raise NoFrameError(f"{path}: cannot be read ({error.strerror})", "check the path") from error
        key = path, status.st_mtime_ns, status.st_size
        if key not in self._kept:
            while len(self._kept) >= self._size:
                self._kept.popitem(last=False)
            self._kept[key] = self._made(path)
        self._kept.move_to_end(key)
        found = self._kept[key]
        if isinstance(found, CorInpaintError):
            raise found
        return found

    def _made(self, path: Path) -> Item | CorInpaintError:
        try:
            return self._make(path)
        except CorInpaintError as error:
            return error.with_traceback(None)
