"""The background of a month: the minimum of daily medians of Level 1 products (SolarSoft's monthly minimum).

The median of a day leaves out stars, cosmic rays and what moves; the minimum over the days leaves out streamers that
come and go. What remains is the F corona, the stray light that the calibration left, and the steadiest K corona.

Every frame of a day is written to a scratch file, from which medians are taken by strips of rows, so that the memory
does not depend on the number of products.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import numpy as np
from astropy.io import fits
from astropy.time import Time
from numpy.typing import NDArray

from corinpaint.lasco.errors import FrameError, OptionError
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.level1.alignment import shift_to, shifted
from corinpaint.lasco.level1.collection import Member, Setting, check_alike
from corinpaint.lasco.level1.compression import round_significant
from corinpaint.lasco.level1.header import Cards, add_history, day_of_processing, significant
from corinpaint.lasco.level1.product import Flag, Level1, Level1File, read_level1
from corinpaint.lasco.level1.statistics import add_statistics
from corinpaint.lasco.notebook.history import WARNING
from corinpaint.lasco.version import __version__

MAX_DAYS = 27
"""Days of a background at most, one rotation of the sun, after which the corona is another."""

MIN_FRAMES = 10
"""Frames that a day needs by default, so that its median is of different hours."""

STRIP_BYTES = 32 * 2**20
"""Memory of the strips of rows of all frames of a day."""

LEVEL = "2.0"
"""LEVEL of what is made from several Level 1 products."""

ABBREVIATIONS = {
    "CLEAR": "cl", "ORANGE": "or", "BLUE": "bl", "DEEPRD": "rd", "HALPHA": "ha", "IR": "ir", "0DEG": "p0",
    "+60DEG": "pp", "-60DEG": "pm", "DENSITY": "nd",
}  # fmt: skip
"""Filters and polarisers in the names of backgrounds (SolarSoft ``abbrv_filpol.pro`` 1.3)."""

KEPT = (
    "TELESCOP INSTRUME DETECTOR FILTER POLAR READPORT SUMROW SUMCOL LEBXSUM LEBYSUM R1COL R1ROW R2COL R2ROW CTYPE1 "
    "CTYPE2 CUNIT1 CUNIT2 CRPIX1 CRPIX2 CRVAL1 CRVAL2 CDELT1 CDELT2 CROTA CROTA1 CROTA2 XCEN YCEN RECTIFY POINTSRC "
    "RSUN RSUN_OBS RSUN_REF DSUN_OBS HGLN_OBS HGLT_OBS OBSSRC BUNIT CALIB CALOPT"
).split()
"""Cards that a background has from the product nearest to its middle."""

Plane = NDArray[np.float32]


@dataclass
class Median:
    """The median of a day.

    Attributes
    ----------
    values : ndarray of float32, shape (H, W)
        NaN where less than half of the frames have a value.
    variance : ndarray of float32, shape (H, W)
        Of the median, by the noise of the frames.
    """

    values: Plane
    variance: Plane


def background_name(setting: Setting, middle: date) -> str:
    """Name of a background as SolarSoft's ``getbkgimg.pro`` looks for it at Level 1, by the middle of its days.

    Smaller images have their width in it, so that they do not share the name of full ones.

    Examples
    --------
    >>> background_name(Setting("C3", "CLEAR", "CLEAR", (1024, 1024)), date(2002, 1, 8))
    '3m1_clcl_020108.fts'
    >>> background_name(Setting("C2", "ORANGE", "+60DEG", (512, 512)), date(2013, 4, 11))
    '2m1_orpp_512_130411.fts'
    """
    wheels = "".join(ABBREVIATIONS.get(name, name[:2].lower()) for name in (setting.filter, setting.polar))
    size = "" if setting.shape[1] == 1024 else f"_{setting.shape[1]}"
    return f"{setting.detector[1:]}m1_{wheels}{size}_{middle:%y%m%d}.fts"


def source_hash(members: Sequence[Member]) -> str:
    """sha256 that stands for the products that a background is made from, SRCHASH of its header."""
    return sha256(" ".join(member.identity for member in members).encode()).hexdigest()


def chosen(members: Sequence[Member], min_frames: int = MIN_FRAMES) -> tuple[list[list[Member]], list[str]]:
    """The days of a background, and what has to be said of the others.

    Parameters
    ----------
    members : sequence of Member
        Of one setting, in time order.
    min_frames : int
        Days with fewer products are left out.

    Returns
    -------
    days : list of list of Member
    said : list of str
        A sentence for every day that is left out.

    Raises
    ------
    OptionError
        When there are more than `MAX_DAYS` from the first to the last day.
    CalibrationError
        When the products differ in calibration set, unit or steps.
    FrameError
        When no day has enough products.
    """
    span = (members[-1].day - members[0].day).days + 1
    if span > MAX_DAYS:
        raise OptionError(
            f"{members[0].path} to {members[-1].path}: {span} days, a background is of {MAX_DAYS} at most",
            "give the products of fewer days",
        )
    check_alike(members)
    days = [list(group) for _, group in groupby(members, key=lambda member: member.day)]
    few = [day for day in days if len(day) < min_frames]
    if len(few) == len(days):
        raise FrameError(
            f"{members[0].path}: no day has {min_frames} products, the fullest {max(map(len, days))}",
            "give more products or a smaller --min-frames",
        )
    said = [f"{day[0].day} has too few products ({len(day)} of {min_frames}) and is left out" for day in few]
    return [day for day in days if len(day) >= min_frames], said


def middle_of(members: Sequence[Member]) -> datetime:
    """The middle of the time that products span, which dates a background."""
    return members[0].taken + (members[-1].taken - members[0].taken) / 2


def make_background(
    setting: Setting, members: Sequence[Member], *, min_frames: int = MIN_FRAMES, scratch: Path | None = None
) -> Level1:
    """The minimum of daily medians of Level 1 products.

    Observed pixels count: those that are filled, refused, never sent, occulted or saturated are left out. All are
    aligned with the product nearest to the middle by whole pixels, see `corinpaint.lasco.level1.alignment`.

    Parameters
    ----------
    setting : Setting
    members : sequence of Member
        Products of the setting in time order, see `corinpaint.lasco.level1.collection.collect`.
    min_frames : int
        Days with fewer products are left out.
    scratch : Path, optional
        Folder for a file with the frames of a day, 4 MB each; by default the system's for temporary files.

    Returns
    -------
    Level1
        LEVEL 2.0. NOISE is that of the median that was the minimum; the bias of a minimum towards the faint is not in
        it. MASK has the flags that all products share where the background has no value, REFUSED where they share none.

    Raises
    ------
    OptionError, CalibrationError, FrameError
        See `chosen` and `corinpaint.lasco.level1.product.read_level1`.
    """
    days, said = chosen(members, min_frames)
    used = [member for day in days for member in day]
    middle = middle_of(used)
    reference = min(used, key=lambda member: abs(member.taken - middle))
    background, variance = (np.full(setting.shape, np.nan, np.float32) for _ in range(2))
    shared = np.full(setting.shape, 255, np.uint8)
    for day in days:
        median = _median_of_day(day, reference, shared, scratch)
        lower = np.isfinite(median.values) & ~(background <= median.values)  # the first value, too
        background[lower], variance[lower] = median.values[lower], median.variance[lower]
    without = np.isnan(background)
    mask = np.where(without, np.where(shared > 0, shared, np.uint8(Flag.REFUSED)), np.uint8(0)).astype(np.uint8)
    header = _header(setting, days, reference, said, min_frames)
    noise = np.sqrt(variance)
    total = np.sqrt(variance + np.square(header["CALERR"] * background) + header["CALADD"] ** 2)
    noise[without] = total[without] = np.inf
    add_statistics(header, background, mask)
    planes = round_significant(total.astype(np.float32)), round_significant(noise)
    return Level1(background, mask, *planes, header, header["FILENAME"], tuple(said))


def observed(found: Level1File) -> NDArray[np.bool_]:
    """Pixels of a product with a value that was measured, without any flag."""
    return ~found.masked if found.mask is None else ~found.masked & (found.mask == 0)


def _median_of_day(day: Sequence[Member], reference: Member, shared: NDArray[np.uint8], scratch: Path | None) -> Median:
    """Median of the products of a day; flags that they do not have are removed from `shared`, in place."""
    height, width = shared.shape
    variance, counted = np.zeros(shared.shape), np.zeros(shared.shape, np.int32)
    with tempfile.TemporaryFile(dir=scratch) as file:
        for member in day:
            found = read_level1(member.path)
            if found.data.shape != shared.shape or found.mask is None or found.noise is None:
                raise FrameError(f"{member.path}: no MASK and NOISE of its image's shape", "make the product anew")
            shift = shift_to(reference.centre, member.centre)
            good = observed(found)
            file.write(shifted(np.where(good, found.data, np.nan).astype(np.float32), shift, np.nan).tobytes())
            variance += shifted(np.where(good, found.noise, 0).astype(np.float64) ** 2, shift, 0)
            counted += shifted(good, shift, False)
            shared &= shifted(found.mask, shift, Flag.NEVER_SENT)
        values = np.concatenate([_median(strip) for strip in _strips(file, len(day), height, width)])
    values[2 * counted < len(day)] = np.nan
    return Median(values, (np.pi / 2 * variance / np.maximum(counted, 1) ** 2).astype(np.float32))


def _strips(file: BinaryIO, frames: int, height: int, width: int) -> Iterator[Plane]:
    """Strips of rows of all frames of a scratch file, shape (frames, rows, width)."""
    rows = max(1, STRIP_BYTES // (4 * frames * width))
    for row in range(0, height, rows):
        count = min(rows, height - row)
        strip = np.empty((frames, count, width), np.float32)
        for frame in range(frames):
            file.seek(4 * width * (frame * height + row))
            strip[frame] = np.frombuffer(file.read(4 * width * count), np.float32).reshape(count, width)
        yield strip


def _median(strip: Plane) -> Plane:
    """Median over the first axis of what is not NaN; by sorting, in place, which puts NaN last."""
    strip.sort(axis=0)
    count = np.isfinite(strip).sum(axis=0)
    low, high = (
        np.take_along_axis(strip, place[None], axis=0)[0] for place in (np.maximum(count - 1, 0) // 2, count // 2)
    )
    return np.asarray((low + high) / 2)


def _header(
    setting: Setting, days: Sequence[Sequence[Member]], reference: Member, said: Sequence[str], min_frames: int
) -> fits.Header:
    used = [member for day in days for member in day]
    headers = read_level1(reference.path).header
    middle = middle_of(used)
    spread = [abs(a - b) for member in used for a, b in zip(member.centre, reference.centre, strict=True)]
    cards: Cards = [
        ("FILENAME", background_name(setting, middle.date()), "background"),
        ("LEVEL", LEVEL, "made from Level 1 products"),
        ("DATE", day_of_processing(), "day on which the background was made, UTC"),
    ]
    dates = (("OBS", middle), ("BEG", used[0].taken), ("AVG", middle), ("END", used[-1].taken))
    comments = {"OBS": "middle", "BEG": "start of the first exposure", "AVG": "middle", "END": "start of the last"}
    cards += [(f"DATE-{name}", when.isoformat(timespec="milliseconds"), comments[name]) for name, when in dates]
    cards += [(f"MJD-{name}", round(float(Time(when).mjd), 9), comments[name]) for name, when in dates]
    cards += [
        ("DATE_OBS", middle.isoformat(timespec="milliseconds"), "as DATE-OBS, for older readers"),
        ("EXPTIME", 1.0, "a brightness needs no division"),
        ("NDAYS", len(days), "days with a median"),
        ("NFRAMES", len(used), "products"),
        ("MINFRAME", min_frames, "products that a day needs"),
        ("SRCHASH", source_hash(used), ""),
        ("REFFILE", reference.path.name, "product with this pointing"),
        ("MAXSHIFT", significant(max(spread), 4), "px, sun centres apart from it"),
    ]
    header = fits.Header([fits.Card(*card) for card in cards])
    header.extend([card for card in headers.cards if card.keyword in KEPT], unique=True)
    header["CALERR"] = (headers["CALERR"], headers.comments["CALERR"])
    header["CALADD"] = (headers["CALADD"], headers.comments["CALADD"])
    header["CREATOR"] = (f"CorInpaint {__version__}", "software")
    lines = ["Minimum of daily medians of observed pixels (no flag); aligned by sun centre to whole pixels"]
    lines += [f"{WARNING}{line}" for line in said]
    for day in days:
        lines.append(f"{day[0].day}, {len(day)} products: {' '.join(number_of(member.path.name) for member in day)}")
    add_history(header, lines)
    return header
