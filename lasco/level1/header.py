"""Header of the Level 1 product: coordinates, statistics and provenance (SolarSoft ``reduce_level_1.pro`` 1.68)."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.file_numbers import level1_number
from corinpaint.lasco.geometry.clock import Clock
from corinpaint.lasco.geometry.observer import SOLAR_RADIUS_M, Observer, solarsoft_radius
from corinpaint.lasco.geometry.pointing import PLATE_SCALE, Pointing
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.decoding import printable
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.level05.keywords import FULL_FRAME_CORNERS
from corinpaint.lasco.level1 import product
from corinpaint.lasco.photometry.photometry import MSB_UNIT
from corinpaint.lasco.reference_files.calibration_set import CalibrationFile
from corinpaint.lasco.version import __version__

HISTORY_WIDTH = 72
"""Maximum number of characters in a HISTORY card."""

LEADING_CARDS = 3
"""Number of new cards that precede those of the Level 0.5 header."""

CardValue = str | float | int

PERCENTILES = (1, 10, 25, 50, 75, 90, 95, 98, 99)
"""Percentiles in the header, DATAP01 to DATAP99."""

_DROPPED = re.compile(
    r"^(SIMPLE|BITPIX|NAXIS\d*|EXTEND|BSCALE|BZERO|BLANK|DATE|TIME-OBS|DATE-OBS|DATE_OBS|LEVEL|BUNIT|FILENAME|"
    r"CRPIX\d|CRVAL\d|CROTA\d?|CTYPE\d|CUNIT\d|CDELT\d|XCEN|YCEN|DATA(MIN|MAX|ZER|SAT|AVG|SIG|P\d\d)|CHECKSUM|DATASUM|"
    r"CALF\d+|CALH\d+|CALOPT|CALERR|EXPFAC|CALFAC|TIMEOFF|FILL|WEIGHTS|NETVER|FILLVER|NFILLED|NMISSING|MISSLIST|CALIB|"
    r"CREATOR|POINTSRC|OBSSRC|EXTNAME|EXTVER|RECTIFY|OFFSET|[RP][12](COL|ROW)|"
    r"HISTORY|COMMENT|PC\d_\d|CD\d_\d|XTENSION|PCOUNT|GCOUNT|GROUPS|END|)$"
)


class Provenance(NamedTuple):
    """How a product was made, for its header.

    Attributes
    ----------
    calib : str
        Calibration set, 'OFFICIAL' or 'NOMINAL'.
    unit : str
        Unit of the image.
    exposure_factor : float
        Factor by which EXPTIME was multiplied.
    bias : float
        Bias that was subtracted, DN.
    calfactor : float
        Calibration factor, MSB / (DN / s).
    clock : Clock
    pointing : Pointing
    rotated_by : float
        Angle by which the image was rotated counter-clockwise, degrees.
    roll : float
        CROTA of the product: the roll that was not corrected, degrees.
    calibration_error : float
        Relative uncertainty of the calibration, 1 sigma, median over the field of view.
    files : tuple of CalibrationFile
        Calibration files that were used.
    departures : tuple of str
        Names of the options that differ from the default.
    steps : tuple of str
        Lines for HISTORY.
    observer : Observer
        Position of SOHO.
    """

    calib: str
    unit: str
    exposure_factor: float
    bias: float
    calfactor: float
    clock: Clock
    pointing: Pointing
    rotated_by: float
    roll: float
    calibration_error: float
    files: tuple[CalibrationFile, ...]
    departures: tuple[str, ...]
    steps: tuple[str, ...]
    observer: Observer


def make_header(frame: Frame, origin: Provenance, missing: blocks.Blocks, filled: blocks.Blocks) -> fits.Header:
    """Header of the product of a frame, without statistics and HISTORY.

    Parameters
    ----------
    frame : Frame
    origin : Provenance
    missing, filled : ndarray of bool, shape (32, 32)
        Missing blocks, and those of them that were filled.

    Returns
    -------
    astropy.io.fits.Header
    """
    ours = _product_cards(frame, origin, missing, filled)
    own = {card[0] for card in ours}
    kept = [card for card in frame.header.cards if not _DROPPED.match(card.keyword) and card.keyword not in own]
    new = [_card(*card) for card in ours]
    cards = map(copy.copy, (*new[:LEADING_CARDS], *kept, *new[LEADING_CARDS:]))  # the frame's cards must not change
    header = fits.Header(list(cards))
    for key in ("MID_DATE", "MID_TIME"):
        if origin.clock.offset and key in header:
            header.comments[key] = "original, clock not corrected"
    return header


@lru_cache(maxsize=256, typed=True)
def _card(key: str, value: CardValue, comment: str) -> fits.Card:
    """A card, cached: making one takes ten times as long as copying it, and most are the same in every header."""
    return fits.Card(key, value, comment)


def _product_cards(
    frame: Frame, origin: Provenance, missing: blocks.Blocks, filled: blocks.Blocks
) -> list[tuple[str, CardValue, str]]:
    cards: list[tuple[str, CardValue, str]] = [
        _long_card("FILENAME", printable(f"{level1_number(frame.number)}.fits"), "Level 1 product"),
        ("LEVEL", "1.0", "calibrated"),
        ("DATE-OBS", origin.clock.date.isot, origin.clock.comment),
        ("EXPTIME", frame.exptime * origin.exposure_factor, "s, corrected"),
        ("EXPFAC", origin.exposure_factor, "factor that EXPTIME was corrected by"),
        ("OFFSET", origin.bias, "DN, bias that was subtracted"),
        ("CALFAC", origin.calfactor, "MSB / (DN / s)"),
        ("TIMEOFF", origin.clock.offset, "s, clock offset that was subtracted"),
        *((key, value, "CCD coordinates") for key, value in FULL_FRAME_CORNERS.items()),
        *_wcs(frame, origin),
        ("BUNIT", origin.unit, "mean solar brightness (MSB)" if origin.unit == MSB_UNIT else ""),
        ("CALERR", origin.calibration_error, "relative calibration term, 1 sigma"),
        ("NMISSING", int(missing.sum()), "missing blocks, never-sent ones excluded"),
        ("NFILLED", int(filled.sum()), "missing blocks that were filled"),
        _long_card("MISSLIST", blocks.format_misslist(missing), "missing blocks, runs in base 32"),
        ("CALIB", origin.calib, "calibration set"),
        _long_card("CALOPT", " ".join(origin.departures) or "none", "departures from all steps"),
    ]
    for index, file in enumerate(origin.files, start=1):
        cards += [(f"CALF{index}", file.name, "calibration file"), (f"CALH{index}", file.sha256, "")]
    return [*cards, ("CREATOR", f"CorInpaint {__version__}", "software")]


def _long_card(key: str, value: str, comment: str) -> tuple[str, str, str]:
    """A card whose value may need CONTINUE cards, where its comment would be cut off."""
    return key, value, comment if len(value) < 30 else ""


def add_long(header: fits.Header, key: str, value: str, comment: str) -> None:
    """Set a card, in place, whose value may need CONTINUE cards."""
    header[key] = _long_card(key, value, comment)[1:]


def _wcs(frame: Frame, origin: Provenance) -> list[tuple[str, CardValue, str]]:
    soho, pointing = origin.observer, origin.pointing
    scale = (PLATE_SCALE[frame.detector] * frame.sums.x, PLATE_SCALE[frame.detector] * frame.sums.y)
    rows, columns = frame.data.shape
    return [
        ("CTYPE1", "HPLN-TAN", ""),
        ("CTYPE2", "HPLT-TAN", ""),
        ("CUNIT1", "arcsec", ""),
        ("CUNIT2", "arcsec", ""),
        ("CRPIX1", pointing.column + 1, "sun centre, px from 1"),
        ("CRPIX2", pointing.row + 1, "sun centre, px from 1"),
        ("CRVAL1", 0.0, "arcsec"),
        ("CRVAL2", 0.0, "arcsec"),
        ("CDELT1", scale[0], "arcsec/px"),
        ("CDELT2", scale[1], "arcsec/px"),
        ("CROTA1", origin.roll, "deg"),
        ("CROTA2", origin.roll, "deg"),
        ("XCEN", scale[0] * ((columns + 1) / 2 - pointing.column - 1), "arcsec, middle of the frame"),
        ("YCEN", scale[1] * ((rows + 1) / 2 - pointing.row - 1), "arcsec, middle of the frame"),
        ("RECTIFY", origin.rotated_by, "deg, turned counter-clockwise by"),
        _long_card("POINTSRC", printable(pointing.source), "pointing"),
        ("RSUN", solarsoft_radius(origin.clock.date), "arcsec, SolarSoft's, at 0.99 of the earth's"),
        ("RSUN_OBS", soho.radius, "arcsec, at DSUN_OBS"),
        ("RSUN_REF", SOLAR_RADIUS_M, "m"),
        ("DSUN_OBS", soho.distance, f"m, 1 sigma {soho.distance_error:.0e}"),
        ("HGLN_OBS", soho.longitude, f"deg, 1 sigma {soho.error:g}"),
        ("HGLT_OBS", soho.latitude, f"deg, 1 sigma {soho.error:g}"),
        ("OBSSRC", soho.source, "position of SOHO"),
        ("MJD-OBS", float(origin.clock.date.mjd), "start of the exposure"),
    ]


def add_statistics(header: fits.Header, data: NDArray[np.float32], mask: NDArray[np.uint8]) -> None:
    """Add the statistics DATAMIN to DATAP99 of the finite pixels, in the unit of the image, to a header in pointing.

    The keywords are those of SolarSoft ``reduce_statistics2.pro``, which leaves out pixels that are not positive.

    Parameters
    ----------
    header : astropy.io.fits.Header
    data : ndarray of float32, shape (H, W)
    mask : ndarray of uint8, shape (H, W)
        Sums of `corinpaint.lasco.level1.product.Flag`.
    """
    values = np.sort(data[np.isfinite(data)])
    unit = "MSB" if header["BUNIT"] == MSB_UNIT else "DN/s"
    cards: list[tuple[str, CardValue, str]] = [
        ("DATAZER", int(data.size - values.size), "pixels without a value"),
        ("DATASAT", int(np.count_nonzero(product.flagged(mask, product.Flag.SATURATED))), "saturated pixels"),
    ]
    if values.size:
        exact = values.astype(np.float64)
        mean = exact.mean()
        spread = np.sqrt(max(exact @ exact / exact.size - mean**2, 0.0))
        indices = np.array(PERCENTILES) / 100 * (values.size - 1)
        levels = _interpolate(exact, indices) if exact.size > 1 else np.repeat(exact, indices.size)
        names = ("DATAMIN", "DATAMAX", "DATAAVG", "DATASIG")
        figures = (exact[0], exact[-1], mean, spread)
        cards += [(name, float(value), unit) for name, value in zip(names, figures, strict=True)]
        cards += [
            (f"DATAP{level:02d}", float(value), f"{unit}, percentile")
            for level, value in zip(PERCENTILES, levels, strict=True)
        ]
    header.extend([fits.Card(*card) for card in cards])


def _interpolate(ordered: NDArray[np.float64], indices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linearly interpolated values of an array at fractional indices."""
    low = np.minimum(indices.astype(np.int64), ordered.size - 2)
    fraction = indices - low
    return np.asarray(ordered[low] * (1 - fraction) + ordered[low + 1] * fraction)


def history_lines(frame: Frame, steps: Iterable[str]) -> Sequence[str]:
    """Lines of HISTORY: HISTORY and COMMENT of the Level 0.5 file, then the steps of the calibration."""
    lines = [str(line) for line in frame.header.get("HISTORY", [])]
    lines += [f"COMMENT {line}" for line in frame.header.get("COMMENT", []) if str(line).strip()]
    source = printable(str(frame.header.get("FILENAME") or frame.name))
    return [*lines, f"CorInpaint {__version__}: Level 0.5 file {source}", *steps]


def add_history(header: fits.Header, lines: Iterable[str]) -> None:
    """Append HISTORY cards, splitting long lines, as `astropy.io.fits.Header.add_history` does one line at a time."""
    parts = (line[i : i + HISTORY_WIDTH] for line in lines for i in range(0, max(len(line), 1), HISTORY_WIDTH))
    header.extend([copy.copy(_card("HISTORY", part, "")) for part in parts], unique=False)
