"""Exposure factor and bias of a frame: from the table of the day, else the header, else the read port.

Sources: SolarSoft ``get_exp_factor.pro`` 1.20, ``offset_bias.pro`` 1.36, ``reduce_std_size.pro`` (bias of sums).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.level05.keywords import MAX_BIAS_DN
from corinpaint.lasco.photometry.corkit import offset_bias
from corinpaint.lasco.reference_files import locate
from corinpaint.lasco.reference_files.calibration_set import CalibrationFile, CalibrationSet, calibration_file


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
    """

    factor: float
    bias: float
    source: str
    file: CalibrationFile | None = None


def determine_exposure(frame: Frame, calibration: CalibrationSet) -> Exposure:
    """Exposure factor and bias of a frame (SolarSoft ``get_exp_factor.pro`` and ``offset_bias.pro``).

    The table of the day, ``c3_expfactor_YYMMDD.dat`` (or ``c2_``), gives both for the file name of the frame, or for
    the nearest time. Without a table, the factor is 1, and the bias is OFFSET, or that of the read port when OFFSET is
    missing. A pixel that was summed on board contains the bias of each of its read-outs. Monthly images and
    polarisation products contain no bias; their factor is 1 unless the table has a row with their file name.

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
        When the read port has no known bias.
    """
    is_composite = frame.monthly or frame.polarised_product
    path = _table(frame, calibration)
    if is_composite:
        factor = _from_table(frame, path).factor if path is not None and _has_own_row(frame, path) else 1.0
        kind = "monthly image" if frame.monthly else f"POLAR = {frame.polar}"
        return Exposure(factor, 0.0, f"{kind}: no bias", calibration_file(path) if path and factor != 1.0 else None)
    if path is not None:
        return _from_table(frame, path)
    offset, reads = frame.header.get("OFFSET"), frame.sums.reads
    times = f" x {reads} read-outs" if reads > 1 else ""
    if isinstance(offset, int | float) and offset > 0:
        return Exposure(1.0, float(offset) * reads, f"OFFSET{times}")
    return Exposure(1.0, offset_bias(frame) * reads, f"offset_bias, port {frame.header['READPORT']}{times}")


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
    return Exposure(factor, _bias_of_all_reads(frame, bias), path.name, calibration_file(path))


def _bias_of_all_reads(frame: Frame, bias: float) -> float:
    """Bias of all read-outs of a pixel from that in a table, which is of one read-out or of their sum."""
    reads = frame.sums.reads
    if reads == 1:
        return bias
    expected = reads * (float(frame.header.get("OFFSET") or 0) or offset_bias(frame))
    return min(bias, bias * reads, key=lambda value: abs(value - expected))
