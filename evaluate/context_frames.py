"""Frames of a benchmark that serve each other as context."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.photometry.detector import ObservedFrame
from corinpaint.restore.context import Context, align


class ContextFrames:
    """Frames that may serve each other as context.

    Parameters
    ----------
    files : sequence of Path
        Level 0.5; those that cannot be read are left out.
    max_count : int
        Maximum number of context frames of a frame.
    """

    def __init__(self, files: Sequence[Path], max_count: int) -> None:
        self.max_count = max_count
        self.frames: list[Frame] = []
        for path in files if max_count else ():
            with suppress(CorInpaintError):
                self.frames.append(read_frame(path))

    def before(self, around: ObservedFrame) -> tuple[Context, ...]:
        """The nearest earlier frames that can serve a frame as context, aligned with it."""
        frame = around.frame
        earlier = [other for other in self.frames if other.date < frame.date]
        found: list[Context] = []
        for other in sorted(earlier, key=lambda other: other.date, reverse=True):
            if len(found) == self.max_count:
                break
            with suppress(CorInpaintError):
                found += align(around, [other])
        return tuple(found)
