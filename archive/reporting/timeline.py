"""Missing blocks over time as an SVG figure, with a table that says the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from corinpaint.archive.reporting.entries import Entry
from corinpaint.archive.reporting.markup import Markup, element, scrolling, table

MAX_BINS = 96
"""How many bars the figure has at most."""

WIDTHS = [
    *(timedelta(minutes=n) for n in (1, 5, 15, 30)),
    *(timedelta(hours=n) for n in (1, 3, 6, 12)),
    *(timedelta(days=n) for n in (1, 2, 7, 14, 28, 91, 182, 364, 3640)),
]
"""Widths that a bar may have."""

WIDTH, HEIGHT, LEFT, BELOW = 960, 170, 44, 26
"""Of the figure, px; space left of the bars and below them."""

YEARS = range(1990, 2100)
"""Years that are shown; others are mistakes of a header, and would make one bar of all the rest."""

KINDS = ("filled", "refused", "occulted")


@dataclass
class Bin:
    """Frames of a stretch of time.

    Attributes
    ----------
    start, end : datetime
    frames, filled, refused, occulted : int
        Frames with a date, and blocks.
    """

    start: datetime
    end: datetime
    frames: int = 0
    filled: int = 0
    refused: int = 0
    occulted: int = 0

    @property
    def missing(self) -> int:
        """Missing blocks."""
        return self.filled + self.refused + self.occulted


def bins(entries: Iterable[Entry]) -> list[Bin]:
    """Frames by time, in bins of one width; bins without frames are there too, since a gap is worth seeing.

    Parameters
    ----------
    entries : iterable of Entry
        Those without a date are left out.
    """
    dated = sorted(((taken, entry) for entry in entries if (taken := _date(entry.date))), key=lambda pair: pair[0])
    if not dated:
        return []
    first, last = dated[0][0], dated[-1][0]
    width = next((width for width in WIDTHS if (last - first) / width < MAX_BINS - 1), WIDTHS[-1])
    start = datetime(first.year, 1, 1)
    start += (first - start) // width * width
    found = [Bin(start + i * width, start + (i + 1) * width) for i in range((last - start) // width + 1)]
    for taken, entry in dated:
        one = found[(taken - start) // width]
        one.frames += 1
        for kind in KINDS:
            setattr(one, kind, getattr(one, kind) + getattr(entry, kind))
    return found


def figure(found: Sequence[Bin]) -> Markup:
    """The figure and its table; a sentence when there is nothing to show."""
    if not found:
        return element("p", "No frame has a date.")
    missing = sum(one.missing for one in found)
    most = max(found, key=lambda one: one.missing)
    says = f"{missing} missing blocks in {sum(one.frames for one in found)} frames from {_iso(found[0].start)}"
    says += f" to {_iso(found[-1].end)}; most, {most.missing}, from {_iso(most.start)}."
    legend = element("ul", *(element("li", kind.capitalize(), class_=f"key {kind}") for kind in KINDS), class_="legend")
    names = ("From", "To", "Frames", "Missing", *(kind.capitalize() for kind in KINDS))
    rows = [
        (_choice(one), _iso(one.end), one.frames, one.missing, *(getattr(one, kind) for kind in KINDS))
        for one in found
        if one.frames
    ]
    numbers = table("Missing blocks over time; choosing a time filters the table of frames", names, rows)
    return element(
        "figure",
        scrolling(_svg(found, says), "Figure of missing blocks over time"),
        element("figcaption", says, legend),
        element(
            "details", element("summary", "The numbers of this figure"), scrolling(numbers, "Numbers of the figure")
        ),
        class_="timeline",
    )


def _choice(one: Bin) -> Markup:
    last = max(one.start, one.end - timedelta(seconds=1))
    return element(
        "button",
        _iso(one.start),
        type="button",
        data_from=one.start.date().isoformat(),
        data_to=last.date().isoformat(),
    )


def _svg(found: Sequence[Bin], says: str) -> Markup:
    top, wide = max(1, *(one.missing for one in found)), (WIDTH - LEFT) / len(found)
    high = HEIGHT - BELOW - 10
    bars = []
    for index, one in enumerate(found):
        base, x, parts = HEIGHT - BELOW, LEFT + index * wide, []
        for kind in KINDS:
            size = getattr(one, kind) / top * high
            base -= size
            if size:
                parts.append(_rectangle(x + 0.5, base, max(wide - 1, 0.5), size, kind))
        if one.frames:
            title = f"{_iso(one.start)}: {one.frames} frames, {one.missing} missing blocks"
            tick = _rectangle(x + 0.5, HEIGHT - BELOW, max(wide - 1, 0.5), 3, "frames")
            bars.append(element("g", element("title", title), tick, *parts))
    axis = [
        element("text", str(top), x=LEFT - 6, y=14, class_="right"),
        element("text", "0", x=LEFT - 6, y=HEIGHT - BELOW + 4, class_="right"),
        element("text", _iso(found[0].start), x=LEFT, y=HEIGHT - 6),
        element("text", _iso(found[-1].end), x=WIDTH, y=HEIGHT - 6, class_="right"),
        element("line", x1=LEFT, x2=WIDTH, y1=HEIGHT - BELOW, y2=HEIGHT - BELOW),
    ]
    return element("svg", *axis, *bars, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=says)


def _rectangle(x: float, y: float, width: float, height: float, kind: str) -> Markup:
    return element("rect", x=f"{x:.1f}", y=f"{y:.1f}", width=f"{width:.1f}", height=f"{height:.1f}", class_=kind)


def _date(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value).replace(tzinfo=None)
    except ValueError:
        return None
    return found if found.year in YEARS else None


def _iso(when: datetime) -> str:
    """A date without what is zero: a day, or a day with hour and minute."""
    return when.isoformat(" ", "minutes").removesuffix(" 00:00")
