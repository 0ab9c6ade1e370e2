"""Context frames: other exposures of the same hours that show what a missing block hides.

Each is calibrated like the frame itself, checked for its fitness, and resampled onto the detector grid of the frame by
the pointing of both. Its own missing, unsent and saturated pixels are masked. Frames of another kind (another polariser
position or filter, C3 for C2) are multiplied by their local ratio, and serve where none of the same kind does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.geometry.clock import correct_clock
from corinpaint.lasco.geometry.pointing import Pointing, determine_pointing, is_placeholder, sun_centre_on_detector
from corinpaint.lasco.geometry.resampling import bilinear_map
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame, wrap_angle
from corinpaint.lasco.photometry.detector import ObservedFrame, calibrate_on_detector
from corinpaint.lasco.timeline import kind_of_frame
from corinpaint.model.metadata import EACH_SIDE
from corinpaint.restore.neighbours import other_telescope
from corinpaint.restore.neighbours.combination import Neighbour, combined, comparable
from corinpaint.restore.neighbours.kinds import MOST_HOURS_OF_OTHERS, Rank, rank, unlike

MOST_HOURS = 3.0
"""Maximum hours between a frame and its context; a coronal mass ejection crosses C2 in about two."""

MOST_ROLL = 1.0
"""Maximum difference in roll between them, degrees."""

SMALLEST_SHIFT = 0.02
"""Shift in px below which nothing is resampled: the pointing of headers is not more accurate."""

FEWEST_COMMON = 4096
"""Minimum number of pixels that both must have observed, so that one can be scaled to the other."""


class ContextError(OptionError):
    """A frame that cannot serve as context."""

    code = "bad_context"


@dataclass(frozen=True, eq=False)
class Context:
    """A context frame on the detector grid of the frame that it serves.

    Attributes
    ----------
    name : str
        Of the frame in messages; of frames of another kind, which make up one context frame together, all names.
    hours : float
        Time before the frame, hours; negative when it is later. Of several frames that of the nearest, a later one
        where there is one.
    image : ndarray of float32, shape (H, W)
        Brightness, scaled to that of the frame.
    observed : ndarray of bool, shape (H, W)
        Good pixels.
    scale : float
        Factor that its brightness was multiplied by: 1 but for errors of the exposure times. Median over the image for
        a frame of another kind.
    number : str
        File number of the frame; several are separated by blanks.
    saturated : ndarray of bool, shape (H, W), or None
        Saturated pixels, which are not observed; None for none.
    kind : str
        What it is when it is of another kind than the frame, for HISTORY; else empty.
    rank : Rank
        How much its kind is preferred.
    """

    name: str
    hours: float
    image: NDArray[np.float32]
    observed: NDArray[np.bool_]
    scale: float
    number: str = ""
    saturated: NDArray[np.bool_] | None = None
    kind: str = ""
    rank: Rank = Rank.SAME


class ContextSource(Protocol):
    """Where the context of a frame comes from that nobody has chosen by hand."""

    def of(self, observed: ObservedFrame) -> tuple[Context, ...]:
        """Context frames of a frame, aligned with it, the nearest in time first; frames that are unfit are left out."""

    def roll_from(self, frame: Frame) -> Sequence[Frame]:
        """Frames of the same hours that tell a frame without a pointing its roll."""


def frame_of(context: Frame | ObservedFrame) -> Frame:
    """The Level 0.5 frame of a context frame, which may be calibrated already."""
    return context.frame if isinstance(context, ObservedFrame) else context


def asked(given: Sequence[Frame], *, automatic: bool = False) -> str:
    """What the product says was asked for as context, in CTXASKED.

    Parameters
    ----------
    given : sequence of Frame
        Context frames that were chosen by hand.
    automatic : bool
        Whether context is looked for as well.

    Returns
    -------
    str
        'none', 'auto', 'given' with a digest of the frames, or both.
    """
    return asked_by_hash([frame.sha256 for frame in given], automatic=automatic)


def asked_by_hash(hashes: Sequence[str], *, automatic: bool = False) -> str:
    """The same as `asked`, of frames by the SHA-256 of their content."""
    digest = hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()
    by_hand = f"given {digest[:16]}" if hashes else ""
    return " ".join(filter(None, ("auto" if automatic else "", by_hand))) or "none"


def of_other_kinds(context: Iterable[Context], numbers: Iterable[str]) -> list[str]:
    """A line of HISTORY about the context frames of other kinds that fills took from; none without any.

    Parameters
    ----------
    context : iterable of Context
    numbers : iterable of str
        File numbers of the frames that were taken from.
    """
    kinds = [one.kind for one in context if one.kind and set(numbers).intersection(one.number.split())]
    return (
        [f"Context of another kind, multiplied by the local ratio of brightness: {', '.join(kinds)}"] if kinds else []
    )


def sequence_of(context: Sequence[Context]) -> tuple[Context | None, ...]:
    """The context frames that a network for sequences takes, by their places.

    Parameters
    ----------
    context : sequence of Context
        The nearest first.

    Returns
    -------
    tuple of Context or None
        The two nearest before the frame and the two nearest after it, the nearest first; None where there is none.
    """
    before, after = ([one for one in context if (one.hours > 0) == earlier] for earlier in (True, False))
    found: list[Context | None] = []
    for side in (before, after):
        found += [*side[:EACH_SIDE], *[None] * (EACH_SIDE - len(side))]
    return tuple(found)


def covers(observed: ObservedFrame, zone: blocks.Zone, context: Sequence[Context]) -> bool:
    """Whether context frames together observed all that is missing in a zone."""
    hole = observed.hole(zone.missing)
    return bool(context) and bool(np.logical_or.reduce([one.observed[hole] for one in context]).all())


def check(observed: ObservedFrame, others: Sequence[Frame | ObservedFrame], roll_from: Sequence[Frame] = ()) -> None:
    """Check by their headers that frames can serve a frame as context; parameters and errors as for `align`."""
    for other in others:
        _check(observed.frame, frame_of(other))
        _check_roll(observed, frame_of(other), _pointing(observed, other, roll_from))


def align(
    observed: ObservedFrame, others: Sequence[Frame | ObservedFrame], roll_from: Sequence[Frame] = ()
) -> tuple[Context, ...]:
    """Resample context frames onto the detector grid of a frame.

    Parameters
    ----------
    observed : ObservedFrame
        The frame with missing blocks.
    others : sequence of Frame or ObservedFrame
        Earlier or later, Level 0.5 or calibrated on the detector, with the same result; one that was calibrated in
        another way is calibrated anew.
    roll_from : sequence of Frame, optional
        Frames that tell those without a pointing in their header their roll, besides the frame itself.

    Returns
    -------
    tuple of Context
        The nearest in time first.

    Raises
    ------
    ContextError
        When one is of a kind that cannot serve the frame (`corinpaint.restore.neighbours.kinds.rank`), differs in roll
        by more than `MOST_ROLL` degrees, is more than `MOST_HOURS` hours away, or `MOST_HOURS_OF_OTHERS` when it is of
        another kind, is the frame itself, or has too few observed pixels in common with it.
    """
    found = [_aligned(observed, other, roll_from) for other in others]
    positions = [one for one in found if one.rank is Rank.OTHER_POSITION]
    groups = [[one] for one in found if one.rank is not Rank.OTHER_POSITION]
    return in_order(_context(observed, group) for group in (*groups, *([positions] if positions else [])))


def in_order(context: Iterable[Context]) -> tuple[Context, ...]:
    """Context frames in order: those of the same kind first, and of each kind the nearest in time.

    Frames of another kind are left only what those of a better one did not observe.
    """
    found: list[Context] = []
    for one in sorted(context, key=lambda one: (one.rank, abs(one.hours), one.name)):
        better = [other.observed for other in found if other.rank < one.rank]
        found.append(replace(one, observed=one.observed & ~np.logical_or.reduce(better)) if better else one)
    return tuple(found)


def _aligned(observed: ObservedFrame, given: Frame | ObservedFrame, roll_from: Sequence[Frame]) -> Neighbour:
    frame, other = observed.frame, frame_of(given)
    hours, its_rank = _check(frame, other)
    pointing = _pointing(observed, given, roll_from)
    _check_roll(observed, other, pointing)
    move = other_telescope.on_c2 if its_rank is Rank.OTHER_TELESCOPE else _moved
    found = Neighbour(other, hours, its_rank, *move(observed, _calibrated(observed, given), pointing))
    if np.count_nonzero(comparable(observed, found.image, found.known)) < FEWEST_COMMON:
        raise ContextError(
            f"{other.name}: has too few observed pixels in common with {frame.name}", "give another context frame"
        )
    return found


def _context(observed: ObservedFrame, found: Sequence[Neighbour]) -> Context:
    """A context frame of one frame, or of several of other polariser positions and filters together."""
    nearest = sorted(found, key=lambda one: (abs(one.hours), one.frame.name))
    first, names = nearest[0], " ".join(one.frame.name for one in nearest)
    hours = next((one.hours for one in nearest if one.hours < 0), first.hours)
    numbers = " ".join(one.frame.number for one in nearest)
    saturated = np.logical_or.reduce([one.saturated for one in nearest])
    if first.rank is not Rank.SAME:
        image, known, scale = combined(observed, nearest)
        kind = ", ".join(one.kind for one in nearest)
        return Context(names, hours, image, known, scale, numbers, saturated, kind, first.rank)
    common = comparable(observed, first.image, first.known)
    scale = float(np.median(observed.brightness[common] / first.image[common]))
    image = (first.image * np.float32(scale)).astype(np.float32)
    return Context(names, hours, image, first.known, scale, numbers, saturated)


def _check(frame: Frame, other: Frame) -> tuple[float, Rank]:
    """Check that a frame can serve as context; hours by which it is earlier, and how well its kind serves."""
    kinds = kind_of_frame(frame), kind_of_frame(other)
    found = rank(*kinds)
    if found is None:
        what, ours, theirs = unlike(*kinds)
        raise ContextError(
            f"{other.name}: {what} is {theirs}, that of {frame.name} is {ours}", "give frames that are alike"
        )
    most = MOST_HOURS if found is Rank.SAME else MOST_HOURS_OF_OTHERS
    hours = float((frame.date - other.date).to_value("hour"))
    if abs(hours) > most:
        what = "DATE-OBS is" if found is Rank.SAME else "is of another kind, and DATE-OBS is"
        raise ContextError(
            f"{other.name}: {what} {abs(hours):.1f} hours from that of {frame.name}",
            f"give context that is {most:g} hours away at most",
        )
    if hours == 0:
        raise ContextError(f"{other.name}: is the frame itself, or of the same time", "give earlier or later frames")
    return hours, found


def _calibrated(observed: ObservedFrame, other: Frame | ObservedFrame) -> ObservedFrame:
    """A context frame, calibrated as the frame is."""
    if (
        isinstance(other, ObservedFrame)
        and other.calibration == observed.calibration
        and other.options == observed.options
    ):
        return other
    return calibrate_on_detector(frame_of(other), observed.calibration, observed.options)


def _pointing(observed: ObservedFrame, other: Frame | ObservedFrame, roll_from: Sequence[Frame]) -> Pointing:
    """Pointing of a context frame; where its header has none, with a roll that the frame itself may tell."""
    frame, calibration = frame_of(other), observed.calibration
    if isinstance(other, ObservedFrame) and other.calibration == calibration and not is_placeholder(frame):
        return other.pointing
    date = correct_clock(frame.date, calibration).date
    return determine_pointing(frame, calibration, date, (observed.frame, *roll_from))


def _check_roll(observed: ObservedFrame, other: Frame, pointing: Pointing) -> None:
    """Check that both were rolled alike, by the pointing of each: headers may have placeholders for it.

    What another telescope saw is resampled whatever its roll.
    """
    if other.detector != observed.frame.detector:
        return
    roll = wrap_angle(pointing.whole_roll - observed.pointing.whole_roll)
    if abs(roll) > MOST_ROLL:
        raise ContextError(
            f"{other.name}: its roll differs from that of {observed.frame.name} by {roll:.1f} degrees",
            f"give context that differs by {MOST_ROLL:g} at most",
        )


def _moved(
    observed: ObservedFrame, other: ObservedFrame, pointing: Pointing
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """Image, good and saturated pixels of the other on the grid of the frame, moved by the pointing of both."""
    (x, y), (u, v), good = observed.centre, sun_centre_on_detector(other.frame, pointing), other.observed
    angle = np.radians(wrap_angle(pointing.roll - observed.pointing.roll))
    if max(abs(u - x), abs(v - y), abs(angle) * 512) < SMALLEST_SHIFT:
        return other.brightness, good, other.saturated
    rows, columns = np.mgrid[0 : good.shape[0], 0 : good.shape[1]].astype(np.float64)
    wide, high = observed.frame.sums.x, observed.frame.sums.y  # CCD pixels: sums need not be square
    across, up = wide * (columns - x), high * (rows - y)
    # CROTA is the counter-clockwise rotation that brings north up, so a larger one means a sky rotated clockwise.
    places = (
        u + (across * np.cos(angle) + up * np.sin(angle)) / wide,
        v + (up * np.cos(angle) - across * np.sin(angle)) / high,
    )
    shift = bilinear_map(*places, clip=False)
    saturated = shift.propagate_flags(other.saturated)
    return shift.image(other.brightness), ~shift.propagate_flags(~good) & ~shift.outside, saturated
