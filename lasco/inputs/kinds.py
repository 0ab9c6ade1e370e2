"""Kinds of files that lie beside frames and are none, by their names and headers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from astropy.io import fits

from corinpaint.lasco.decompression import beginning
from corinpaint.lasco.level05.cards import CARD_BYTES
from corinpaint.lasco.level05.decoding import read_header
from corinpaint.lasco.level05.frame import DETECTORS
from corinpaint.lasco.level05.keywords import text
from corinpaint.lasco.reference_files.catalogue import FIXED_FILES

ENDING = re.compile(r"\.(fts|fits|fit)(\.(gz|z|bz2|xz|fz|zst|zip|lz4?|lzma|7z))?$", re.IGNORECASE)
"""End of the name of a FITS file, compressed or not; a compression that is not read is refused by name."""

PICTURE_ENDING = re.compile(r"\.(jp2|j2k|jpx)$", re.IGNORECASE)
"""End of the name of a JPEG 2000 picture, as Helioviewer and the quick-look archives have them beside the frames."""

TRUTH_SUFFIX = "_truth.fits"
"""End of the name of the file that `corinpaint simulate` writes beside a frame."""

MAX_NAMED = 20
"""How many files of a kind are named at most."""


class Kind(NamedTuple):
    """A kind of file that is passed over.

    Attributes
    ----------
    one, many : str
        What messages call one of them, and several.
    named : int
        How many of them are named at most.
    """

    one: str
    many: str
    named: int = MAX_NAMED


PRODUCT = Kind("Level 1 product of CorInpaint", "Level 1 products of CorInpaint", 3)
TRUTH = Kind("truth of corinpaint simulate", "truths of corinpaint simulate", 3)
COPY = Kind("further copy of the same frame", "further copies of the same frames")
CALIBRATION_FILE = Kind("calibration file", "calibration files")
CALIBRATION_FOLDER = Kind("calibration folder", "calibration folders")
CALIBRATED = Kind("frame of Level 1 or higher", "frames of Level 1 or higher")
PICTURE = Kind("JPEG 2000 picture", "JPEG 2000 pictures", 3)
SHADOW = Kind("shadow file of macOS", "shadow files of macOS", 3)
OTHER_FITS = Kind("FITS file that is no frame of C2 or C3", "FITS files that are no frames of C2 or C3")
OTHER_NAME = Kind(
    "FITS file without .fts, .fits or .fit in its name", "FITS files without .fts, .fits or .fit in their names"
)

_OFFICIAL = frozenset(file.name.lower() for file in FIXED_FILES if file.kind == "image")
"""Names of the calibration files that are FITS files."""


def kind_of(path: Path) -> Kind | None:
    """Kind of a FITS file that is no frame; None for what may be one, also when it is damaged."""
    if not path.is_file():
        return None
    if kind := kind_of_name(path.name):
        return kind
    try:
        header = read_header(path)
    except OSError:
        return None
    return None if header is None else kind_of_header(header)


def kind_of_name(name: str) -> Kind | None:
    """Kind of a FITS file that is no frame, by its name; None for what may be one."""
    if TRUTH_SUFFIX in name:
        return TRUTH
    return CALIBRATION_FILE if name.lower() in _OFFICIAL else None


def kind_of_header(header: fits.Header) -> Kind | None:
    """Kind of a FITS file that is no frame, by its header.

    Parameters
    ----------
    header : astropy.io.fits.Header

    Returns
    -------
    Kind or None
        `PRODUCT`, `CALIBRATED`, `OTHER_FITS`, or None for what may be a frame.
    """
    level = text(header, "LEVEL")
    if (level and not level.startswith("0")) or "reduce_level_1" in str(header.get("HISTORY", "")):
        return PRODUCT if text(header, "CREATOR").startswith("CorInpaint") else CALIBRATED
    telescope, instrument, detector = (text(header, key).upper() for key in ("TELESCOP", "INSTRUME", "DETECTOR"))
    if not (telescope or instrument or detector):
        return OTHER_FITS
    others = (
        telescope not in ("", "SOHO"),
        instrument not in ("", "LASCO"),
        detector not in ("", *DETECTORS),
    )
    return OTHER_FITS if any(others) else None


def is_fits(path: Path) -> bool:
    """Whether a file begins as FITS files do, compressed or not."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return re.match(rb"SIMPLE  = +T", beginning(file.read(4096), CARD_BYTES)) is not None
    except OSError:
        return False
