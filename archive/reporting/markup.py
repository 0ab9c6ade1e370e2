"""HTML of the report pages; all texts are escaped, since headers come from files of strangers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

POLICY = (
    "default-src 'self'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'"
)
"""Content security policy; `file:` beside 'self' is for browsers in which a page from a disk has no 'self'."""

GENERATOR = "CorInpaint report"
"""By this name in its head a page says what made it."""


VOID = frozenset({"img", "input"})
"""Elements without content and end."""


class Markup(str):
    """Text that is HTML already, and is not escaped again."""

    __slots__ = ()


def text(value: object) -> str:
    """A value as HTML: `Markup` as it is, everything else escaped."""
    return value if isinstance(value, Markup) else escape(str(value))


def attributes(values: Mapping[str, object]) -> str:
    """Attributes of an element, with a blank before each; those that are None or False are left out."""
    return "".join(
        f" {name}" if value is True else f' {name}="{escape(str(value))}"'
        for name, value in values.items()
        if value is not None and value is not False
    )


def element(tag: str, /, *content: object, **values: object) -> Markup:
    """An element with its content.

    Parameters
    ----------
    tag : str
        Its name.
    *content : object
        See `text`.
    **values : object
        Attributes; a leading or trailing underscore is dropped, the others become hyphens.
    """
    given = attributes({key.strip("_").replace("_", "-"): value for key, value in values.items()})
    if tag in VOID:
        return Markup(f"<{tag}{given}>")
    return Markup(f"<{tag}{given}>{''.join(map(text, content))}</{tag}>")


def link(address: str, label: object, **values: object) -> Markup:
    """A link."""
    return element("a", label, href=address, **values)


def table(caption: str, head: Sequence[object], rows: Iterable[Sequence[object]], **values: object) -> Markup:
    """A table with a caption whose first column names its rows.

    Parameters
    ----------
    caption : str
    head : sequence of object
        Names of the columns; none for a table of names and values.
    rows : iterable of sequence of object
    **values : object
        Attributes of the table.
    """
    names = element("thead", element("tr", *(element("th", name, scope="col") for name in head))) if head else ""
    body = [
        element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in rest))
        for first, *rest in rows
    ]
    return element("table", element("caption", caption), Markup(names), element("tbody", *body), **values)


def scrolling(content: Markup, label: str) -> Markup:
    """A region that scrolls by itself and can be reached by the keyboard."""
    return element("div", content, class_="scroll", role="region", aria_label=label, tabindex="0")


def page(title: str, body: Markup, root: str, scripts: Sequence[str]) -> bytes:
    """A page.

    Parameters
    ----------
    title : str
    body : Markup
        Content of the body, with an element that has the id ``main``.
    root : str
        Relative address of the report's folder, empty or with a slash at the end.
    scripts : sequence of str
        Addresses relative to the report's folder; they run in order after the page was read.
    """
    files = "".join(f'<script defer src="{escape(root + script)}"></script>\n' for script in scripts)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="{GENERATOR}">
<title>{escape(title)}</title>
<link rel="icon" href="{escape(root)}assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{escape(root)}assets/report.css">
{files}</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
{body}
</body>
</html>
""".encode()
