"""Which files are frames: of the files that are given, and of the folders, searched at any depth as archives are built.

A folder of an archive holds more than frames: products, calibration files, frames of other telescopes, copies. Those
are passed over, and counted and named so that nothing is left out without a word. Whatever may be a frame is taken for
one, and a damaged one is an error when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from astropy.io import fits

from corinpaint.lasco.decompression import beginning
from corinpaint.lasco.errors import CorInpaintError, NoFrameError
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.folder_walk import unreadable, walk
from corinpaint.lasco.level05.cards import CARD_BYTES
from corinpaint.lasco.level05.decoding import decode, read_header
from corinpaint.lasco.level05.frame import DETECTORS
from corinpaint.lasco.level05.keywords import text
from corinpaint.lasco.reference_files.catalogue import FIXED_FILES

ENDING = re.compile(r"\.(fts|fits|fit)(\.(gz|z|bz2|xz|fz|zst|zip|lz4?|lzma|7z))?$", re.IGNORECASE)
"""End of the name of a FITS file, compressed or not; a compression that is not read is refused by name."""

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
OTHER_FITS = Kind("FITS file that is no frame of C2 or C3", "FITS files that are no frames of C2 or C3")
OTHER_NAME = Kind(
    "FITS file without .fts, .fits or .fit in its name", "FITS files without .fts, .fits or .fit in their names"
)

_OFFICIAL = frozenset(file.name.lower() for file in FIXED_FILES if file.kind == "image")
"""Names of the calibration files that are FITS files."""


@dataclass(frozen=True)
class InputFile:
    """A file that may be a frame.

    Attributes
    ----------
    path : Path
    subfolder : Path
        Where it lies below the folder that was given; empty for a file that was given by name.
    """

    path: Path
    subfolder: Path = Path()


@dataclass(frozen=True)
class Found:
    """What the inputs hold.

    Attributes
    ----------
    items : list of InputFile or NoFrameError
        In the order of the inputs, a folder's own files before those of its subfolders, each sorted by name. What
        cannot be searched is represented by its error, so that a batch continues.
    passed_over : dict of Kind to list of Path
        What was passed over, by its kind.
    """

    items: list[InputFile | NoFrameError] = field(default_factory=list)
    passed_over: dict[Kind, list[Path]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """A line for each kind of what was passed over: how many, and which."""
        return [
            f"Passed over: {_count(kind, paths)}: {_names(kind, paths)}" for kind, paths in self.passed_over.items()
        ]


def find(inputs: Iterable[Path]) -> Found:
    """Find the frames that the inputs name.

    Files are taken as they are, but for products of CorInpaint and truths, which a pattern of the shell may include.
    Folders are searched at any depth for FITS files by the ending of their names, in upper or lower case, compressed or
    not. Names that begin with a dot are left out, as the shell leaves them out. A folder that links lead to more than
    once is searched once.

    Parameters
    ----------
    inputs : iterable of Path
        Files and folders.

    Returns
    -------
    Found
        Every frame once, however often it is named; of several files with the same frame, the first.
    """
    search = _Search()
    for path in inputs:
        search.add(path)
    return search.found


class _Search:
    """The inputs that were searched so far."""

    def __init__(self) -> None:
        self.found = Found()
        self.numbers: dict[str, list[Path]] = {}
        """Files that were taken, by the number of the frame."""
        self.prints: dict[Path, str] = {}
        self.files: set[Path] = set()
        self.folders: set[tuple[int, int]] = set()
        self.frames = 0
        """Frames that were met, those included that were met before."""

    def add(self, path: Path) -> None:
        """Search an input."""
        items, frames = len(self.found.items), self.frames
        before = {kind: len(paths) for kind, paths in self.found.passed_over.items()}
        try:
            if is_folder := path.is_dir():
                self._search(path)
            elif not (path.is_file() and self._is_passed_over(path, given=True)):
                self._take(path, Path())
        except OSError as error:
            self.found.items.append(unreadable(path, error))
            return
        if (len(self.found.items), self.frames) == (items, frames):
            over = {kind: paths[before.get(kind, 0) :] for kind, paths in self.found.passed_over.items()}
            self.found.items.append(_no_frame(path, is_folder, {kind: paths for kind, paths in over.items() if paths}))

    def _search(self, root: Path) -> None:
        for folder in walk(root, self.folders):
            if folder.error:
                self.found.items.append(folder.error)
            if folder.is_met:
                self.frames += 1  # what it holds has been met, and nothing is missing
            if folder.is_calibration:
                self._pass_over(CALIBRATION_FOLDER, folder.path)
            for path in folder.files:
                if not self._is_passed_over(path, given=False):
                    self._take(path, folder.path.relative_to(root))

    def _is_passed_over(self, path: Path, *, given: bool) -> bool:
        """Whether a file is no frame, by its name and its header; what is one of a kind is put on record."""
        if not given and not ENDING.search(path.name):
            if begins_as_fits(path):
                self._pass_over(OTHER_NAME, path)
            return True
        kind = _kind_of(path)
        if kind and (not given or kind in (PRODUCT, TRUTH)):
            self._pass_over(kind, path)
            return True
        return False

    def _take(self, path: Path, subfolder: Path) -> None:
        """Take a file, unless its frame was taken before."""
        self.frames += 1
        real = path.resolve()
        if real in self.files:
            return
        self.files.add(real)
        same_number = self.numbers.setdefault(number_of(path.name), [])
        if same_number and (own := self._print(path)) and own in map(self._print, same_number):
            self._pass_over(COPY, path)
            return
        same_number.append(path)
        self.found.items.append(InputFile(path, subfolder))

    def _pass_over(self, kind: Kind, path: Path) -> None:
        self.found.passed_over.setdefault(kind, []).append(path)

    def _print(self, path: Path) -> str:
        """What tells a frame from others of the same number, however it is compressed; empty when it is unreadable."""
        if path not in self.prints:
            try:
                header, data, *_ = decode(path)
                cards = "".join(str(card) for card in header.cards if card.keyword in _OF_A_FRAME)
                self.prints[path] = sha256(cards.encode() + data.astype(">f8").tobytes()).hexdigest()
            except CorInpaintError:
                self.prints[path] = ""
        return self.prints[path]


_OF_A_FRAME = ("DATE-OBS", "TIME-OBS", "EXPTIME", "DETECTOR", "FILTER", "POLAR", "OFFSET", "CROTA1", "CRPIX1", "CRPIX2")
"""Keywords that the product depends on, beside the image."""


def _kind_of(path: Path) -> Kind | None:
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


def begins_as_fits(path: Path) -> bool:
    """Whether a file begins as FITS files do, compressed or not."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return re.match(rb"SIMPLE  = +T", beginning(file.read(4096), CARD_BYTES)) is not None
    except OSError:
        return False


def _count(kind: Kind, paths: Sequence[Path]) -> str:
    return f"{len(paths)} {kind.one if len(paths) == 1 else kind.many}"


def _names(kind: Kind, paths: Sequence[Path]) -> str:
    more = len(paths) - kind.named
    return ", ".join(map(str, paths[: kind.named])) + (f" and {more} more" if more > 0 else "")


def _no_frame(path: Path, is_folder: bool, passed_over: Mapping[Kind, Sequence[Path]]) -> NoFrameError:
    kinds = ", ".join(_count(kind, paths) for kind, paths in passed_over.items())
    if not is_folder:
        return NoFrameError(f"{path}: {kinds}, not a frame", "give the Level 0.5 file")
    if kinds:
        return NoFrameError(f"{path}: has no frame, only {kinds}", "give the folder of the Level 0.5 frames")
    return NoFrameError(f"{path}: has no .fts or .fits file, nor do its subfolders", "give the folder of the frames")
