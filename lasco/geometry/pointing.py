"""Where the sun is in a frame: from the star-fit tables, else from the header, else nominal.

Sources: SolarSoft ``adjust_hdr_tcr.pro`` 1.12 (star fits), ``get_sun_center.pro``, ``get_roll_or_xy.pro`` (defaults).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy.time import Time
from numpy.typing import NDArray
from scipy.io import readsav

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.geometry.distortion import C2_OCCULTER_CENTRE
from corinpaint.lasco.level05 import readout
from corinpaint.lasco.level05.decoding import is_number
from corinpaint.lasco.level05.frame import Frame, wrap_angle
from corinpaint.lasco.reference_files import locate, validate
from corinpaint.lasco.reference_files.calibration_set import AssetFile, Assets, asset_file

DEFAULT_SUN_CENTRE = {"C2": (510.2, 506.5), "C3": (518.2, 532.5)}
"""Sun centre (column, row), px of the full frame from 0, where the header has none (SolarSoft)."""

CAMERA_ROLL = {"C2": 0.5, "C3": -0.23}
"""Roll of the camera against the spacecraft in degrees where no star fit is at hand (SolarSoft)."""

PLATE_SCALE = {"C2": 11.9, "C3": 56.0}
"""arcsec per px, unsummed (SolarSoft ``subtense``)."""

RECOVERY_DATE = "1998-07-01"
"""Day that separates the star fits of before the loss of SOHO from those of after its recovery."""

TT_MINUS_TAI_S = 32.184
"""Seconds that SolarSoft adds to TAI before it looks the star fits up (``adjust_hdr_tcr.pro``)."""

MAX_ROLL_STEP_DEG = 5.0
"""Degrees of roll between neighbouring star fits beyond which SOHO was turned in between."""

MIN_UPSIDE_DOWN_DEG = 90.0
"""Degrees of roll beyond which SOHO counts as upside down."""

MAX_CENTRE_OFFSET_PX = 120.0
"""Px from the middle of the full frame within which a sun centre is believed."""


@dataclass(frozen=True)
class Pointing:
    """Sun centre and roll of a frame.

    Attributes
    ----------
    column, row : float
        Sun centre, px of the frame from 0, turned with the image where SOHO was upside down.
    roll : float
        CROTA in degrees, -90 to 90: turn the image by it counter-clockwise to bring solar north straight up.
    source : str
        Where it comes from.
    file : AssetFile or None
        The table of star fits that was read.
    turned : bool
        True when SOHO was upside down, so that the image is turned by 180 degrees first.
    """

    column: float
    row: float
    roll: float
    source: str
    file: AssetFile | None = None
    turned: bool = False


class StarFits(NamedTuple):
    """Table of star fits: times (s, TAI since 1958), sun centres (px of the full frame from 0), rolls (degrees)."""

    tai: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    roll: NDArray[np.float64]


def determine_pointing(frame: Frame, assets: Assets, date: Time) -> Pointing:
    """Pointing of the product made from a frame.

    Parameters
    ----------
    frame : Frame
    assets : Assets
        With the star-fit tables or without.
    date : astropy.time.Time
        Start of the exposure, clock corrected.

    Returns
    -------
    Pointing
        From the star fits, linear in time, for the time that they cover; else from the header.

    Raises
    ------
    CalibrationError
        When a table is damaged.
    """
    fitted = _star_fit(frame, assets, date)
    (x, y), roll, source, file = fitted or (*_from_header(frame), None)
    turned = frame.turned if is_number(frame.header.get("CROTA1")) else abs(wrap_angle(roll)) > MIN_UPSIDE_DOWN_DEG
    if turned:
        x, y, roll = 1023 - x, 1023 - y, roll - 180.0
    if abs(wrap_angle(roll)) > MIN_UPSIDE_DOWN_DEG:  # which way is up is what the header is sure of
        roll, source = roll - 180.0, f"{source}, roll taken on the side of CROTA1"
    column, row = ((place + 0.5) / step - 0.5 for place, step in ((x, frame.sums.x), (y, frame.sums.y)))
    return Pointing(column, row, wrap_angle(roll), source, file, turned)


def sun_centre_on_detector(frame: Frame, place: Pointing) -> tuple[float, float]:
    """Sun centre (column, row) on the detector grid, px of the frame from 0: before the frame is turned."""
    rows, columns = frame.data.shape
    return (columns - 1 - place.column, rows - 1 - place.row) if place.turned else (place.column, place.row)


def tai_seconds(date: Time) -> float:
    """Seconds of international atomic time since 1958-01-01, as in the star-fit tables (SolarSoft ``utc2tai``)."""
    return float((date.tai - Time("1958-01-01", scale="tai")).sec)


def _from_header(frame: Frame) -> tuple[tuple[float, float], float, str]:
    """Sun centre on the full, unturned frame from 0, roll, and where they come from.

    Real headers come in two kinds. Those with the comment "Using SOHO roll + offset and suncenter estimate" (from 2010
    on) hold the sun centre counted from 1, and in CROTA1 the camera's roll too. The others hold it counted from 0, in
    C2 the occulter's centre in its place, and in CROTA1 the spacecraft's roll alone.
    """
    header, sums = frame.header, frame.sums
    estimated = "offset" in header.comments["CRPIX1"].lower() if "CRPIX1" in header else False
    roll = float(header.get("CROTA1") or 0.0) + (0.0 if estimated else CAMERA_ROLL[frame.detector])
    column, row = header.get("CRPIX1"), header.get("CRPIX2")
    default = (DEFAULT_SUN_CENTRE[frame.detector], roll, "default sun centre, CROTA1 of the header")
    if not all(is_number(value) for value in (column, row)):
        return default
    first = 1.0 if estimated else 0.0
    left, bottom = (
        readout.ccd_corner(header, "R1COL", frame.name) - 20,
        readout.ccd_corner(header, "R1ROW", frame.name) - 1,
    )
    place = ((column - first) * sums.x + left, (row - first) * sums.y + bottom)
    if np.hypot(place[0] - 511.5, place[1] - 511.5) > MAX_CENTRE_OFFSET_PX or _is_occulter(frame, place):
        return default
    return place, roll, "CRPIX and CROTA1 of the Level 0.5 header"


def _is_occulter(frame: Frame, place: tuple[float, float]) -> bool:
    return frame.detector == "C2" and bool(np.allclose(place, C2_OCCULTER_CENTRE, atol=2e-3 * frame.sums.x))


def _star_fit(
    frame: Frame, assets: Assets, date: Time
) -> tuple[tuple[float, float], float, str, AssetFile | None] | None:
    name = (
        f"{frame.detector.lower()}_{'pre' if date.mjd < Time(RECOVERY_DATE).mjd else 'post'}_recovery_adj_xyr_medv2.sav"
    )
    path = None if assets.directory is None else locate.locate(assets.directory, name)
    if path is None:
        return None
    fits = _read_star_fits(path, path.stat().st_mtime_ns)
    second = tai_seconds(date) + TT_MINUS_TAI_S
    if not fits.tai[0] <= second <= fits.tai[-1]:
        return None
    after = min(int(np.searchsorted(fits.tai, second, side="right")), fits.tai.size - 1)
    before = max(after - 1, 0)
    known = float(frame.header.get("CROTA1") or 0.0)
    step = wrap_angle(float(fits.roll[after] - fits.roll[before]))
    if abs(step) > MAX_ROLL_STEP_DEG:  # turned in between: take the side that it is on
        before = after = min((before, after), key=lambda i: abs(wrap_angle(float(fits.roll[i]) - known)))
    span = fits.tai[after] - fits.tai[before]
    share = (second - fits.tai[before]) / span if span > 0 else 0.0
    x, y = (float(v[before] + share * (v[after] - v[before])) for v in (fits.x, fits.y))
    roll = float(fits.roll[before] + share * wrap_angle(float(fits.roll[after] - fits.roll[before])))
    return (x, y), roll, f"star fits of {name}", asset_file(path)


@lru_cache(maxsize=4)
def _read_star_fits(path: Path, changed: int) -> StarFits:  # noqa: ARG001
    defect = validate.find_defect(path, "save")
    if defect is not None:
        raise CalibrationError(f"{path}: {defect}, not a table of star fits", "fetch the file again")
    table = readsav(path, python_dict=True)
    columns = [np.asarray(table[key], dtype=np.float64).ravel() for key in ("c_tai", "c_xmed", "c_ymed", "c_rmed")]
    order = np.argsort(columns[0], kind="stable")
    if not all(np.isfinite(column).all() for column in columns):
        raise CalibrationError(f"{path}: holds star fits that are not finite", "fetch the file again")
    _, x, y, roll = columns
    if np.hypot(x - 511.5, y - 511.5).max() > MAX_CENTRE_OFFSET_PX or np.abs(roll).max() > 360.0:
        raise CalibrationError(f"{path}: holds sun centres or rolls that cannot be", "fetch the file again")
    return StarFits(*(column[order] for column in columns))
