"""Where products belong: in the folders of their frames, in one folder, or in folders by date as in archives."""

from __future__ import annotations

import posixpath
import string
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath

from corinpaint.lasco.errors import NoFrameError, OptionError
from corinpaint.lasco.file_numbers import level1_number, number_of
from corinpaint.lasco.inputs.files import InputFile
from corinpaint.lasco.level05.decoding import read_header
from corinpaint.lasco.level05.frame import DETECTORS, read_frame
from corinpaint.lasco.level05.keywords import check_header, text, without_blanks

NRL = "nrl"
"""Layout of the Level 1 archive: a day's folder with one for each telescope, gzip, and img_hdr.txt."""

TEMPLATES = {
    "subfolders": "{subfolder}/{product}.fits",
    "flat": "{product}.fits",
    "date": "{year}/{month}/{day}/{detector}/{product}.fits",
    NRL: "{yymmdd}/{detector}/{product}.fts.gz",
}
"""The layouts that have a name."""

FIELDS = ("subfolder", "product", "frame", "year", "month", "day", "yymmdd", "detector", "filter", "polar")
"""What a template may contain in braces."""

FROM_NAME = {"subfolder", "product", "frame"}
"""Fields that need no look into the file."""

ENDINGS = (".fits", ".fts", ".fits.gz", ".fts.gz")
"""How the name of a product may end; .gz is compressed as a whole."""

REMEDY = f"use {', '.join(TEMPLATES)}, or a template such as '{{year}}/{{detector}}/{{product}}.fits'"


class Layout:
    """Where the products of a run belong.

    Parameters
    ----------
    folder : Path
        Folder of the products.
    layout : str
        A key of `TEMPLATES`, or a template with `FIELDS` in braces, such as ``{year}/{product}.fits``.

    Raises
    ------
    OptionError
        When it is neither.
    """

    def __init__(self, folder: Path, layout: str = "subfolders") -> None:
        self.folder, self.name = folder, layout
        self.template = TEMPLATES.get(layout, layout)
        _check(self.template)

    @property
    def is_nrl(self) -> bool:
        """Whether folders have an img_hdr.txt."""
        return self.name == NRL

    def product(self, item: InputFile) -> Path:
        """The path of the product of a frame.

        Raises
        ------
        FrameError
            When the layout needs the date or a keyword of the frame, and its header has none.
        """
        header = {} if FROM_NAME.issuperset(_fields(self.template)) else _from_header(item.path)
        return self.folder / self.below(item.subfolder.as_posix(), number_of(item.path.name), header)

    def below(self, subfolder: str, number: str, header: Mapping[str, str]) -> str:
        """The path of a product below the folder of the products.

        Parameters
        ----------
        subfolder : str
            Of the frame, with slashes; '.' for none.
        number : str
            File number of the frame.
        header : mapping of str to str
            See `header_values`; may be empty when the template needs none of them.
        """
        values = {"subfolder": subfolder, "product": level1_number(number), "frame": number}
        return posixpath.normpath(self.template.format_map({**values, **header}))


def beside(product: Path, suffix: str) -> Path:
    """The path of a picture or report beside a product."""
    return product.with_name(number_of(product.name) + suffix)


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def _check(template: str) -> None:
    try:
        unknown = sorted(_fields(template).difference(FIELDS))
        made = "" if unknown else template.format_map(dict.fromkeys(FIELDS, "x"))
    except (ValueError, AttributeError) as error:
        raise OptionError(f"layout {template[:60]!r} is no template ({error})", REMEDY) from error
    if unknown:
        raise OptionError(f"layout {template[:60]!r}: {{{unknown[0]}}} is unknown", f"use {', '.join(FIELDS)}")
    if "{product}" not in template and "{frame}" not in template:
        raise OptionError(f"layout {template[:60]!r} gives all frames one product", REMEDY)
    if not made.endswith(ENDINGS):
        raise OptionError(f"layout {template[:60]!r} does not end with {' or '.join(ENDINGS)}", REMEDY)
    if PurePosixPath(made).is_absolute() or ".." in PurePosixPath(made).parts:
        raise OptionError(f"layout {template[:60]!r} leads out of the folder of the products", REMEDY)


def _from_header(path: Path) -> dict[str, str]:
    try:
        header = read_header(path) or read_frame(path).header  # which says why the header cannot be read
    except OSError as error:
        raise NoFrameError(
            f"{path}: cannot be read ({error.strerror})", "check the path and its permissions"
        ) from error
    date = str(check_header(header, path.name, DETECTORS).isot)
    return header_values(date, *(text(header, key) for key in ("DETECTOR", "FILTER", "POLAR")))


def header_values(date: str, detector: str, filter_: str, polar: str) -> dict[str, str]:
    """What the header of a frame gives a template.

    Parameters
    ----------
    date : str
        Start of the exposure, ISO 8601.
    detector, filter_, polar : str
        DETECTOR, FILTER and POLAR.
    """
    year, month, day = date[:10].split("-")
    parts = {"detector": _as_name(detector), "filter": _as_name(filter_), "polar": _as_name(polar)}
    return parts | {"year": year, "month": month, "day": day, "yymmdd": f"{year[2:]}{month}{day}"}


@lru_cache(maxsize=256)
def _as_name(value: str) -> str:
    """A keyword's value as part of a path: lower case, without blanks and slashes."""
    return without_blanks(value).lower().replace("/", "-")
