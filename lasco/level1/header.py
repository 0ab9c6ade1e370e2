"""Header of the Level 1 product: dates, coordinates and provenance (SolarSoft ``reduce_level_1.pro`` 1.68).

Figures have seven significant digits, the precision of float32; coordinates and the position of SOHO have ten, and
modified Julian dates nine decimals, a tenth of a millisecond.
"""

from __future__ import annotations

import copy
import os
import re
import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

import erfa
from astropy.io import fits
from astropy.time import Time

from corinpaint.lasco.errors import OutputError
from corinpaint.lasco.file_numbers import level1_number
from corinpaint.lasco.geometry.clock import Clock
from corinpaint.lasco.geometry.observer import SOLAR_RADIUS_M, Observer, solarsoft_radius
from corinpaint.lasco.geometry.pointing import PLATE_SCALE, Pointing
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.cards import printable
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.level05.keywords import FULL_FRAME_CORNERS
from corinpaint.lasco.notebook.history import HISTORY_WIDTH
from corinpaint.lasco.photometry.photometry import MSB_UNIT, SATURATION_DN
from corinpaint.lasco.reference_files.calibration_set import CalibrationFile
from corinpaint.lasco.version import __version__

CardValue = str | float | int
Cards = list[tuple[str, CardValue, str]]

EPOCH_VARIABLE = "SOURCE_DATE_EPOCH"
"""Environment variable with the seconds since 1970 to take DATE from, instead of the clock of the machine
(https://reproducible-builds.org/specs/source-date-epoch)."""

SECONDS_PER_DAY = 86400.0

_DROPPED = re.compile(
    r"^(SIMPLE|BITPIX|NAXIS\d*|EXTEND|NEXTEND|BSCALE|BZERO|BLANK|DATE|TIME[-_]OBS|DATE[-_](OBS|BEG|AVG|END)|LEVEL|"
    r"MJD-(OBS|BEG|AVG|END)|BUNIT|FILENAME|CRPIX\d|CRVAL\d|CROTA\d?|CTYPE\d|CUNIT\d|CDELT\d|XCEN|YCEN|DATA(MIN|MAX|ZER|SAT|AVG|SIG|P\d\d)|"
    r"DSAT(VAL|MIN)|NSATMIN|CHECKSUM|DATASUM|CALF\d+|CALH\d+|CALOPT|CALERR|CALADD|EXPFAC|CALFAC|TIMEOFF|FILL|FILLPOL|PIXRESP|WEIGHTS|"
    r"NETVER|FILLVER|USERMASK|NUSER|MAXERR|CONTEXT|CTXASKED|COMPRESS|L05HASH|NFILLED|NMISSING|MISSLIST|CALIB|CREATOR|POINTSRC|OBSSRC|"
    r"EXTNAME|EXTVER|RECTIFY|OFFSET|[RP][12](COL|ROW)|"
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
    additive_error : float
        Additive uncertainty of the calibration, 1 sigma, median over the field of view, in the unit of the image.
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
    additive_error: float = 0.0


def make_header(frame: Frame, origin: Provenance, missing: blocks.Blocks, filled: blocks.Blocks) -> fits.Header:
    """Header of the product of a frame, without statistics and HISTORY.

    Parameters
    ----------
    frame : Frame
    origin : Provenance
    missing, filled : ndarray of bool, shape (H / 32, W / 32)
        Missing blocks, and those of them that were filled.

    Returns
    -------
    astropy.io.fits.Header

    Raises
    ------
    OutputError
        When `EPOCH_VARIABLE` is set to something that is no date.
    """
    leading, trailing = _leading_cards(frame, origin), _product_cards(frame, origin, missing, filled)
    own = {card[0] for card in (*leading, *trailing)}
    kept = [card for card in frame.header.cards if not _DROPPED.match(card.keyword) and card.keyword not in own]
    cards = (*(_card(*card) for card in leading), *kept, *(_card(*card) for card in trailing))
    header = fits.Header(list(map(copy.copy, cards)))  # the frame's cards must not change
    for key in ("MID_DATE", "MID_TIME"):
        if origin.clock.offset and key in header:
            header.comments[key] = "original, clock not corrected"
    return header


@lru_cache(maxsize=256, typed=True)
def _card(key: str, value: CardValue, comment: str) -> fits.Card:
    """A card, cached: making one takes ten times as long as copying it, and most are the same in every header."""
    return fits.Card(key, value, comment)


def _leading_cards(frame: Frame, origin: Provenance) -> Cards:
    """What the product is, and its dates: those of SolarSoft's Level 1 and of the FITS standard."""
    start = origin.clock.date.isot
    return [
        _long_card("FILENAME", printable(f"{level1_number(frame.number)}.fits"), "Level 1 product"),
        ("LEVEL", "1.0", "calibrated"),
        ("DATE", day_of_processing(), "day on which the product was made, UTC"),
        ("DATE-OBS", start, origin.clock.comment),
        ("TIME-OBS", "", "obsolete, see DATE-OBS"),
        ("DATE_OBS", start, "as DATE-OBS, for older readers"),
        *((f"DATE-{name}", date.isot, f"{text}, UTC") for name, date, text in _dates(frame, origin)),
    ]


def _product_cards(frame: Frame, origin: Provenance, missing: blocks.Blocks, filled: blocks.Blocks) -> Cards:
    unit = "mean solar brightness (MSB)" if origin.unit == MSB_UNIT else ""
    cards: Cards = [
        ("EXPTIME", significant(frame.exptime * origin.exposure_factor), "s, corrected"),
        ("EXPFAC", significant(origin.exposure_factor), "factor that EXPTIME was corrected by"),
        ("OFFSET", significant(origin.bias), "DN, bias that was subtracted"),
        ("CALFAC", significant(origin.calfactor), "MSB / (DN / s)"),
        ("TIMEOFF", significant(origin.clock.offset), "s, clock offset that was subtracted"),
        *((key, value, "CCD coordinates") for key, value in FULL_FRAME_CORNERS.items()),
        *_wcs(frame, origin),
        ("BUNIT", origin.unit, unit),
        ("CALERR", significant(origin.calibration_error), "relative calibration term, 1 sigma"),
        ("CALADD", significant(origin.additive_error), "additive calibration term, 1 sigma, in BUNIT"),
        *_saturation(frame, origin),
        ("NMISSING", int(missing.sum()), "missing blocks, never-sent ones excluded"),
        ("NFILLED", int(filled.sum()), "missing blocks that were filled"),
        _long_card("MISSLIST", blocks.format_misslist(missing), "missing blocks, runs in base 32"),
        ("L05HASH", frame.sha256 or "none", ""),
        ("CALIB", origin.calib, "calibration set"),
        _long_card("CALOPT", " ".join(origin.departures) or "none", "departures from all steps"),
    ]
    for index, file in enumerate(origin.files, start=1):
        cards += [(f"CALF{index}", file.name, "calibration file"), (f"CALH{index}", file.sha256, "")]
    return [*cards, ("CREATOR", f"CorInpaint {__version__}", "software")]


def _long_card(key: str, value: CardValue, comment: str) -> tuple[str, CardValue, str]:
    """A card whose value may need CONTINUE cards, where its comment would be cut off."""
    return key, value, comment if len(str(value)) < 30 else ""


def add_long(header: fits.Header, key: str, value: CardValue, comment: str) -> None:
    """Set a card, in place, whose value may need CONTINUE cards."""
    header[key] = _long_card(key, value, comment)[1:]


def significant(value: float, digits: int = 7) -> float:
    """A number rounded to significant digits; by default to seven, the precision of float32."""
    return float(f"{value:.{digits - 1}e}")


def _dates(frame: Frame, origin: Provenance) -> list[tuple[str, Time, str]]:
    """Beginning, middle and end of an exposure; the beginning alone of an image made from several."""
    start, seconds = origin.clock.date, frame.exptime * origin.exposure_factor
    if frame.monthly or frame.polarised_product:  # their EXPTIME is not the time from the first to the last
        return [("BEG", start, "start")]
    return [
        ("BEG", start, "start"),
        ("AVG", _later(start, seconds / 2), "middle"),
        ("END", _later(start, seconds), "end"),
    ]


def _later(date: Time, seconds: float) -> Time:
    """A date some seconds later, leap seconds heeded; by ERFA's list of them, as in `soho_observer`."""
    day, fraction = erfa.utctai(date.utc.jd1, date.utc.jd2)
    return Time(*erfa.taiutc(day, fraction + seconds / SECONDS_PER_DAY), format="jd", scale="utc")


def day_of_processing() -> str:
    """The day, UTC, from `EPOCH_VARIABLE`, else the clock. Not the time, so that a product is the same all day."""
    given = os.environ.get(EPOCH_VARIABLE)
    if not given:
        return datetime.now(UTC).date().isoformat()
    try:
        return datetime.fromtimestamp(int(given), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise OutputError(
            f"{EPOCH_VARIABLE} = {given[:40]!r} gives no date", "set it to whole seconds since 1970, or unset it"
        ) from error


def _saturation(frame: Frame, origin: Provenance) -> Cards:
    """DSATVAL: the brightness of the least count of a saturated pixel, where the vignetting is 1; none of products."""
    if frame.monthly or frame.polarised_product:
        return []
    rate = (SATURATION_DN[frame.detector] * frame.sums.reads - origin.bias) / (frame.exptime * origin.exposure_factor)
    return [("DSATVAL", significant(rate * origin.calfactor), "of a saturated pixel, unvignetted, in BUNIT")]


def _wcs(frame: Frame, origin: Provenance) -> Cards:
    soho, pointing = origin.observer, origin.pointing
    scale = (PLATE_SCALE[frame.detector] * frame.sums.x, PLATE_SCALE[frame.detector] * frame.sums.y)
    rows, columns = frame.data.shape
    cards: Cards = [
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
        ("CROTA", origin.roll, "deg, as CROTA2, for older readers"),
        ("CROTA1", origin.roll, "deg"),
        ("CROTA2", origin.roll, "deg"),
        ("XCEN", scale[0] * ((columns + 1) / 2 - pointing.column - 1), "arcsec, middle of the frame"),
        ("YCEN", scale[1] * ((rows + 1) / 2 - pointing.row - 1), "arcsec, middle of the frame"),
        ("RECTIFY", origin.rotated_by, "deg, rotated counter-clockwise by"),
        _long_card("POINTSRC", printable(pointing.source), "pointing"),
        ("RSUN", solarsoft_radius(origin.clock.date), "arcsec, SolarSoft's, at 0.99 of the earth's"),
        ("RSUN_OBS", soho.radius, "arcsec, at DSUN_OBS"),
        ("RSUN_REF", SOLAR_RADIUS_M, "m"),
        ("DSUN_OBS", soho.distance, f"m, 1 sigma {soho.distance_error:.0e}"),
        ("HGLN_OBS", soho.longitude, f"deg, 1 sigma {soho.error:g}"),
        ("HGLT_OBS", soho.latitude, f"deg, 1 sigma {soho.error:g}"),
        ("OBSSRC", soho.source, "position of SOHO"),
    ]
    rounded = [(key, significant(value, 10) if isinstance(value, float) else value, text) for key, value, text in cards]
    dates = (("OBS", origin.clock.date, "start"), *_dates(frame, origin))
    return [*rounded, *((f"MJD-{name}", round(float(date.mjd), 9), text) for name, date, text in dates)]


def history_lines(frame: Frame, steps: Iterable[str]) -> Sequence[str]:
    """Lines of HISTORY: HISTORY and COMMENT of the Level 0.5 file, then the steps of the calibration."""
    lines = [str(line) for line in frame.header.get("HISTORY", [])]
    lines += [f"COMMENT {line}" for line in frame.header.get("COMMENT", []) if str(line).strip()]
    source = printable(str(frame.header.get("FILENAME") or frame.name))
    return [*lines, f"CorInpaint {__version__}: Level 0.5 file {source}", *steps]


def add_history(header: fits.Header, lines: Iterable[str]) -> None:
    """Append HISTORY cards, in place; long lines are broken between words, lines that fit stay as they are."""
    parts = (part for line in lines for part in _broken(line))
    header.extend([copy.copy(_card("HISTORY", part, "")) for part in parts], unique=False)


def _broken(line: str) -> list[str]:
    if len(line) <= HISTORY_WIDTH:
        return [line]
    return textwrap.wrap(line, HISTORY_WIDTH, break_on_hyphens=False) or [""]
