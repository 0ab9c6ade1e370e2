"""Level 0.5 counts to brightness: assets, exposure factor and bias, calfactor, vignetting, stray light.

The steps follow SolarSoft ``c3_calibrate.pro`` 1.54; bias polynomials and calfactor come from CorKit, whose versions of
them agree with SolarSoft. This is the one module that imports corkit.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import threading
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco import distortion, nominal
from corinpaint.lasco.errors import CalibrationError, UnsupportedFrameError
from corinpaint.lasco.frame import FRAME_SHAPE, Frame

NOMINAL_DIRECTORY = Path(__file__).parent / "data" / "nominal"

OFFICIAL_FILES = {
    "vignetting_pre": "c3vig_preint_final.fts",
    "vignetting_post": "c3vig_postint_final.fts",
    "ramp": "C3ramp.fts",
    "mask": "c3_cl_mask_lvl1.fts",
}

INTERRUPTION_MJD = 51000
"""Day that separates the two vignetting functions (loss of SOHO in 1998)."""

SATURATION_DN = 11000.0
"""Counts from which C3 pixels are flagged as saturated: bleed trails of bright planets in real frames plateau between
11300 and 13100 DN (full well), well below the 14-bit limit of the converter."""

_corkit_lock = threading.Lock()


class AssetFile(NamedTuple):
    """A calibration file that was used: its name and the sha256 of its content."""

    name: str
    sha256: str


class Exposure(NamedTuple):
    """Correction of the exposure time and the bias in DN, with where they come from."""

    factor: float
    bias: float
    source: str


@dataclass(frozen=True, eq=False)
class Assets:
    """Calibration images of C3 Clear.

    Attributes
    ----------
    kind : str
        'OFFICIAL' or 'NOMINAL'.
    vignetting_pre, vignetting_post : ndarray of float32, shape (1024, 1024)
        Correction factors on the detector grid, before and after 1998.
    ramp : ndarray of float32, shape (1024, 1024)
        Stray light, MSB, on the detector grid.
    field : ndarray of bool, shape (1024, 1024)
        Field of view on the corrected grid, False behind occulter and pylon and beyond the edge.
    files : tuple of AssetFile
        What was read.
    directory : Path or None
        Folder of the official files, where the exposure tables are looked up; None for the nominal set.
    """

    kind: str
    vignetting_pre: NDArray[np.float32]
    vignetting_post: NDArray[np.float32]
    ramp: NDArray[np.float32]
    field: NDArray[np.bool_]
    files: tuple[AssetFile, ...]
    directory: Path | None

    def vignetting(self, mjd: float) -> NDArray[np.float32]:
        """Correction factor for a day (modified Julian date)."""
        return self.vignetting_pre if mjd < INTERRUPTION_MJD else self.vignetting_post

    @property
    def occulted(self) -> NDArray[np.bool_]:
        """`occulted_on_detector` for today's occulter centre."""
        return occulted_on_detector(self, distortion.C3_OCCULTER_CENTRES[-1][1])


@lru_cache(maxsize=8)
def occulted_on_detector(assets: Assets, centre: tuple[float, float]) -> NDArray[np.bool_]:
    """Pixels of the detector grid that no unmasked pixel of the product takes its value from.

    Parameters
    ----------
    assets : Assets
        Its field is on the corrected grid.
    centre : tuple of float
        Occulter centre (column, row), px from 0.

    Returns
    -------
    ndarray of bool, shape (1024, 1024)
    """
    return np.asarray(~distortion.undistort_map(centre).sources(assets.field))


def load_assets(directory: Path | str | None = None) -> Assets:
    """Calibration assets from a folder of the official files, else the nominal set of the package.

    Parameters
    ----------
    directory : Path, str or None
        Folder that holds, at any depth, the files of `OFFICIAL_FILES`; None for the nominal set.

    Returns
    -------
    Assets
        Cached per folder.

    Raises
    ------
    CalibrationError
        When the folder or one of its files is missing or damaged.
    """
    return _load(None if directory is None else Path(directory).resolve())


@lru_cache(maxsize=4)
def _load(directory: Path | None) -> Assets:
    if directory is None:
        vignetting, ramp, field = nominal.read(NOMINAL_DIRECTORY)
        files = tuple(_asset_file(NOMINAL_DIRECTORY / name) for name in nominal.FILES)
        return Assets("NOMINAL", vignetting, vignetting, ramp, field, files, None)
    if not directory.is_dir():
        raise CalibrationError(f"{directory}: no such folder; give the folder of the official calibration files")
    paths = {role: _find(directory, name) for role, name in OFFICIAL_FILES.items()}
    images = {role: _image(path) for role, path in paths.items()}
    return Assets(
        "OFFICIAL",
        images["vignetting_pre"],
        images["vignetting_post"],
        images["ramp"],
        images["mask"] > 0.5,
        tuple(_asset_file(path) for path in paths.values()),
        directory,
    )


def _find(directory: Path, name: str) -> Path:
    matches = sorted(directory.rglob(name))
    if not matches:
        raise CalibrationError(
            f"{directory}: {name} is not there; add it, or leave the folder out to use the nominal set"
        )
    return matches[0]


def _image(path: Path) -> NDArray[np.float32]:
    try:
        image = np.asarray(fits.getdata(path), dtype=np.float32)
    except (OSError, ValueError, TypeError) as error:
        raise CalibrationError(f"{path}: not a readable FITS image ({error}); fetch the file again") from error
    if image.shape != FRAME_SHAPE or not np.isfinite(image).all():
        raise CalibrationError(f"{path}: not a finite 1024 x 1024 image (shape {image.shape}); fetch the file again")
    return image


def _asset_file(path: Path) -> AssetFile:
    return AssetFile(path.name, hashlib.sha256(path.read_bytes()).hexdigest())


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


def _exposure_table(frame: Frame, assets: Assets) -> Exposure | None:
    if assets.directory is None:
        return None
    name = f"c3_expfactor_{frame.date.strftime('%y%m%d')}.dat"
    paths = sorted(assets.directory.rglob(name))
    if not paths:
        return None
    rows = [words for words in map(str.split, paths[0].read_text(errors="replace").splitlines()) if len(words) >= 5]
    try:
        own = str(frame.header.get("FILENAME") or f"{frame.number}.fts").strip()
        named = [row for row in rows if own in row]
        seconds = (frame.date.mjd % 1) * 86400
        row = named[0] if named else min(rows, key=lambda words: abs(float(words[4]) - seconds))
        return Exposure(float(row[1]), float(row[2]), name)
    except (ValueError, IndexError) as error:
        raise CalibrationError(
            f"{paths[0]}: not a table of exposure factors ({error}); fetch the file again"
        ) from error


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
