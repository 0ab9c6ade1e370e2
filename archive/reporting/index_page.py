"""The first page of a report: summary, timeline, and the table of frames, whose rows are data that the page loads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from corinpaint.archive.reporting import summary, timeline
from corinpaint.archive.reporting.entries import Entry
from corinpaint.archive.reporting.markup import Markup, element, page, scrolling, table

ROWS = 500
"""Rows of a file of data."""

COLUMNS = (
    ("number", "Frame"),
    ("date", "Date"),
    ("detector", "Detector"),
    ("filter", "Filter"),
    ("fate", "State"),
    ("missing", "Missing"),
    ("filled", "Filled"),
    ("refused", "Refused"),
    ("occulted", "Occulted"),
    ("methods", "Methods"),
    ("seconds", "Seconds"),
    ("note", "Remarks"),
)
"""Columns of the table of frames, by the name of their data."""

STATES = (
    ("", "all"),
    ("missing", "with missing blocks"),
    ("refused", "with refused zones"),
    ("failed", "failed or damaged"),
    ("warnings", "with warnings"),
)
"""What frames can be filtered by, beside date, detector and text."""


def data_pages(entries: Sequence[Entry]) -> list[bytes]:
    """Rows of the table as scripts, since a page from a disk may not fetch data: `ROWS` of them in each, by columns."""
    parts = [entries[start : start + ROWS] for start in range(0, len(entries), ROWS)]
    return [_script("CorInpaintReport.take", _columns(part)) for part in parts]


def order(entries: Sequence[Entry]) -> bytes:
    """The frames that have a page, in time order, as a script, for the links from each to the next."""
    return _script("globalThis.CorInpaintOrder =", [entry.key for entry in entries if entry.key])


def _script(call: str, values: object) -> bytes:
    content = json.dumps(values, separators=(",", ":"))  # ASCII alone
    return f"{call} {content};\n".encode() if call.endswith("=") else f"{call}({content});\n".encode()


def _columns(entries: Sequence[Entry]) -> dict[str, list[object]]:
    rows = [
        {
            "key": entry.key,
            "number": entry.number or entry.file,
            "file": entry.file,
            "date": entry.date,
            "detector": entry.detector,
            "filter": f"{entry.filter} {entry.polar}".strip(),
            "fate": entry.fate,
            "missing": entry.missing,
            "filled": entry.filled,
            "refused": entry.refused,
            "occulted": entry.occulted,
            "methods": ", ".join(f"{method} {count}" for method, count in entry.zones.items()),
            "seconds": round(entry.seconds, 3),
            "note": "; ".join((*entry.reasons, *entry.warnings)),
            "warnings": len(entry.warnings),
        }
        for entry in entries
    ]
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


def index_page(entries: Sequence[Entry], data: Sequence[str], command: str, passed_over: Counter[str]) -> bytes:
    """The first page.

    Parameters
    ----------
    entries : sequence of Entry
        In the order of the table.
    data : sequence of str
        Addresses of the files of `data_pages`.
    command : str
        The command that made the report.
    passed_over : Counter of str
        Files that are no products, by what they are.
    """
    totals = summary.totals(entries)
    title = f"Report of {totals.frames} frames"
    about = table("Summary of the run", (), summary.lines(totals, command, passed_over), class_="summary")
    body = (
        element("header", element("h1", title)),
        element(
            "main",
            _section("Summary", scrolling(about, "Summary")),
            _section("Missing blocks over time", timeline.figure(timeline.bins(entries))),
            _section("Frames", _filter(sorted(totals.detectors)), _frames(len(entries))),
            id="main",
            tabindex="-1",
        ),
    )
    return page(title, Markup("".join(body)), "", ("assets/index.js", *data))


def _section(name: str, *content: object) -> Markup:
    identity = name.lower().replace(" ", "-")
    return element("section", element("h2", name, id=identity), *content, aria_labelledby=identity)


def _filter(detectors: Sequence[str]) -> Markup:
    choices = element("option", "all", value=""), *(element("option", name, value=name) for name in detectors)
    states = [element("option", label, value=name) for name, label in STATES]
    fields = (
        ("from", "From", element("input", type="date", id="from", name="from")),
        ("to", "To", element("input", type="date", id="to", name="to")),
        ("detector", "Detector", element("select", *choices, id="detector", name="detector")),
        ("state", "Frames", element("select", *states, id="state", name="state")),
        ("text", "Text", element("input", type="search", id="text", name="text", autocomplete="off")),
    )
    shown = [
        element("div", element("label", label, for_=name), control, class_="field") for name, label, control in fields
    ]
    return element(
        "form",
        *shown,
        element("button", "Show all", type="reset"),
        role="search",
        aria_label="Filter frames",
        id="filter",
    )


def _frames(count: int) -> Markup:
    head = [
        element("th", element("button", label, type="button", data_sort=name), scope="col", aria_sort=_sorted(name))
        for name, label in COLUMNS
    ]
    picture = element("th", element("span", "Picture", class_="unseen"), scope="col")
    frames = element(
        "table",
        element("caption", "Frames; the buttons in the head sort by their column"),
        element("thead", element("tr", picture, *head)),
        element("tbody", id="rows"),
        id="frames",
        aria_rowcount=count + 1,
    )
    buttons = [
        element("button", label, type="button", id=name, disabled=True)
        for name, label in (
            ("first", "First"),
            ("back", "Previous"),
            ("forward", "Next"),
            ("last", "Last"),
        )
    ]
    return Markup(
        element("p", "The rows are loaded by a script.", id="status", role="status")
        + scrolling(frames, "Table of frames")
        + element("nav", *buttons, aria_label="Pages of the table", class_="pages")
    )


def _sorted(name: str) -> str:
    return "ascending" if name == "date" else "none"
