"""Level 0.5 counts to brightness: exposure factor and bias, calfactor, vignetting, stray light.

The steps follow SolarSoft ``c3_calibrate.pro`` 1.54; bias polynomials and calfactor come from CorKit, whose versions of
them agree with SolarSoft. This is the one module that imports corkit.
"""

from __future__ import annotations

import importlib
import sys
import threading
import types
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.assets import (
    INTERRUPTION_MJD,
    NOMINAL_DIRECTORY,
    AssetFile,
    Assets,
    asset_file,
    load_assets,
    occulted_on_detector,
)
from corinpaint.lasco.errors import CalibrationError, UnsupportedFrameError
from corinpaint.lasco.frame import Frame

__all__ = [
    "INTERRUPTION_MJD",
    "NOMINAL_DIRECTORY",
    "AssetFile",
    "Assets",
    "Exposure",
    "calfactor",
    "exposure",
    "files",
    "load_assets",
    "occulted_on_detector",
    "photometry",
    "saturated",
]

SATURATION_DN = 11000.0
"""Counts from which C3 pixels are flagged as saturated: bleed trails of bright planets in real frames plateau between
11300 and 13100 DN (full well), well below the 14-bit limit of the converter."""

_corkit_lock = threading.Lock()


class Exposure(NamedTuple):
    """Correction of the exposure time and the bias in DN, with where they come from."""

    factor: float
    bias: float
    source: str


def exposure(frame: Frame, assets: Assets) -> Exposure:
    """Exposure factor and bias of a frame.

    The day's table ``c3_expfactor_YYMMDD.dat`` gives both (by file name, else by nearest time); without it the factor
    is 1 and the bias is OFFSET, or the polynomial of the read port where OFFSET is missing
    (SolarSoft ``get_exp_factor.pro`` 1.20, ``offset_bias.pro`` 1.24).

    Parameters
    ----------
    frame : Frame
    assets : Assets

    Returns
    -------
    Exposure
        Factor of the exposure time, bias in DN, and their source.
    """
    table = _exposure_table(frame, assets)
    if table is not None:
        return table
    offset = frame.header.get("OFFSET")
    if isinstance(offset, int | float) and offset > 0:
        return Exposure(1.0, float(offset), "OFFSET")
    return Exposure(1.0, offset_bias(frame), f"offset_bias, port {frame.header['READPORT']}")


def _table_path(frame: Frame, assets: Assets) -> Path | None:
    if assets.directory is None:
        return None
    return next(iter(sorted(assets.directory.rglob(f"c3_expfactor_{frame.date.strftime('%y%m%d')}.dat"))), None)


def _exposure_table(frame: Frame, assets: Assets) -> Exposure | None:
    path = _table_path(frame, assets)
    if path is None:
        return None
    try:
        text = path.read_text(errors="replace")
        rows = [words for words in map(str.split, text.splitlines()) if len(words) >= 5]
        own = str(frame.header.get("FILENAME") or f"{frame.number}.fts").strip()
        named = [row for row in rows if own in row]
        seconds = (frame.date.mjd % 1) * 86400
        row = named[0] if named else min(rows, key=lambda words: abs(float(words[4]) - seconds))
        found = Exposure(float(row[1]), float(row[2]), path.name)
    except (OSError, ValueError, IndexError) as error:
        raise CalibrationError(f"{path}: not a table of exposure factors ({error}); fetch the file again") from error
    if not (0.1 < found.factor < 10 and 0 < found.bias < 5000):
        raise CalibrationError(
            f"{path}: exposure factor {found.factor} with bias {found.bias} DN makes no sense; fetch the file again"
        )
    return found


def files(frame: Frame, assets: Assets) -> tuple[AssetFile, ...]:
    """The calibration files that a frame's product is made with: those of the set and the day's exposure table."""
    path = _table_path(frame, assets)
    return assets.files if path is None else (*assets.files, asset_file(path))


def offset_bias(frame: Frame) -> float:
    """Bias in DN from the polynomial of the read port (CorKit ``utils.offset_bias``)."""
    utils = importlib.import_module("corkit.utils")
    bias = float(utils.offset_bias(_corkit_header(frame)))
    if bias <= 0:
        raise UnsupportedFrameError(f"{frame.name}: READPORT = {frame.header['READPORT']!r} has no known bias")
    return bias


def calfactor(frame: Frame) -> float:
    """Calibration factor in MSB per (DN / s) (CorKit ``lasco.c3_calfactor``, SolarSoft ``c3_calfactor.pro`` 1.17)."""
    _, factor = _corkit_calfactor()(_corkit_header(frame))
    if factor <= 0:
        raise UnsupportedFrameError(
            f"{frame.name}: FILTER = {frame.filter!r} with POLAR = {frame.polar!r} has no calibration factor"
        )
    return float(factor)


def _corkit_header(frame: Frame) -> fits.Header:
    """A private header as CorKit compares it: FILTER and POLAR without blanks, the day as SolarSoft writes it."""
    header = frame.header.copy()
    header["FILTER"], header["POLAR"] = frame.filter, frame.polar
    header["MID_DATE"] = frame.mjd
    header["READPORT"] = str(header["READPORT"])
    header["DATE-OBS"] = frame.date.strftime("%Y/%m/%d")
    return header


@cache
def _corkit_calfactor() -> Callable[[fits.Header], tuple[fits.Header, float]]:
    """CorKit's factor, from a private import of ``corkit.lasco`` that leaves its network (and so torch) out.

    ``corkit.lasco`` needs torch only through ``corkit.reconstruction``, which nothing here calls.
    """
    with _corkit_lock:
        names = ("corkit.reconstruction", "corkit.lasco")
        kept = {name: sys.modules.pop(name) for name in names if name in sys.modules}
        sys.modules["corkit.reconstruction"] = _Absent("corkit.reconstruction")
        try:
            function: Callable[[fits.Header], tuple[fits.Header, float]] = importlib.import_module(
                "corkit.lasco"
            ).c3_calfactor
            return function
        finally:
            for name in names:
                sys.modules.pop(name, None)
            sys.modules.update(kept)


class _Absent(types.ModuleType):
    """A module whose every name is None."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None


def check_supported(frame: Frame) -> None:
    """Refuse, by name, frames that are not C3 Clear.

    Raises
    ------
    UnsupportedFrameError
        For another telescope, filter or polariser, for a dark or calibration-lamp exposure.
    """
    if frame.detector != "C3" or frame.filter != "CLEAR" or frame.polar != "CLEAR":
        raise UnsupportedFrameError(
            f"{frame.name}: {frame.detector} FILTER = {frame.filter!r}, POLAR = {frame.polar!r}; "
            "this version calibrates C3 Clear frames without polariser"
        )
    program = str(frame.header.get("LP_NUM") or "").strip().upper()
    lamp = frame.header.get("LAMP") or 0
    if str(frame.header.get("FILEORIG", "")).strip() == "0":
        raise UnsupportedFrameError(f"{frame.name}: FILEORIG = 0, a monthly image; give a single exposure")
    if lamp or any(word in program for word in ("DARK", "CAL", "LAMP")):
        raise UnsupportedFrameError(f"{frame.name}: LP_NUM = {program!r}, LAMP = {lamp}; not an exposure of the corona")


def photometry(frame: Frame, assets: Assets) -> NDArray[np.float32]:
    """Brightness on the detector grid.

    ``(DN - bias) / (EXPTIME * factor) * vignetting * calfactor - ramp``

    Parameters
    ----------
    frame : Frame
        C3 Clear, full resolution.
    assets : Assets

    Returns
    -------
    ndarray of float32, shape (1024, 1024)
        Mean solar brightness; meaningless in lost and never-sent blocks.

    Raises
    ------
    UnsupportedFrameError
        See `check_supported`.
    """
    check_supported(frame)
    factor, bias, _ = exposure(frame, assets)
    scale = calfactor(frame) / (frame.exptime * factor)
    rate = (frame.data.astype(np.float64) - bias) * scale
    return np.asarray(rate * assets.vignetting(frame.mjd) - assets.ramp, dtype=np.float32)


def saturated(frame: Frame) -> NDArray[np.bool_]:
    """Pixels at or above `SATURATION_DN`; shape (1024, 1024), detector grid."""
    return np.asarray(frame.data >= SATURATION_DN)
