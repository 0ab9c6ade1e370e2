"""Small HTML tables of products for notebooks, without scripts or addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from astropy.io import fits

CARDS = {
    "Telescope": "DETECTOR",
    "Start": "DATE-OBS",
    "Filter": "FILTER",
    "Polariser": "POLAR",
    "Unit": "BUNIT",
    "Calibration": "CALIB",
    "Blocks missing": "NMISSING",
    "Blocks filled": "NFILLED",
    "Fill": "FILL",
}
"""Cards of a product in its table, by the name of the row."""


def table(title: str, rows: Mapping[str, object], below: Iterable[str] = ()) -> str:
    """An HTML table of two columns.

    Parameters
    ----------
    title : str
    rows : mapping of str to object
        Names and values, in their order.
    below : iterable of str
        Lines of a list under the table.

    Returns
    -------
    str
        All texts are escaped.
    """
    body = "".join(f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in rows.items())
    lines = "".join(f"<li>{escape(line)}</li>" for line in below)
    return f"<table><caption>{escape(title)}</caption>{body}</table>" + (f"<ul>{lines}</ul>" if lines else "")


def summary(header: fits.Header, shape: tuple[int, ...], pixels: Mapping[str, int]) -> dict[str, object]:
    """Rows of the table of a product.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Cards that it has not are left out.
    shape : tuple of int
        Rows and columns, px.
    pixels : mapping of str to int
        Numbers of pixels by the meaning of their flag.
    """
    rows: dict[str, object] = {"Size": f"{shape[1]} x {shape[0]} px"}
    rows |= {name: str(header[key]).strip() for name, key in CARDS.items() if key in header}
    return rows | {f"Pixels {meaning}": count for meaning, count in pixels.items()}
