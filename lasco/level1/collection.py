"""The Level 1 products of files and folders, grouped by camera setting and in time order; only headers are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from astropy.io import fits

from corinpaint.lasco.errors import CalibrationError, NoFrameError
from corinpaint.lasco.inputs.kinds import ENDING, PRODUCT, kind_of_header
from corinpaint.lasco.level05.decoding import read_header
from corinpaint.lasco.level05.keywords import text, without_blanks
from corinpaint.lasco.level1.alignment import sun_centre

ALIKE = ("CALIB", "BUNIT", "CALOPT")
"""Keywords that products must agree in to be compared: calibration set, unit, steps that were left out."""


class Setting(NamedTuple):
    """What products must share to have a background in common.

    Attributes
    ----------
    detector, filter, polar : str
        In upper case without blanks.
    shape : (int, int)
        Rows and columns.
    """

    detector: str
    filter: str
    polar: str
    shape: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.detector} {self.filter}/{self.polar}, {self.shape[1]} x {self.shape[0]} px"


@dataclass(frozen=True)
class Member:
    """A product of a group, by its header.

    Attributes
    ----------
    path : Path
    taken : datetime
        DATE-OBS, UTC.
    centre : (float, float)
        Sun centre (column, row), px from 1.
    alike : tuple of str
        Values of `ALIKE`.
    identity : str
        sha256 of the header, which statistics of the image are part of.
    """

    path: Path
    taken: datetime
    centre: tuple[float, float]
    alike: tuple[str, ...]
    identity: str

    @property
    def day(self) -> date:
        """Day of the exposure, UTC."""
        return self.taken.date()


@dataclass(frozen=True)
class Collection:
    """Products by their setting.

    Attributes
    ----------
    groups : dict of Setting to list of Member
        In time order; the same exposure once.
    passed_over : dict of str to list of Path
        FITS files that are no Level 1 products of CorInpaint, by what they are.
    """

    groups: dict[Setting, list[Member]] = field(default_factory=dict)
    passed_over: dict[str, list[Path]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """A line for each kind of what was passed over."""
        return [
            f"Passed over: {len(paths)} {what}: {', '.join(map(str, paths[:3]))}{' ...' * (len(paths) > 3)}"
            for what, paths in self.passed_over.items()
        ]


def collect(inputs: Iterable[Path]) -> Collection:
    """Find the Level 1 products of CorInpaint in files and folders.

    Parameters
    ----------
    inputs : iterable of Path
        Folders are searched at any depth; names that begin with a dot are left out.

    Returns
    -------
    Collection

    Raises
    ------
    NoFrameError
        When an input is not there or cannot be read, or there is no product at all.
    BadKeywordError
        When the sun centre of a product is missing.
    """
    inputs = list(inputs)
    found, seen = Collection(), set()
    for path in (file for given in inputs for file in _files(given)):
        if (real := path.resolve()) in seen:
            continue
        seen.add(real)
        header = _header(path)
        if what := _other(header):
            found.passed_over.setdefault(what, []).append(path)
        elif header is not None:
            setting, member = _member(path, header)
            found.groups.setdefault(setting, []).append(member)
    if not found.groups:
        raise NoFrameError(
            f"{', '.join(map(str, inputs[:3]))}: no Level 1 product of CorInpaint", "give products or their folder"
        )
    for setting, members in found.groups.items():
        once = {member.taken: member for member in reversed(members)}  # of copies, the first
        found.groups[setting] = sorted(once.values(), key=lambda member: member.taken)
    return found


def check_alike(members: Sequence[Member]) -> None:
    """Raise an error that names two products when they are not of the same calibration, unit and steps.

    Raises
    ------
    CalibrationError
    """
    first = members[0]
    for other in members[1:]:
        for key, one, two in zip(ALIKE, first.alike, other.alike, strict=True):
            if one != two:
                raise CalibrationError(
                    f"{other.path}: {key} = {two!r}, but {one!r} in {first.path}", "give products that agree in it"
                )


def _files(given: Path) -> Iterator[Path]:
    try:
        if not given.is_dir():
            with given.open("rb"):
                yield given
            return
        for path in sorted(given.rglob("*")):
            hidden = any(part.startswith(".") for part in path.relative_to(given).parts)
            if not hidden and ENDING.search(path.name) and path.is_file():
                yield path
    except OSError as error:
        raise NoFrameError(f"{given}: cannot be read ({error.strerror})", "check the path and its rights") from error


def _header(path: Path) -> fits.Header | None:
    try:
        return read_header(path)
    except OSError as error:
        raise NoFrameError(f"{path}: cannot be read ({error.strerror})", "check its rights") from error


def _other(header: fits.Header | None) -> str:
    """What a file is when it is no Level 1 product of CorInpaint; else empty."""
    if header is None:
        return "files that cannot be read as FITS"
    if kind_of_header(header) != PRODUCT:
        return "files that are no products of CorInpaint"
    if not text(header, "LEVEL").startswith("1"):
        return "backgrounds and differences"
    return "" if _date(header) else "products without a DATE-OBS"


def _date(header: fits.Header) -> datetime | None:
    try:
        return datetime.fromisoformat(text(header, "DATE-OBS"))
    except ValueError:
        return None


def _member(path: Path, header: fits.Header) -> tuple[Setting, Member]:
    taken = _date(header)
    if taken is None:
        raise NoFrameError(f"{path}: no DATE-OBS", "make the product anew")
    detector, colour, polar = (without_blanks(text(header, key)) for key in ("DETECTOR", "FILTER", "POLAR"))
    setting = Setting(detector, colour, polar, (int(header.get("NAXIS2", 0)), int(header.get("NAXIS1", 0))))
    alike = tuple(text(header, key) for key in ALIKE)
    identity = sha256(header.tostring(sep="\n").encode("ascii", "replace")).hexdigest()
    return setting, Member(path, taken, sun_centre(header, str(path)), alike, identity)
