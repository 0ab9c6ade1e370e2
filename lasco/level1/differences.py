"""Differences of Level 1 products: minus a background, the frame before (running), or the first frame (base).

What is subtracted is aligned by the sun centres to whole pixels, see `corinpaint.lasco.level1.alignment`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from astropy.io import fits

from corinpaint.lasco.errors import CalibrationError, WrongShapeError
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.level05.keywords import text
from corinpaint.lasco.level1.alignment import shift_to, shifted, sun_centre
from corinpaint.lasco.level1.background import LEVEL
from corinpaint.lasco.level1.collection import ALIKE, Member
from corinpaint.lasco.level1.compression import round_significant
from corinpaint.lasco.level1.header import add_history, significant
from corinpaint.lasco.level1.product import Flag, Level1, Level1File
from corinpaint.lasco.level1.statistics import add_statistics, remove_statistics
from corinpaint.lasco.version import __version__

Kind = Literal["background", "running", "base"]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""What is subtracted: a background, the frame before, or the first frame."""

OF_THE_FILE = "COMPRESS QSTEP QERR NEXTEND CHECKSUM DATASUM".split()
"""Cards that are about a product's file and do not hold for the difference."""


@dataclass(frozen=True)
class Pair:
    """A frame, and what is subtracted from it.

    Attributes
    ----------
    frame : Member
    subtracted : Path
    identity : str
        sha256 that stands for both files, SUBHASH of the difference.
    """

    frame: Member
    subtracted: Path
    identity: str


def difference_name(path: Path, kind: str) -> str:
    """Name of the difference of a product.

    Examples
    --------
    >>> difference_name(Path("35082037.fits"), "background")
    '35082037_minus_background.fits'
    """
    return f"{number_of(path.name)}_minus_{kind}.fits"


def pairs(members: Sequence[Member], kind: Kind, background: Path | None = None, identity: str = "") -> Iterator[Pair]:
    """Which file is subtracted from which product.

    Parameters
    ----------
    members : sequence of Member
        Of one setting, in time order.
    kind : str
        One of `KINDS`; 'running' and 'base' have no difference of the first product.
    background : Path, optional
        The background, for that kind.
    identity : str
        What stands for the background, SRCHASH.

    Yields
    ------
    Pair
    """
    for before, member in zip([None, *members[:-1]], members, strict=True):
        other = before if kind == "running" else members[0]
        if kind == "background" and background is not None:
            yield Pair(member, background, _joined(member.identity, identity))
        elif kind != "background" and before is not None and other is not None:
            yield Pair(member, other.path, _joined(member.identity, other.identity))


def subtract(frame: Level1File, other: Level1File, kind: Kind, names: tuple[str, str], identity: str = "") -> Level1:
    """A product minus a background or another product.

    Parameters
    ----------
    frame, other : Level1File
        See `corinpaint.lasco.level1.product.read_level1` and `read_planes`.
    kind : str
        One of `KINDS`.
    names : (str, str)
        Names of the files of both.
    identity : str
        SUBHASH, see `Pair`.

    Returns
    -------
    Level1
        The difference in the unit of the products, LEVEL 2.0; NaN where either has no value, MASK with the flags of
        both.

    Raises
    ------
    WrongShapeError
        When their shapes differ.
    CalibrationError
        When calibration set, unit or steps differ.
    BadKeywordError
        When a sun centre is missing.

    Notes
    -----
    NOISE is that of both in quadrature. Both share instrument and calibration, so the additive terms of UNCERT cancel,
    and the smaller of the two CALERR acts on the difference; what the other has more (an uncertain exposure time)
    acts on the brightness of its image.
    """
    _check(frame, other, names)
    shift = shift_to(sun_centre(frame.header, names[0]), sun_centre(other.header, names[1]))
    subtracted = shifted(other.data, shift, np.nan)
    exact = frame.data - subtracted
    data = exact.astype(np.float32)
    mask = _mask(frame) | shifted(_mask(other), shift, Flag.NEVER_SENT)
    without = np.isnan(data)
    mask[without] &= np.uint8(255 - Flag.FILLED)
    mask[without & (mask == 0)] = Flag.REFUSED
    noise = np.hypot(_noise(frame), shifted(_noise(other), shift, np.inf))
    errors = [float(one.header.get("CALERR", 0.0)) for one in (frame, other)]
    more = np.sqrt(abs(errors[0] ** 2 - errors[1] ** 2)) * (frame.data if errors[0] > errors[1] else subtracted)
    total = np.sqrt(noise**2 + (min(errors) * exact) ** 2 + more**2)
    noise[without] = total[without] = np.inf
    header = _header(frame.header, other.header, kind, names, identity)
    header["CALERR"] = (significant(min(errors)), "relative calibration term, 1 sigma")
    header["CALADD"] = (0.0, "additive calibration term cancels")
    add_statistics(header, data, mask)
    planes = [round_significant(plane.astype(np.float32)) for plane in (total, noise)]
    return Level1(data, mask, planes[0], planes[1], header, header["FILENAME"])


def _joined(*identities: str) -> str:
    return sha256(" ".join(identities).encode()).hexdigest()


def _check(frame: Level1File, other: Level1File, names: tuple[str, str]) -> None:
    if frame.data.shape != other.data.shape:
        raise WrongShapeError(
            f"{names[1]}: {other.data.shape}, but {frame.data.shape} in {names[0]}", "give images of one size"
        )
    for key in ALIKE:
        one, two = (text(image.header, key) for image in (frame, other))
        if one != two:
            raise CalibrationError(
                f"{names[1]}: {key} = {two!r}, but {one!r} in {names[0]}", "give products that agree in it"
            )


def _mask(image: Level1File) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.zeros(image.data.shape, np.uint8) if image.mask is None else image.mask


def _noise(image: Level1File) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    if image.noise is None:
        return np.full(image.data.shape, np.inf)
    return image.noise.astype(np.float64)


def _header(frame: fits.Header, other: fits.Header, kind: Kind, names: tuple[str, str], identity: str) -> fits.Header:
    header = frame.copy(strip=True)
    remove_statistics(header)
    for key in OF_THE_FILE:
        header.remove(key, ignore_missing=True)
    header["FILENAME"] = difference_name(Path(names[0]), kind)
    header["LEVEL"] = (LEVEL, "made from Level 1 products")
    header["SUBTRACT"] = (kind, "what was subtracted")
    header["SUBFILE"] = (names[1], "file that was subtracted")
    header["SUBDATE"] = (text(other, "DATE-OBS"), "its DATE-OBS")
    header["SUBHASH"] = identity
    header["CREATOR"] = (f"CorInpaint {__version__}", "software")
    add_history(header, [f"Subtracted {names[1]} ({kind}), aligned by sun centre to whole pixels"])
    return header
