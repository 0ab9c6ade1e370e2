"""Validation of the content of calibration files by their kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from astropy.io import fits

from corinpaint.lasco.astropy_warnings import ignore_warnings
from corinpaint.lasco.level05.frame import FRAME_SHAPE
from corinpaint.lasco.reference_files import horizons_text, time_differences
from corinpaint.lasco.reference_files.catalogue import Kind

STAR_FIT_COLUMNS = ("c_tai", "c_xmed", "c_ymed", "c_rmed")
"""Variables with time, sun centre and roll in the save files of SolarSoft's star fits."""

HEADER_LINES = 2
"""Number of header lines in the table of clock offsets."""

_PAGE = re.compile(rb"<\s*(!doctype|html|head|body|\?xml)", re.IGNORECASE)


def find_defect(path: Path, kind: Kind) -> str | None:
    """Find a defect in the content of a calibration file.

    Parameters
    ----------
    path : Path
    kind : str
        See `corinpaint.lasco.reference_files.catalogue.Kind`.

    Returns
    -------
    str or None
        Short description of the defect; None for a valid file.
    """
    try:
        with path.open("rb") as file:
            start = file.read(1024)
        if not start:
            return "empty"
        if is_html(start):
            return "an HTML page, not data"
        with ignore_warnings(Warning):  # old headers make astropy warn, damaged files make readsav warn
            return _CHECKS[kind](path)
    except OSError as error:
        return f"not readable ({error.strerror or error})"


def is_html(start: bytes) -> bool:
    """Whether a file that begins with these bytes is an HTML page, as servers send in place of a file."""
    return _PAGE.search(start) is not None


def _image(path: Path) -> str | None:
    try:
        image = fits.getdata(path, memmap=False)
    except (OSError, ValueError, TypeError, IndexError, KeyError, fits.VerifyError) as error:
        return f"not a readable FITS image ({error})"
    if getattr(image, "shape", None) != FRAME_SHAPE or image.dtype.kind not in "iuf":
        return f"not a 1024 x 1024 image (shape {getattr(image, 'shape', None)})"
    return None if np.isfinite(image).all() else "an image with pixels that are not finite"


def _attitude(path: Path) -> str | None:
    try:
        with fits.open(path, memmap=False) as hdus:
            rows = [len(hdu.data) for hdu in hdus if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)]
    except (OSError, ValueError, TypeError, IndexError, KeyError, fits.VerifyError) as error:
        return f"not a readable FITS table ({error})"
    return None if any(rows) else "a FITS file without a table"


def _save(path: Path) -> str | None:
    from scipy.io import readsav

    try:
        content = readsav(path, python_dict=True)
        lengths = {np.shape(np.asarray(content[name], dtype=np.float64)) for name in STAR_FIT_COLUMNS}
    except KeyError as error:
        return f"a save file without {error}"
    except Exception as error:  # readsav raises bare Exception when a file is not a save file
        return f"not a readable IDL save file ({error})"
    length = lengths.pop()
    return None if not lengths and len(length) == 1 and length[0] else "a save file with columns of unequal length"


def _exposures(path: Path) -> str | None:
    for words in map(str.split, _lines(path)):
        if len(words) >= 5 and _numbers([words[1], words[2], words[4]]):
            return None
    return "not a table of exposure factors"


def _offsets(path: Path) -> str | None:
    rows = [words for words in map(str.split, _lines(path)[HEADER_LINES:]) if words]
    good = rows and all(len(words) == 5 and _numbers(words) for words in rows)
    return None if good else "not a table of clock offsets"


def _text(path: Path) -> str | None:
    if b"\0" in path.read_bytes():
        return "not text"
    return None if any(line.strip() for line in _lines(path)) else "empty"


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="ascii", errors="replace").splitlines()


def _numbers(words: list[str]) -> bool:
    try:
        return bool(np.isfinite([float(word) for word in words]).all())
    except ValueError:
        return False


_CHECKS: dict[Kind, Callable[[Path], str | None]] = {
    "image": _image,
    "attitude": _attitude,
    "save": _save,
    "exposures": _exposures,
    "offsets": _offsets,
    "differences": time_differences.find_defect,
    "ephemeris": lambda path: horizons_text.find_defect(horizons_text.read(path)),
    "text": _text,
}
