"""Exposure factor and bias of a frame: from the table of the day, else the read port, else the header.

Sources: SolarSoft ``get_exp_factor.pro`` 1.20, ``offset_bias.pro`` 1.36, ``reduce_std_size.pro`` (bias of sums). Where
the polynomial of the read port ends, it is held, or the bias is measured in the dark corners of the frame.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from corinpaint.lasco.errors import CalibrationError, UnsupportedFrameError
from corinpaint.lasco.geometry.distortion import C2_OCCULTER_CENTRE
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.level05.keywords import MAX_BIAS_DN
from corinpaint.lasco.photometry.corkit import LAST_BIAS_OF_C2, bias_is_extrapolated, offset_bias
from corinpaint.lasco.reference_files import locate
from corinpaint.lasco.reference_files.calibration_set import CalibrationFile, CalibrationSet, calibration_file

TABLE_ERROR = 0.3
"""Error (1 sigma) of the bias of one read-out from a table of the day, DN: in two official files, of 2002 and 2009, it
differs from the polynomial by 0.21 and 0.16 DN."""

POLYNOMIAL_ERROR = 1.0
"""Error (1 sigma) of the bias of one read-out from the polynomial, DN: OFFSET, the polynomial of an earlier version,
differs from it by 0.5 DN rms in 135 frames of C2 of 2010 to 2014 and by 0.8 DN in eight of C3 of 2002 to 2010; the dark
corners of C2 scatter by 1.1 DN about it."""

OFFSET_ERROR = 5.0
"""Error (1 sigma) of OFFSET, DN per read-out: a judgement, as OFFSET is of whatever version made the Level 0.5 file."""

DRIFT_DN_PER_YEAR = 2.0
"""Change of the bias of C2 from 2010 to 2018, DN per year, which is the error that a bias held for a year gains."""

DARK_RADIUS = 700.0
"""Radius, px from the centre of the occulter of C2, beyond which no corona reaches the corners of the detector."""

MIN_DARK_PIXELS = 1000
"""Minimum number of pixels beyond `DARK_RADIUS` with counts, of 2434, from which the bias is measured."""

DARK_RATE, DARK_RATE_ERROR = 0.51, 0.06
"""Count rate in the dark corners of C2 with the polariser at Clear and its error (1 sigma), DN/s: what is above the
polynomial in the corners of 130 frames of 2013 and 2014, whose scatter is 0.043. How it changed since is not known."""

DARK_EXPTIME = (15.0, 40.0)
"""Exposure times (s) between which `DARK_RATE` is used; the frames it was measured in have 25 s."""


class Exposure(NamedTuple):
    """Exposure factor and bias of a frame.

    Attributes
    ----------
    factor : float
        Factor by which EXPTIME is multiplied.
    bias : float
        Bias of a pixel of the frame, the sum of its read-outs, DN.
    source : str
        Description of the source, for HISTORY.
    file : CalibrationFile or None
        The table; None when it was not used.
    bias_error : float
        Error (1 sigma) of `bias`, DN; it is the same in all pixels of the frame.
    """

    factor: float
    bias: float
    source: str
    file: CalibrationFile | None = None
    bias_error: float = 0.0


def determine_exposure(frame: Frame, calibration: CalibrationSet) -> Exposure:
    """Exposure factor and bias of a frame (SolarSoft ``get_exp_factor.pro`` and ``offset_bias.pro``).

    The table of the day, ``c3_expfactor_YYMMDD.dat`` (or ``c2_``), gives both for the file name of the frame, or for
    the nearest time. Without a table, the factor is 1, and the bias is that of the polynomial of the read port; OFFSET,
    which is of whatever version made the Level 0.5 file, counts only where the port has no polynomial. A pixel that was
    summed on board contains the bias of each of its read-outs. Monthly images and polarisation products contain no
    bias; their factor is 1 unless the table has a row with their file name.

    The polynomial of C2 ends in 2019. For later frames the bias is measured in the dark corners of the frame where they
    were sent; else the last value is held, and its error grows with the years.

    Parameters
    ----------
    frame : Frame
    calibration : CalibrationSet

    Returns
    -------
    Exposure

    Raises
    ------
    CalibrationError
        When the table is damaged.
    UnsupportedFrameError
        When the read port has no known bias and the header no OFFSET.
    """
    is_composite = frame.monthly or frame.polarised_product
    path = _table(frame, calibration)
    if is_composite:
        factor = _from_table(frame, path).factor if path is not None and _has_own_row(frame, path) else 1.0
        kind = "monthly image" if frame.monthly else f"POLAR = {frame.polar}"
        return Exposure(factor, 0.0, f"{kind}: no bias", calibration_file(path) if path and factor != 1.0 else None)
    if path is not None:
        return _from_table(frame, path)
    return _without_table(frame)


def exposure_table(frame: Frame, calibration: CalibrationSet) -> CalibrationFile | None:
    """The table that `determine_exposure` takes the exposure factor from, found without a look at the image.

    Parameters
    ----------
    frame : Frame
        Its image is not read.
    calibration : CalibrationSet

    Returns
    -------
    CalibrationFile or None

    Raises
    ------
    CalibrationError
        When the table is damaged.
    """
    if frame.monthly or frame.polarised_product:
        return determine_exposure(frame, calibration).file
    path = _table(frame, calibration)
    return None if path is None else calibration_file(path)


def _without_table(frame: Frame) -> Exposure:
    """Factor 1, and the bias of the read port, else OFFSET."""
    reads = frame.sums.reads
    times = f" x {reads} read-outs" if reads > 1 else ""
    try:
        bias, uncertainty, source = _bias_of_port(frame)
    except UnsupportedFrameError:
        offset = frame.header.get("OFFSET")
        if not (isinstance(offset, int | float) and offset > 0):
            raise
        bias, uncertainty, source = float(offset), OFFSET_ERROR, "OFFSET"
    return Exposure(1.0, bias * reads, f"{source}{times}", None, uncertainty * reads)


def _bias_of_port(frame: Frame) -> tuple[float, float, str]:
    """Bias of one read-out and its error (DN), and their source."""
    held, port = offset_bias(frame), str(frame.header["READPORT"]).strip()
    if not bias_is_extrapolated(frame):
        return held, POLYNOMIAL_ERROR, f"offset_bias, port {port}"
    years = (frame.mjd - LAST_BIAS_OF_C2) / 365.25
    error = math.hypot(POLYNOMIAL_ERROR, DRIFT_DN_PER_YEAR * years)
    dark = dark_corner_bias(frame)
    if dark is not None and abs(dark - held) < 10 * error:
        return dark, DARK_RATE_ERROR * frame.exptime, f"extrapolated offset_bias, port {port}: dark corners"
    return held, error, f"extrapolated offset_bias, port {port}: held since 2019"


def dark_corner_bias(frame: Frame) -> float | None:
    """Bias of a C2 frame from the corners of the detector, which no corona reaches.

    Parameters
    ----------
    frame : Frame

    Returns
    -------
    float or None
        DN: the median count of the corners minus `DARK_RATE` times the exposure time. None where the corners were not
        sent, and for frames that differ from those in which the rate was measured: summed, through a polariser, or with
        another exposure time.
    """
    usual = DARK_EXPTIME[0] < frame.exptime < DARK_EXPTIME[1] and frame.polar == "CLEAR" and frame.filter == "ORANGE"
    if frame.detector != "C2" or frame.sums.pixels > 1 or not usual:
        return None
    rows, columns = (np.arange(1024.0) - centre for centre in (C2_OCCULTER_CENTRE[1], C2_OCCULTER_CENTRE[0]))
    corners = np.hypot(columns[None, :], rows[:, None]) > DARK_RADIUS
    counts = frame.data[corners & (frame.data > 0)]
    if counts.size < MIN_DARK_PIXELS:
        return None
    return float(np.median(counts)) - DARK_RATE * frame.exptime


def _table(frame: Frame, calibration: CalibrationSet) -> Path | None:
    if calibration.directory is None:
        return None
    return locate.locate(calibration.directory, locate.exposure_table_name(frame.detector, frame.date))


def _rows(path: Path) -> list[list[str]]:
    lines = map(str.split, path.read_text(errors="replace").splitlines())
    return [words for words in lines if len(words) >= 5 and all(_is_number(words[column]) for column in (1, 2, 4))]


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def _own_name(frame: Frame) -> str:
    return str(frame.header.get("FILENAME") or f"{frame.number}.fts").strip()


def _has_own_row(frame: Frame, path: Path) -> bool:
    return any(_own_name(frame) in row for row in _rows(path))


def _from_table(frame: Frame, path: Path) -> Exposure:
    try:
        rows = _rows(path)
        own_rows = [row for row in rows if _own_name(frame) in row]
        seconds = (frame.date.mjd % 1) * 86400
        row = own_rows[0] if own_rows else min(rows, key=lambda words: abs(float(words[4]) - seconds))
        factor, bias = float(row[1]), float(row[2])
    except (OSError, ValueError, IndexError) as error:
        raise CalibrationError(f"{path}: not a table of exposure factors ({error})", "fetch the file again") from error
    if not (0.1 < factor < 10 and 0 < bias < MAX_BIAS_DN * frame.sums.reads):
        raise CalibrationError(
            f"{path}: exposure factor {factor} with bias {bias} DN is implausible", "fetch the file again"
        )
    uncertainty = TABLE_ERROR * frame.sums.reads
    return Exposure(factor, _bias_of_all_reads(frame, bias), path.name, calibration_file(path), uncertainty)


def _bias_of_all_reads(frame: Frame, bias: float) -> float:
    """Bias of all read-outs of a pixel from that in a table, which is of one read-out or of their sum."""
    reads = frame.sums.reads
    if reads == 1:
        return bias
    expected = _without_table(frame).bias
    return min(bias, bias * reads, key=lambda value: abs(value - expected))
