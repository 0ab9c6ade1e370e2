"""The products that a report is made of: found in a folder, read one at a time, and checked."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning

from corinpaint.archive.layout import beside
from corinpaint.lasco.astropy_warnings import ignore_warnings
from corinpaint.lasco.decompression import decompress
from corinpaint.lasco.errors import FrameError, NoFrameError, NotFitsError
from corinpaint.lasco.inputs.kinds import CALIBRATED, ENDING, OTHER_FITS, PRODUCT, Kind, kind_of_header, kind_of_name
from corinpaint.lasco.inputs.walk import walk
from corinpaint.lasco.level05.decoding import read_header
from corinpaint.lasco.level05.keywords import text
from corinpaint.lasco.level1.product import Level1File, level1_of
from corinpaint.lasco.notebook import history

FRAME = Kind("frame of Level 0.5", "frames of Level 0.5")
DERIVED = Kind("background or difference", "backgrounds and differences")

Stamp = list[int | str]
"""By what a file is known that has not changed: size and time of its change, also of its JSON report."""


@dataclass(frozen=True)
class Candidate:
    """A FITS file that may be a product.

    Attributes
    ----------
    path : Path
    file : str
        Path below the folder of the products, with slashes; the whole path where it lies elsewhere.
    """

    path: Path
    file: str


@dataclass
class Found:
    """What a folder holds.

    Attributes
    ----------
    candidates : list of Candidate
    errors : list of NoFrameError
        Folders that cannot be searched.
    """

    candidates: list[Candidate] = field(default_factory=list)
    errors: list[NoFrameError] = field(default_factory=list)


def find(folder: Path, without: Path) -> Found:
    """Find the FITS files of a folder at any depth, by their names.

    Parameters
    ----------
    folder : Path
    without : Path
        A folder that is not searched: that of the report.

    Raises
    ------
    NoFrameError
        When the folder is not there.
    """
    if not folder.is_dir():
        raise NoFrameError(f"{folder}: is no folder", "give the folder of the products")
    met: set[tuple[int, int]] = set()
    if without.is_dir():
        status = without.stat()
        met.add((status.st_dev, status.st_ino))
    found = Found()
    for part in walk(folder, met):
        if part.error is not None:
            found.errors.append(part.error)
        found.candidates += candidates((path for path in part.files if ENDING.search(path.name)), folder)
    return found


def candidates(paths: Iterable[Path], folder: Path) -> list[Candidate]:
    """The candidates of paths, named by where they lie below a folder."""
    found = []
    for path in paths:
        below = Path(os.path.relpath(path, folder))
        found.append(Candidate(path, path.as_posix() if below.parts[:1] == ("..",) else below.as_posix()))
    return found


def stamp(path: Path) -> Stamp:
    """What changes when a product or the JSON report beside it does.

    Raises
    ------
    NotFitsError
        When the product cannot be looked at.
    """
    found: Stamp = []
    try:
        for file in (path, beside(path, ".json")):
            if file == path or file.is_file():
                status = file.stat()
                found += [status.st_size, status.st_mtime_ns]
    except OSError as error:
        raise _unreadable(path, error) from error
    return found


def other_kind(path: Path) -> Kind | None:
    """Kind of a FITS file that is no Level 1 product of CorInpaint; None for what is one, or is damaged."""
    if kind := kind_of_name(path.name):
        return kind
    try:
        header = read_header(path)
    except OSError:
        return None
    if header is None:
        return None
    kind = kind_of_header(header)
    if kind == PRODUCT:
        return None if text(header, "LEVEL").startswith("1") else DERIVED
    return FRAME if kind is None else CALIBRATED if kind == CALIBRATED else OTHER_FITS


def read(path: Path) -> Level1File:
    """Read a product and verify its checksums; the file is read once.

    Raises
    ------
    FrameError
        When it cannot be read, has no flags, or is not what was written.
    """
    try:
        content = decompress(path.read_bytes(), path.name)
        with (
            ignore_warnings(AstropyWarning),
            _opened(content, disable_image_compression=True) as stored,
            _opened(content) if any("ZIMAGE" in hdu.header for hdu in stored) else nullcontext(stored) as hdus,
        ):
            if fault := _checksum_fault(stored):
                raise FrameError(f"{path.name}: the checksum of {fault} differs", "the file was altered; make it again")
            found = level1_of(hdus, path.name)
    except FrameError:
        raise
    except Exception as error:  # astropy raises many types of errors on damaged files
        raise NotFitsError(f"{path.name}: cannot be read as FITS ({error})", "make the product again") from error
    if found.mask is None or found.noise is None or found.uncertainty is None:
        raise FrameError(f"{path.name}: has not all of MASK, UNCERT and NOISE", "make the product again")
    return found


def _opened(content: bytes, **options: bool) -> fits.HDUList:
    return fits.open(io.BytesIO(content), do_not_scale_image_data=True, **options)


def _checksum_fault(stored: fits.HDUList) -> str:
    """Name of the first HDU whose data are not those that were written; empty when all are, or have no DATASUM."""
    for index, hdu in enumerate(stored):
        if hdu.verify_datasum() == 0:
            return f"extension {hdu.name or index}" if index else "the image"
    return ""


def read_report(product: Path) -> dict[str, Any]:
    """The JSON report beside a product; empty when there is none that can be read."""
    try:
        found = json.loads(beside(product, ".json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and "zones" in found else {}


def stage_times(report: Mapping[str, Any]) -> dict[str, float]:
    """Seconds by stage, as a JSON report has them; empty where it has none."""
    found = report.get("seconds")
    numbers = found.items() if isinstance(found, dict) else ()
    return {str(name): float(value) for name, value in numbers if isinstance(value, int | float)}


def warnings_of(header: fits.Header, report: Mapping[str, Any]) -> tuple[str, ...]:
    """The warnings of a product: those of its JSON report, else those in HISTORY."""
    given = report.get("warnings")
    return tuple(map(str, given)) if isinstance(given, list) else history.warnings(header)


def _unreadable(path: Path, error: OSError) -> NotFitsError:
    return NotFitsError(f"{path}: cannot be read ({error.strerror})", "check the path and its permissions")
