"""Which files are frames: of the files that are given, and of the folders, searched at any depth as archives are built.

Files and folders are named as they are, by patterns, in lists or on standard input (`corinpaint.lasco.inputs.paths`).
A folder of an archive holds more than frames: products, calibration files, frames of other telescopes, copies. Those
are passed over, and counted and named so that nothing is left out without a word. Whatever may be a frame is taken for
one, and a damaged one is an error when it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TextIO

from corinpaint.lasco.errors import CorInpaintError, NoFrameError
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.inputs.kinds import (
    CALIBRATION_FOLDER,
    COPY,
    ENDING,
    OTHER_NAME,
    PICTURE,
    PICTURE_ENDING,
    PRODUCT,
    SHADOW,
    TRUTH,
    Kind,
    is_fits,
    kind_of,
)
from corinpaint.lasco.inputs.paths import InputPath, expand
from corinpaint.lasco.inputs.walk import unreadable, walk
from corinpaint.lasco.level05.decoding import decode


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


def find(inputs: Iterable[Path], stdin: TextIO | None = None) -> Found:
    """Find the frames that the inputs name.

    Files are taken as they are, but for products of CorInpaint, truths and ``._`` files of macOS, which a pattern of
    the shell or a list may include beside frames: they are an error where there is nothing else. JPEG 2000 pictures,
    whose brightness was scaled to bytes, are refused. Folders are searched at any depth for FITS files by the ending of
    their names, in upper or lower case, compressed or not. Names that begin with a dot are left out, as the shell
    leaves them out. A folder that links lead to more than once is searched once.

    Parameters
    ----------
    inputs : iterable of Path
        Files and folders, patterns, lists and standard input, see `corinpaint.lasco.inputs.paths.expand`.
    stdin : text stream, optional
        Standard input.

    Returns
    -------
    Found
        Every frame once, however often it is named; of several files with the same frame, the first.
    """
    search = _Search()
    for named in expand(inputs, stdin):
        if isinstance(named, InputPath):
            search.add(named)
        else:
            search.found.items.append(named)
    if not search.found.items:
        search.found.items.extend(search.nothing_else)
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
        self.nothing_else: list[NoFrameError] = []
        """Errors of files that may be given beside frames, but not alone."""

    def add(self, named: InputPath) -> None:
        """Search an input."""
        path = named.path
        items, frames = len(self.found.items), self.frames
        before = {kind: len(paths) for kind, paths in self.found.passed_over.items()}
        try:
            if is_folder := path.is_dir():
                self._search(path)
            elif not (path.is_file() and self._is_passed_over(path, given=named.by_name)):
                self._take(path, Path())
        except OSError as error:
            self.found.items.append(unreadable(path, error))
            return
        if (len(self.found.items), self.frames) == (items, frames):
            over = {kind: paths[before.get(kind, 0) :] for kind, paths in self.found.passed_over.items()}
            kinds = {kind: paths for kind, paths in over.items() if paths}
            is_beside = not named.by_name or (not is_folder and PICTURE not in kinds)
            (self.nothing_else if is_beside else self.found.items).append(_no_frame(path, is_folder, kinds))

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
        if PICTURE_ENDING.search(path.name):
            self._pass_over(PICTURE, path)
            return True
        if given and path.name.startswith("._") and not is_fits(path):
            self._pass_over(SHADOW, path)
            return True
        if not given and not ENDING.search(path.name):
            if is_fits(path):
                self._pass_over(OTHER_NAME, path)
            return True
        kind = kind_of(path)
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


def _count(kind: Kind, paths: Sequence[Path]) -> str:
    return f"{len(paths)} {kind.one if len(paths) == 1 else kind.many}"


def _names(kind: Kind, paths: Sequence[Path]) -> str:
    more = len(paths) - kind.named
    return ", ".join(map(str, paths[: kind.named])) + (f" and {more} more" if more > 0 else "")


def _no_frame(path: Path, is_folder: bool, passed_over: Mapping[Kind, Sequence[Path]]) -> NoFrameError:
    kinds = ", ".join(_count(kind, paths) for kind, paths in passed_over.items())
    if PICTURE in passed_over and not is_folder:
        return NoFrameError(f"{path}: {kinds} of brightness scaled to bytes, not a frame", "fetch the Level 0.5 file")
    if not is_folder:
        return NoFrameError(f"{path}: {kinds or 'no FITS file'}, not a frame", "give the Level 0.5 file")
    if kinds:
        return NoFrameError(f"{path}: has no frame, only {kinds}", "give the folder of the Level 0.5 frames")
    return NoFrameError(f"{path}: has no .fts or .fits file, nor do its subfolders", "give the folder of the frames")
