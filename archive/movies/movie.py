"""A movie of Level 1 products: its frames, its gaps, its file, and a list of what is in it beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from corinpaint.archive.movies.cadence import CARD_SECONDS, Axis, Gap, Pace, median_cadence
from corinpaint.archive.movies.drawing import WORDS, Drawing, Look
from corinpaint.archive.movies.images import DIFFERENCES, Background, Failed, Image, Kind, check_enough, images, sample
from corinpaint.archive.movies.output import check_free, place
from corinpaint.archive.movies.stretching import SAMPLE, common_stretch
from corinpaint.archive.movies.writers import Add, Form, writer_for
from corinpaint.lasco import files
from corinpaint.lasco.errors import CorInpaintError, NoFrameError
from corinpaint.lasco.level05.keywords import text
from corinpaint.lasco.level1.collection import Member, Setting
from corinpaint.lasco.level1.product import Flag
from corinpaint.lasco.pictures.stretch import Limits
from corinpaint.lasco.version import __version__

REPEATS = 3
"""Movie frames for each frame at the usual cadence, so that other times between frames are shown nearly as they are."""


@dataclass(frozen=True)
class Options:
    """How a movie is made.

    Attributes
    ----------
    kind : str
        One of `corinpaint.archive.movies.images.KINDS`.
    rate : float
        Frames at the usual cadence in a second.
    axis : str
        One of `corinpaint.archive.movies.cadence.AXES`.
    max_gap : float
        Cadences between two frames beyond which the movie shows a gap.
    stretch : str, optional
        One of `corinpaint.lasco.pictures.stretch.STRETCHES`; by default that of the kind.
    limits : tuple of float, optional
        What is black and white; by default from a sample of the images.
    outline : bool
        Outline filled blocks.
    width : int, optional
        Columns of the movie, px; by default those of the images.
    """

    kind: Kind = "running"
    rate: float = 8.0
    axis: Axis = "real"
    max_gap: float = 3.0
    stretch: str | None = None
    limits: Limits | None = None
    outline: bool = False
    width: int | None = None


@dataclass
class Contents:
    """What is in a movie.

    Attributes
    ----------
    path : Path
    frames : list of dict
        File, DATE-OBS, L05HASH and what was subtracted, in order, each with the seconds for which it is shown.
    gaps : list of Gap
        Those that it shows.
    left_out : dict of Path to str
        Products that could not be used, and why.
    """

    path: Path
    frames: list[dict[str, Any]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    left_out: dict[Path, str] = field(default_factory=dict)


def make_movie(
    setting: Setting,
    members: Sequence[Member],
    path: Path,
    options: Options = Options(),
    *,
    background: Background | None = None,
    failed: Failed | None = None,
    overwrite: bool = False,
) -> Contents:
    """Make a movie.

    Parameters
    ----------
    setting : Setting
    members : sequence of Member
        Products of the setting in time order; see `corinpaint.archive.movies.selection.select`.
    path : Path
        A ``.mp4``, a ``.gif``, or a folder of PNG pictures.
    options : Options
    background : Background, optional
        For the kind of that name.
    failed : callable, optional
        Called with the path and the error of each product that is left out.
    overwrite : bool
        Replace a movie that is there.

    Returns
    -------
    Contents

    Raises
    ------
    OptionError
        When the kind of file is unknown or its encoder is missing, or for an option that does not exist.
    NoFrameError
        When there is nothing to show.
    OutputError
        When the movie cannot be written, or is there and may not be replaced; nothing partial is left.
    """
    writer = writer_for(path)
    check_free(path, overwrite=overwrite)
    check_enough(members, options.kind)
    times = [member.taken for member in members]
    pace = Pace(median_cadence(times), options.rate, options.max_gap, options.axis)
    shown = times[1:] if options.kind in DIFFERENCES else times
    stretch = common_stretch(
        lambda: sample(members, options.kind, background, SAMPLE), options.kind, options.stretch, options.limits
    )
    unit = members[0].alike[1]
    gaps = pace.gaps(shown)
    drawing = Drawing(Look(setting, options.kind, stretch, unit, shown, gaps, options.width, options.outline))
    contents = Contents(path)

    def left_out(product: Path, error: CorInpaintError) -> None:
        contents.left_out[product] = str(error)
        if failed is not None:
            failed(product, error)

    rate = options.rate * (REPEATS if options.axis == "real" else 1)
    form = Form(drawing.size, rate, drawing.palette, _metadata(setting, options.kind, members))
    with files.folder_beside(path) as scratch:
        with writer(scratch / path.name, form) as add:
            _add_all(images(members, options.kind, background, left_out), drawing, pace, add, contents)
        if not contents.frames:
            raise NoFrameError(f"{members[0].path}: no frame of these products can be used", "see the errors above")
        place(scratch / path.name, path, _record(drawing.look, pace, contents))
    return contents


def _add_all(sequence: Iterator[Image], drawing: Drawing, pace: Pace, add: Add, contents: Contents) -> None:
    """Draw all images, each when the next one says how long it is shown."""
    before: Image | None = None
    frame, gap = None, None
    for image in sequence:
        if before is not None and frame is not None:
            gap = pace.gap(before.member.taken, image.member.taken)
            _add(before, frame, pace.shown(before.member.taken, image.member.taken), add, contents)
            if gap is not None:
                contents.gaps.append(gap)
                if pace.axis == "real":
                    add(drawing.card(frame, gap), CARD_SECONDS)
        before, frame = image, drawing.frame(image, gap)
    if before is not None and frame is not None:
        _add(before, frame, pace.shown(before.member.taken, None), add, contents)


def _add(image: Image, frame: Any, seconds: float, add: Add, contents: Contents) -> None:
    add(frame, seconds)
    contents.frames.append(
        {
            "file": image.member.path.name,
            "date_obs": text(image.header, "DATE-OBS"),
            "l05hash": text(image.header, "L05HASH"),
            "subtracted": None if image.subtracted is None else image.subtracted.name,
            "seconds": round(seconds, 4),
            "filled_px": int(np.count_nonzero(image.has(Flag.FILLED))),
            "refused_px": int(np.count_nonzero(image.has(Flag.REFUSED))),
        }
    )


def _metadata(setting: Setting, kind: Kind, members: Sequence[Member]) -> dict[str, str]:
    """What the file says of itself."""
    return {
        "title": f"SOHO/LASCO {setting}, {WORDS[kind]}, {members[0].taken} to {members[-1].taken} UTC",
        "comment": f"CorInpaint {__version__}, {kind}",
        "description": " ".join(member.path.name for member in members),
    }


def _record(look: Look, pace: Pace, contents: Contents) -> dict[str, Any]:
    return {
        "creator": f"CorInpaint {__version__}",
        "kind": look.kind,
        "setting": str(look.setting),
        "unit": look.unit,
        "stretch": look.stretch.kind,
        "limits": list(look.stretch.limits),
        "axis": pace.axis,
        "cadence_s": pace.cadence,
        "rate": pace.rate,
        "max_gap": pace.max_gap,
        "frames": contents.frames,
        "gaps": [
            {"begin": gap.begin.isoformat(), "end": gap.end.isoformat(), "seconds": gap.seconds}
            for gap in contents.gaps
        ],
        "left_out": [{"file": path.name, "error": error} for path, error in contents.left_out.items()],
    }
