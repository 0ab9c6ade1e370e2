"""The images of a movie, one after the other: products as they are, or minus a background or another product.

Two or three products are in memory at a time, and each is read once. All are moved by whole pixels to the sun centre of
the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.errors import CorInpaintError, FrameError, NoFrameError, OptionError
from corinpaint.lasco.level05.keywords import text, without_blanks
from corinpaint.lasco.level1.alignment import shift_to, shifted, sun_centre
from corinpaint.lasco.level1.collection import Member, Setting
from corinpaint.lasco.level1.differences import pairs, subtract
from corinpaint.lasco.level1.product import Flag, Level1File, flagged, read_level1, read_planes

Kind = Literal["original", "running", "base", "background"]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""What is shown: products, or products minus the one before, the first one, or a background."""

DIFFERENCES: tuple[Kind, ...] = ("running", "base")
"""Kinds that show nothing of the first product."""

Failed = Callable[[Path, CorInpaintError], None]
"""Called for each product that cannot be used."""


@dataclass(frozen=True, eq=False)
class Image:
    """One image of a movie.

    Attributes
    ----------
    member : Member
        The product.
    data : ndarray of float32, shape (H, W)
        In the unit of the product, (row, column), row 0 at the bottom; NaN where it has no value.
    mask : ndarray of uint8, shape (H, W)
        Sums of `corinpaint.lasco.level1.product.Flag`; in a difference, of both.
    header : astropy.io.fits.Header
        With the sun centre of the moved image.
    subtracted : Path or None
        What was subtracted.
    apart : float
        Time since what was subtracted, s; NaN where that is none or a background.
    """

    member: Member
    data: NDArray[np.float32]
    mask: NDArray[np.uint8]
    header: fits.Header
    subtracted: Path | None = None
    apart: float = float("nan")

    def has(self, flag: Flag) -> NDArray[np.bool_]:
        """Pixels with a flag inside of the field of view, shape (H, W)."""
        return flagged(self.mask, flag) & ~flagged(self.mask, Flag.OCCULTED | Flag.NEVER_SENT)


class _Read(NamedTuple):
    member: Member
    file: Level1File


@dataclass(frozen=True, eq=False)
class Background:
    """A background that is subtracted.

    Attributes
    ----------
    path : Path
    file : Level1File
    """

    path: Path
    file: Level1File


def read_background(path: Path, setting: Setting) -> Background:
    """The background of a setting.

    Raises
    ------
    FrameError
        When it cannot be read.
    OptionError
        When it is of another setting.
    """
    found = read_planes(path)
    detector, colour, polar = (without_blanks(text(found.header, key)) for key in ("DETECTOR", "FILTER", "POLAR"))
    own = Setting(detector, colour, polar, (found.data.shape[0], found.data.shape[1]))
    if own != setting:
        raise OptionError(f"{path}: is of {own}, the products of {setting}", "give the background of these products")
    return Background(path, found)


def check_enough(members: Sequence[Member], kind: Kind) -> None:
    """Refuse too few products for a kind of image.

    Parameters
    ----------
    members : sequence of Member
        At least one.
    kind : str
        One of `KINDS`.

    Raises
    ------
    NoFrameError
        When it is a difference, and there is only one product.
    """
    if kind in DIFFERENCES and len(members) < 2:
        raise NoFrameError(f"{members[0].path}: a difference needs two products", "give more, or choose another kind")


def images(
    members: Sequence[Member], kind: Kind, background: Background | None = None, failed: Failed | None = None
) -> Iterator[Image]:
    """The images of products; `DIFFERENCES` have none of the first product.

    Parameters
    ----------
    members : sequence of Member
        Of one setting, in time order.
    kind : str
        One of `KINDS`.
    background : Background, optional
        For the kind of that name.
    failed : callable, optional
        Called with the path and the error of each product that cannot be used, which is left out: the next one is then
        compared with the last that could be used.

    Yields
    ------
    Image
    """
    other: _Read | None = None
    for member in members:
        try:
            read = _Read(member, _read(member))
            image = _image(read, kind, background, other)
        except CorInpaintError as error:
            if failed is not None:
                failed(member.path, error)
            continue
        if kind == "running" or (kind == "base" and other is None):
            other = read
        if image is not None:
            yield _moved(image, members[0])


def sample(members: Sequence[Member], kind: Kind, background: Background | None, most: int) -> Iterator[Image]:
    """Some of the images of products, evenly spread; those that cannot be used are left out.

    Parameters
    ----------
    members, kind, background
        As for `images`.
    most : int
        Number of images at most.

    Yields
    ------
    Image
    """
    first = 1 if kind in DIFFERENCES else 0
    if len(members) <= first:
        return
    indices = np.unique(np.linspace(first, len(members) - 1, most).round().astype(int)).tolist()
    for index in indices:
        needed = {"running": members[index - first : index + 1], "base": [members[0], members[index]]}
        yield from images(needed.get(kind, [members[index]]), kind, background)


def _read(member: Member) -> Level1File:
    found = read_level1(member.path)
    if found.mask is None:
        raise FrameError(f"{member.path}: no MASK of its image's shape", "make the product anew")
    return found


def _image(read: _Read, kind: Kind, background: Background | None, other: _Read | None) -> Image | None:
    """The image of a product; None when there is nothing yet to subtract from it."""
    member, frame = read
    if kind == "original":
        assert frame.mask is not None
        return Image(member, frame.data.astype(np.float32), frame.mask, frame.header)
    if kind == "background":
        if background is None:
            raise OptionError("no background", "give the one of these products, see `corinpaint background`")
        (pair,) = pairs([member], kind, background.path, text(background.file.header, "SRCHASH"))
        subtracted, apart = background.file, float("nan")
    elif other is None:
        return None
    else:
        (pair,) = pairs([other.member, member], kind)
        subtracted, apart = other.file, (member.taken - other.member.taken).total_seconds()
    names = (member.path.name, pair.subtracted.name)
    made = subtract(frame, subtracted, kind, names, pair.identity)
    return Image(member, made.data, made.mask, made.header, pair.subtracted, apart)


def _moved(image: Image, reference: Member) -> Image:
    """An image with its sun centre where that of another product is, to a pixel."""
    own = sun_centre(image.header, str(image.member.path))
    shift = shift_to(reference.centre, own)
    if not any(shift):
        return image
    header = image.header.copy()
    header["CRPIX1"], header["CRPIX2"] = own[0] + shift[0], own[1] + shift[1]
    data, mask = shifted(image.data, shift, np.nan), shifted(image.mask, shift, Flag.NEVER_SENT)
    return Image(image.member, data, mask, header, image.subtracted, image.apart)
