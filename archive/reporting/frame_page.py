"""The page of one frame: before and after, flags, zones, provenance, header."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from astropy.io import fits

from corinpaint.archive.reporting.entries import Entry
from corinpaint.archive.reporting.images import Pictures
from corinpaint.archive.reporting.markup import Markup, element, link, page, scrolling, table
from corinpaint.archive.reporting.products import stage_times
from corinpaint.archive.reporting.zones import ZoneRow
from corinpaint.lasco.level1.product import Flag
from corinpaint.lasco.notebook import history
from corinpaint.lasco.photometry.photometry import MSB_UNIT

ROOT = "../../"
"""Address of the report's folder from the folder of a frame."""

SCRIPTS = ("data/order.js", "assets/frame.js")

SHOWN_AT_FIRST = Flag.FILLED | Flag.REFUSED | Flag.USER
"""Flags whose outlines are shown when the page opens, so that no filled pixel is taken for an observed one."""


@dataclass(frozen=True)
class Content:
    """What a page is made of.

    Attributes
    ----------
    entry : Entry
    header : astropy.io.fits.Header
    pictures : Pictures
    zones : sequence of ZoneRow
    report : mapping
        The JSON report of the product; empty where there is none.
    address : str
        Relative address of the product from the page; empty where it lies outside of the folder.
    """

    entry: Entry
    header: fits.Header
    pictures: Pictures
    zones: Sequence[ZoneRow]
    report: Mapping[str, Any]
    address: str


def frame_page(content: Content) -> bytes:
    """The page of a frame, as UTF-8."""
    entry = content.entry
    title = f"{entry.number} {entry.detector} {entry.date[:19]}".strip()
    body = (
        element("header", _navigation(), element("h1", title), _in_short(content)),
        element(
            "main",
            _warnings(entry.warnings),
            _section("Before and after", _viewer(content)),
            _section("Zones of missing blocks", _zones(content)),
            _section("How it was made", _provenance(content)),
            _section("Header", _header(content.header)),
            id="main",
            tabindex="-1",
            data_key=entry.key,
        ),
    )
    return page(title, Markup("".join(body)), ROOT, SCRIPTS)


def _section(name: str, *content: object) -> Markup:
    identity = name.lower().replace(" ", "-")
    return element("section", element("h2", name, id=identity), *content, aria_labelledby=identity)


def _navigation() -> Markup:
    return element(
        "nav",
        link(f"{ROOT}index.html", "All frames", id="all"),
        Markup(" "),
        element("a", "Previous frame", id="previous", rel="prev"),
        Markup(" "),
        element("a", "Next frame", id="next", rel="next"),
        Markup(" "),
        element("span", "", id="place"),
        aria_label="Frames",
    )


def _in_short(content: Content) -> Markup:
    entry = content.entry
    blocks = (
        f"{entry.missing} missing blocks: {entry.filled} filled, {entry.refused} refused, {entry.occulted} occulted"
    )
    name = element("code", entry.file)
    product = link(content.address, name, download=True, id="product") if content.address else name
    return element(
        "p",
        f"Filter {entry.filter or 'unknown'}, polariser {entry.polar or 'unknown'}; ",
        blocks,
        "; product ",
        product,
    )


def _warnings(warnings: Sequence[str]) -> Markup:
    if not warnings:
        return Markup("")
    return _section("Warnings", element("ul", *(element("li", one) for one in warnings), class_="warnings"))


def _viewer(content: Content) -> Markup:
    height, width = content.pictures.shape
    size = {"width": width, "height": height}
    entry = content.entry
    layers = [element("img", src="after.webp", alt=f"{entry.number} after the fill", class_="after", **size)]
    if content.pictures.cover:
        alt = "Its missing blocks before the fill, hatched"
        layers.append(element("img", src="before.webp", alt=alt, class_="before", id="before", **size))
    layers.append(_overlay(content))
    layers.append(element("div", "", class_="divider", aria_hidden="true"))
    images = Markup("".join(layers))
    return element(
        "figure",
        element("div", images, class_="stack", id="stack"),
        element("figcaption", _controls(content)),
        class_="viewer",
    )


def _overlay(content: Content) -> Markup:
    """Outlines of the flags and numbers of the zones; each outline has a dark edge, to be seen on any colour."""
    height, width = content.pictures.shape
    groups = []
    for flag, path in content.pictures.flags.items():
        hidden = not flag & SHOWN_AT_FIRST
        lines = (element("path", d=path, class_="edge"), element("path", d=path, class_="line"))
        groups.append(element("g", *lines, class_=f"flag {flag.name}".lower(), id=f"flag-{flag.value}", hidden=hidden))
    numbers = [
        element("text", str(zone.history.number), x=f"{zone.place[0] + 0.5:.0f}", y=f"{height - zone.place[1]:.0f}")
        for zone in content.zones
        if zone.place is not None
    ]
    groups.append(element("g", *numbers, class_="numbers", id="flag-numbers", font_size=f"{width / 46:.1f}"))
    return element("svg", *groups, viewBox=f"0 0 {width} {height}", class_="overlay", aria_hidden="true")


def _controls(content: Content) -> Markup:
    parts = []
    if content.pictures.cover:
        slider = element(
            "input", type="range", id="slider", min="0", max="100", value="50", step="1", aria_describedby="slider-help"
        )
        parts += [
            element(
                "label",
                "Before, up to ",
                element("output", "50", id="slider-value", for_="slider"),
                " % of the width",
                for_="slider",
            ),
            slider,
            element(
                "p",
                "Left of the line is what was received, right of it what was filled. Observed pixels are the "
                "same on both sides.",
                id="slider-help",
                class_="help",
            ),
            element("button", "Blink", type="button", id="blink", aria_pressed="false"),
        ]
    else:
        parts.append(element("p", "No block was filled: before and after are the same.", class_="help"))
    boxes = [
        _box(f"flag-{flag.value}", flag.meaning, str(flag.name).lower(), checked=bool(flag & SHOWN_AT_FIRST))
        for flag in content.pictures.flags
    ]
    if content.zones:
        boxes.append(_box("flag-numbers", "numbers of the zones", "", checked=True))
    if boxes:
        parts.append(element("fieldset", element("legend", "Outlines of flags"), *boxes))
    return Markup("".join(parts))


def _box(target: str, label: str, name: str, *, checked: bool) -> Markup:
    box = element("input", type="checkbox", id=f"show-{target}", data_shows=target, checked=checked)
    lines = [element("path", d="M2 8h28", class_=kind) for kind in ("edge", "line")]
    swatch = element("svg", *lines, viewBox="0 0 32 16", class_=f"swatch flag {name}", aria_hidden="true")
    shown = (box, swatch if name else Markup(""), element("span", label))
    return element("label", *shown, for_=f"show-{target}")


def _zones(content: Content) -> Markup:
    if not content.zones:
        return element("p", "There are none.")
    unit = str(content.header.get("BUNIT", ""))
    unit = "MSB" if unit == MSB_UNIT else unit
    head = ("Zone", "Blocks", "Method", "Predicted error", "Measured error", "Context", f"Sum of the fill ({unit} px)")
    rows = [_zone(zone, unit) for zone in content.zones]
    return Markup(
        scrolling(table("Zones and what became of them", head, rows), "Zones")
        + element(
            "p",
            "The predicted error is the median of NOISE over the filled pixels, 1 sigma, and in brackets its ratio to "
            "the noise of the observed pixels around. The measured error is the median error, in units of the noise, "
            "that the method made on complete frames with such zones.",
            class_="help",
        )
    )


def _zone(zone: ZoneRow, unit: str) -> tuple[object, ...]:
    told = zone.history
    ratio = "" if zone.ratio is None else f" ({zone.ratio:.2g} x noise)"
    return (
        told.number,
        told.count,
        f"refused: {told.refused}" if told.refused else told.method,
        "" if zone.predicted is None else f"{zone.predicted:.2g} {unit}{ratio}",
        "" if told.error is None else f"{told.error:.2f} x noise",
        " ".join(told.context),
        "" if told.total is None else f"{told.total:.4g} ± {_digits(told.total_error)} over {told.pixels} px",
    )


def _digits(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2g}"


def _provenance(content: Content) -> Markup:
    found = history.provenance(content.header)
    files = found.pop("files", {})
    named = [(name.replace("_", " "), value) for name, value in found.items()]
    named += [(f"file {name}", value) for name, value in (files.items() if isinstance(files, dict) else ())]
    parts = [scrolling(table("Provenance", (), named), "Provenance"), _times(content)]
    if lines := history.own_history(content.header):
        parts.append(
            element("details", element("summary", "HISTORY"), element("ol", *(element("li", line) for line in lines)))
        )
    return Markup("".join(parts))


def _times(content: Content) -> Markup:
    """Stage times, by the JSON report and the run's log."""
    rows: list[Sequence[object]] = [(name, f"{value:.3f} s") for name, value in stage_times(content.report).items()]
    if content.entry.seconds:
        rows.append(("in all", f"{content.entry.seconds:.3f} s"))
    if not rows:
        return element("p", "Times of the stages are in the JSON report of a product, which this one has not.")
    return table("Time that the stages took", ("Stage", "Time"), rows)


def _header(header: fits.Header) -> Markup:
    search = element("input", type="search", id="header-search", autocomplete="off")
    cards = table("Cards of the primary header", ("Keyword", "Value", "Comment"), _cards(header), id="header-cards")
    return Markup(
        element("div", element("label", "Search in the header", for_="header-search"), search, class_="search")
        + element("p", "", id="header-count", role="status")
        + scrolling(cards, "Cards of the header")
    )


def _cards(header: fits.Header) -> Iterable[tuple[str, str, str]]:
    """Cards as text; of one that cannot be parsed, its image."""
    for card in header.cards:
        try:
            yield card.keyword, str(card.value), card.comment
        except Exception as error:  # astropy raises several types of errors on cards of strangers
            yield "", f"cannot be read ({error})", ""
