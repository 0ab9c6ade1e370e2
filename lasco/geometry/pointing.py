"""Pointing: sun centre and roll of a frame, from the tables of star fits, else the header, else nominal values.

Some headers hold placeholders: those of C2 from 2025-08-21 15:48 to 2025-08-31 23:36 have CROTA1 = CROTA2 = 0 and
CRPIX = (NAXIS + 1) / 2 while SOHO was upside down. Their roll is unknown; it is borrowed from another frame of the
hours where one is given, and otherwise a default is taken with a warning.

Sources: SolarSoft ``adjust_hdr_tcr.pro`` 1.12 (star fits), ``get_sun_center.pro``, ``get_roll_or_xy.pro`` (defaults).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy.time import Time
from numpy.typing import NDArray

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.geometry.distortion import C2_OCCULTER_CENTRE
from corinpaint.lasco.level05 import readout
from corinpaint.lasco.level05.cards import is_number
from corinpaint.lasco.level05.frame import Frame, wrap_angle
from corinpaint.lasco.reference_files import locate, validate
from corinpaint.lasco.reference_files.calibration_set import CalibrationFile, CalibrationSet, calibration_file

DEFAULT_SUN_CENTRE = {"C2": (510.2, 506.5), "C3": (518.2, 532.5)}
"""Sun centre (column, row), px of the full frame from 0, for headers without one (SolarSoft ``get_sun_center.pro``)."""

CAMERA_ROLL = {"C2": 0.5, "C3": -0.23}
"""Roll of the camera relative to the spacecraft, degrees, where no star fit is available (SolarSoft
``get_roll_or_xy.pro``)."""

PLATE_SCALE = {"C2": 11.9, "C3": 56.0}
"""Plate scale, arcsec per px of an unsummed frame (SolarSoft ``subtense``)."""

RECOVERY_DATE = "1998-07-01"
"""Date that separates the star fits before the loss of contact with SOHO from those after its recovery."""

TT_MINUS_TAI_S = 32.184
"""Terrestrial time minus TAI, s, which SolarSoft adds before it interpolates the star fits (``adjust_hdr_tcr.pro``)."""

MAX_ROLL_STEP_DEG = 5.0
"""Maximum difference of roll between neighbouring star fits, degrees; beyond it SOHO was rolled in between."""

MIN_UPSIDE_DOWN_DEG = 90.0
"""Minimum absolute roll of an upside-down spacecraft, degrees."""

ROLLED_SINCE = "2003-01-01"
"""Date from which a roll of zero is not taken for granted: since July 2003 SOHO is rolled by 180 degrees every three
months."""

MAX_ROLL_HOURS = 12.0
"""Maximum hours between a frame without a roll and the one that it is borrowed from: SOHO's roll changes by less than
0.1 degrees in that time, unless it is rolled by 180."""

ROLL_OF_C2_MINUS_C3 = 0.732
"""Roll of C2 minus that of C3, degrees, in headers of 2025; `CAMERA_ROLL` gives 0.73."""

MAX_CENTRE_OFFSET_PX = 120.0
"""Maximum plausible distance of the sun centre from the middle of the full frame, px."""


@dataclass(frozen=True)
class Pointing:
    """Sun centre and roll of a frame.

    Attributes
    ----------
    column, row : float
        Sun centre, px of the frame from 0, after the rotation by 180 degrees when SOHO was upside down.
    roll : float
        CROTA, degrees, -90 to 90: a counter-clockwise rotation of the image by it puts solar north up.
    source : str
        Description of the source, for HISTORY.
    file : CalibrationFile or None
        The table of star fits; None when the header or nominal values were used.
    upside_down : bool
        True when SOHO was upside down, so that the image is rotated by 180 degrees first.
    warning : str
        What is to be said to the user: that the roll is unknown. Empty when it is known or borrowed.
    """

    column: float
    row: float
    roll: float
    source: str
    file: CalibrationFile | None = None
    upside_down: bool = False
    warning: str = ""

    @property
    def whole_roll(self) -> float:
        """Roll of the image as observed, degrees, -180 to 180."""
        return wrap_angle(self.roll + 180.0 * self.upside_down)


class StarFits(NamedTuple):
    """Table of star fits, in ascending order of time.

    Attributes
    ----------
    tai : ndarray of float64, shape (N,)
        Times, s of TAI since 1958-01-01.
    x, y : ndarray of float64, shape (N,)
        Sun centres (column, row), px of the full frame from 0.
    roll : ndarray of float64, shape (N,)
        Roll, degrees.
    """

    tai: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    roll: NDArray[np.float64]


def is_placeholder(frame: Frame) -> bool:
    """Whether the pointing in the header of a frame was never filled in.

    Since `ROLLED_SINCE` that is a header without CROTA1, or with CROTA1 = CROTA2 = 0 and the sun centre exactly in the
    middle of the image, CRPIX1 = (NAXIS1 + 1) / 2 and CRPIX2 = (NAXIS2 + 1) / 2.
    """
    header = frame.header
    if frame.date.mjd < Time(ROLLED_SINCE).mjd:
        return False
    if not is_number(header.get("CROTA1")):
        return True
    middle = [(float(header.get(f"NAXIS{axis}") or 0) + 1) / 2 for axis in (1, 2)]
    centre = [header.get(f"CRPIX{axis}") for axis in (1, 2)]
    unrolled = all(not header.get(key) for key in ("CROTA1", "CROTA2"))
    return unrolled and all(is_number(value) for value in centre) and [float(value) for value in centre] == middle


def determine_pointing(
    frame: Frame, calibration: CalibrationSet, date: Time, roll_from: Sequence[Frame] = ()
) -> Pointing:
    """Sun centre and roll of the product of a frame (SolarSoft ``adjust_hdr_tcr.pro``).

    Parameters
    ----------
    frame : Frame
    calibration : CalibrationSet
        Calibration set, with or without the tables of star fits.
    date : astropy.time.Time
        Start of the exposure, clock corrected.
    roll_from : sequence of Frame, optional
        Frames of the same hours, of C2 or C3, from the nearest of which the roll is borrowed when the header has
        placeholders.

    Returns
    -------
    Pointing
        Interpolated linearly in the star fits where they cover the date; else from the header. Where that has
        placeholders, the sun centre is the default one, and the roll is borrowed or, with a warning, that of the
        camera.

    Raises
    ------
    CalibrationError
        When a table is damaged.
    """
    fitted, unknown, warning = _star_fit(frame, calibration, date), is_placeholder(frame), ""
    if fitted is None and unknown:
        centre, roll, source, warning = _without_header(frame, calibration, roll_from)
        fitted = centre, roll, source, None
    (x, y), roll, source, file = fitted or (*_from_header(frame), None)
    told = is_number(frame.header.get("CROTA1")) and not unknown
    upside_down = frame.upside_down if told else abs(wrap_angle(roll)) > MIN_UPSIDE_DOWN_DEG
    if upside_down:
        x, y, roll = 1023 - x, 1023 - y, roll - 180.0
    if abs(wrap_angle(roll)) > MIN_UPSIDE_DOWN_DEG:  # CROTA1 determines which way is up
        roll, source = roll - 180.0, f"{source}, roll taken on the side of CROTA1"
    column, row = ((coordinate + 0.5) / step - 0.5 for coordinate, step in ((x, frame.sums.x), (y, frame.sums.y)))
    return Pointing(column, row, wrap_angle(roll), source, file, upside_down, warning)


def sun_centre_on_detector(frame: Frame, pointing: Pointing) -> tuple[float, float]:
    """Sun centre (column, row) on the detector grid, px of the frame from 0: before a rotation by 180 degrees."""
    rows, columns = frame.data.shape
    if pointing.upside_down:
        return columns - 1 - pointing.column, rows - 1 - pointing.row
    return pointing.column, pointing.row


def tai_seconds(date: Time) -> float:
    """Seconds of International Atomic Time since 1958-01-01, as in the star-fit tables (SolarSoft ``utc2tai``)."""
    return float((date.tai - Time("1958-01-01", scale="tai")).sec)


def _without_header(
    frame: Frame, calibration: CalibrationSet, roll_from: Sequence[Frame]
) -> tuple[tuple[float, float], float, str, str]:
    """Sun centre (px from 0), roll (degrees), source and warning where the header has placeholders."""
    near = [
        other
        for other in roll_from
        if not is_placeholder(other) and abs((other.date - frame.date).to_value("hour")) <= MAX_ROLL_HOURS
    ]
    centre = DEFAULT_SUN_CENTRE[frame.detector]
    if near:
        other = min(near, key=lambda other: abs((other.date - frame.date).to_value("hour")))
        turn = {"C2": ROLL_OF_C2_MINUS_C3, "C3": 0.0}
        roll = determine_pointing(other, calibration, other.date).whole_roll
        roll += turn[frame.detector] - turn[other.detector]
        return centre, wrap_angle(roll), f"default sun centre, roll unknown and borrowed from {other.name}", ""
    roll = CAMERA_ROLL[frame.detector]
    warning = (
        f"the pointing in the header is a placeholder, so that the roll is unknown: {roll:g} degrees and the default "
        "sun centre are taken, and the image may be upside down; give a frame of the same "
        f"{MAX_ROLL_HOURS:g} hours as context"
    )
    return centre, roll, f"unknown: default sun centre and roll of {roll:g} degrees", warning


def _from_header(frame: Frame) -> tuple[tuple[float, float], float, str]:
    """Sun centre in the full frame as observed (px from 0), roll (degrees) and their source.

    There are two kinds of headers. Those with the comment "Using SOHO roll + offset and suncenter estimate" (from 2010
    on) give the sun centre in px from 1, and the sum of the rolls of spacecraft and camera in CROTA1. The others give
    it in px from 0 (for C2, the centre of the occulter instead), and the roll of the spacecraft in CROTA1.
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
    centre = ((column - first) * sums.x + left, (row - first) * sums.y + bottom)
    if np.hypot(centre[0] - 511.5, centre[1] - 511.5) > MAX_CENTRE_OFFSET_PX or _is_occulter(frame, centre):
        return default
    return centre, roll, "CRPIX and CROTA1 of the Level 0.5 header"


def _is_occulter(frame: Frame, centre: tuple[float, float]) -> bool:
    """Whether the header of a C2 frame gives the centre of the occulter as the sun centre."""
    return frame.detector == "C2" and bool(np.allclose(centre, C2_OCCULTER_CENTRE, atol=2e-3 * frame.sums.x))


def _star_fit(
    frame: Frame, calibration: CalibrationSet, date: Time
) -> tuple[tuple[float, float], float, str, CalibrationFile | None] | None:
    name = (
        f"{frame.detector.lower()}_{'pre' if date.mjd < Time(RECOVERY_DATE).mjd else 'post'}_recovery_adj_xyr_medv2.sav"
    )
    path = None if calibration.directory is None else locate.locate(calibration.directory, name)
    if path is None:
        return None
    fits = _read_star_fits(path, path.stat().st_mtime_ns)
    second = tai_seconds(date) + TT_MINUS_TAI_S
    if not fits.tai[0] <= second <= fits.tai[-1]:
        return None
    after = min(int(np.searchsorted(fits.tai, second, side="right")), fits.tai.size - 1)
    before = max(after - 1, 0)
    header_roll = float(frame.header.get("CROTA1") or 0.0)
    step = wrap_angle(float(fits.roll[after] - fits.roll[before]))
    if abs(step) > MAX_ROLL_STEP_DEG:  # SOHO was rolled in between: use the fit nearer to CROTA1
        if is_placeholder(frame):
            return None
        before = after = min((before, after), key=lambda i: abs(wrap_angle(float(fits.roll[i]) - header_roll)))
    span = fits.tai[after] - fits.tai[before]
    fraction = (second - fits.tai[before]) / span if span > 0 else 0.0
    x, y = (float(v[before] + fraction * (v[after] - v[before])) for v in (fits.x, fits.y))
    roll = float(fits.roll[before] + fraction * wrap_angle(float(fits.roll[after] - fits.roll[before])))
    return (x, y), roll, f"star fits of {name}", calibration_file(path)


@lru_cache(maxsize=4)
def _read_star_fits(path: Path, changed: int) -> StarFits:  # noqa: ARG001
    defect = validate.find_defect(path, "save")
    if defect is not None:
        raise CalibrationError(f"{path}: {defect}, not a table of star fits", "fetch the file again")
    from scipy.io import readsav  # slow to import, and nothing without the official files needs it

    table = readsav(path, python_dict=True)
    columns = [np.asarray(table[key], dtype=np.float64).ravel() for key in ("c_tai", "c_xmed", "c_ymed", "c_rmed")]
    order = np.argsort(columns[0], kind="stable")
    if not all(np.isfinite(column).all() for column in columns):
        raise CalibrationError(f"{path}: contains star fits that are not finite", "fetch the file again")
    _, x, y, roll = columns
    if np.hypot(x - 511.5, y - 511.5).max() > MAX_CENTRE_OFFSET_PX or np.abs(roll).max() > 360.0:
        raise CalibrationError(f"{path}: contains impossible sun centres or rolls", "fetch the file again")
    return StarFits(*(column[order] for column in columns))
