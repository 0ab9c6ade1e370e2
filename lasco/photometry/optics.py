"""Calibration images and field of view: from a folder of the official files, else the nominal sets of the package."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.files import as_path, package_data
from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.geometry.distortion import Geometry
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import DETECTORS, FRAME_SHAPE
from corinpaint.lasco.level05.readout import Summing
from corinpaint.lasco.nominal import c2, c3
from corinpaint.lasco.reference_files import locate
from corinpaint.lasco.reference_files.calibration_set import (
    CalibrationFile,
    CalibrationSet,
    calibration_file,
    official_file,
)

NOMINAL_DIRECTORY = package_data("corinpaint.lasco.nominal")
"""Folder of the nominal calibration sets."""

OFFICIAL_FILES = {
    "C2": {"vignetting": "c2vig_final.fts"},
    "C3": {
        "vignetting_pre": "c3vig_preint_final.fts",
        "vignetting_post": "c3vig_postint_final.fts",
        "ramp": "C3ramp.fts",
        "mask": "c3_cl_mask_lvl1.fts",
    },
}
"""Names of the official calibration images of each telescope, by their role."""

INTERRUPTION_MJD = 51000
"""Modified Julian date that separates the two vignetting functions of C3 (loss of contact with SOHO in 1998)."""

MAX_C2_VIGNETTING = 100.0
"""Maximum of the vignetting correction of C2; SolarSoft clips it to 0 ... 100 (``c2_calibrate.pro``)."""

UNSUMMED = Summing()
"""Summing of a full-resolution frame."""


@dataclass(frozen=True, eq=False)
class Optics:
    """Calibration images of one telescope, at the resolution of a frame.

    Attributes
    ----------
    detector : str
        'C2' or 'C3'.
    kind : str
        'OFFICIAL' or 'NOMINAL'.
    vignetting_pre, vignetting_post : ndarray of float32, shape of the frame
        Correction factors on the detector grid, before and after 1998.
    ramp : ndarray of float32, shape of the frame
        Stray light of the Clear filter, MSB, on the detector grid; zero for C2.
    field_corrected : ndarray of bool, shape of the frame, or None
        Field of view on the grid corrected for distortion, False behind occulter and pylon and beyond the edge; None
        when it is known only on the detector grid.
    field_on_detector : ndarray of bool, shape of the frame, or None
        Field of view on the detector grid; None when it is known only on the corrected grid.
    files : dict of str to CalibrationFile
        Files of the images, by their role.
    """

    detector: str
    kind: str
    vignetting_pre: NDArray[np.float32]
    vignetting_post: NDArray[np.float32]
    ramp: NDArray[np.float32]
    field_corrected: NDArray[np.bool_] | None
    field_on_detector: NDArray[np.bool_] | None
    files: dict[str, CalibrationFile]

    def vignetting(self, mjd: float) -> NDArray[np.float32]:
        """Vignetting correction factor on a day (modified Julian date), shape of the frame."""
        return self.vignetting_pre if mjd < INTERRUPTION_MJD else self.vignetting_post

    def used(self, mjd: float, *, ramp: bool) -> tuple[CalibrationFile, ...]:
        """Files whose images the calibration of a frame of this day (modified Julian date) uses."""
        other = "vignetting_post" if mjd < INTERRUPTION_MJD else "vignetting_pre"
        left_out = {other} if ramp else {other, "ramp"}
        return tuple(file for role, file in self.files.items() if role not in left_out)


def load_optics(calibration: CalibrationSet, detector: str = "C3", sums: Summing = UNSUMMED) -> Optics:
    """Calibration images of a telescope at the resolution of a frame; cached.

    Parameters
    ----------
    calibration : CalibrationSet
        Calibration set.
    detector : str
        'C2' or 'C3'.
    sums : Summing
        Summing of the frame.

    Returns
    -------
    Optics

    Raises
    ------
    CalibrationError
        When an image is missing or damaged.
    """
    return _summed(calibration.directory, detector, sums.shape)


def load_calibration_set(directory: str | os.PathLike[str] | None = None) -> CalibrationSet:
    """Calibration set from a folder of the official files, else the nominal sets of the package.

    Parameters
    ----------
    directory : str, os.PathLike or None
        Folder that contains, at any depth, all `OFFICIAL_FILES` of at least one telescope; None for the nominal sets.

    Returns
    -------
    CalibrationSet

    Raises
    ------
    CalibrationError
        When the folder or all images are missing, or some images of a telescope are missing or damaged.
    """
    if directory is None:
        return CalibrationSet("NOMINAL", None)
    folder = as_path(directory, "directory").resolve()
    if not folder.is_dir():
        raise CalibrationError(f"{directory}: no such folder", "give the folder of the official calibration files")
    available = [name for name in DETECTORS if any(locate.locate(folder, f) for f in OFFICIAL_FILES[name].values())]
    if not available:
        names = ", ".join(OFFICIAL_FILES["C3"].values())
        raise CalibrationError(
            f"{directory}: contains none of the official files ({names}, {OFFICIAL_FILES['C2']['vignetting']}); "
            "corinpaint calibration fetch gets them; links to folders are not followed",
            "leave the folder out to use the nominal set",
        )
    calibration = CalibrationSet("OFFICIAL", folder)
    for name in available:
        load_optics(calibration, name)
    return calibration


@lru_cache(maxsize=8)
def _summed(directory: Path | None, detector: str, shape: tuple[int, int]) -> Optics:
    full = _nominal(detector) if directory is None else _official(directory, detector)
    if shape == FRAME_SHAPE:
        return full
    sums = (FRAME_SHAPE[0] // shape[0], FRAME_SHAPE[1] // shape[1])

    def image(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return blocks.block_means(values, sums).astype(np.float32)

    def flags(values: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
        return None if values is None else np.asarray(blocks.block_means(values, sums) == 1)

    pre = image(full.vignetting_pre)
    post = pre if full.vignetting_post is full.vignetting_pre else image(full.vignetting_post)
    ramp, corrected, on_detector = image(full.ramp), flags(full.field_corrected), flags(full.field_on_detector)
    return Optics(detector, full.kind, pre, post, ramp, corrected, on_detector, full.files)


@lru_cache(maxsize=2)
def _nominal(detector: str) -> Optics:
    if detector == "C2":
        vignetting, field = c2.read(NOMINAL_DIRECTORY)
        ramp, names = np.zeros(FRAME_SHAPE, dtype=np.float32), list(c2.FILES)
    else:
        vignetting, ramp, field = c3.read(NOMINAL_DIRECTORY)
        names = list(c3.FILES)
    files = {name: calibration_file(NOMINAL_DIRECTORY / name) for name in names}
    return Optics(detector, "NOMINAL", vignetting, vignetting, ramp, field, None, files)


@lru_cache(maxsize=4)
def _official(directory: Path, detector: str) -> Optics:
    paths = {role: official_file(directory, name) for role, name in OFFICIAL_FILES[detector].items()}
    images = {role: _image(path) for role, path in paths.items()}
    for role, image in images.items():
        if role != "ramp" and not (image > 0).any():
            raise CalibrationError(f"{paths[role]}: contains no value above zero", "fetch the file again")
    files = {role: calibration_file(path) for role, path in paths.items()}
    if detector == "C2":
        vignetting = np.clip(images["vignetting"], 0.0, MAX_C2_VIGNETTING)
        ramp = np.zeros(FRAME_SHAPE, dtype=np.float32)
        return Optics("C2", "OFFICIAL", vignetting, vignetting, ramp, None, vignetting > 0, files)
    pre, post = images["vignetting_pre"], images["vignetting_post"]
    return Optics("C3", "OFFICIAL", pre, post, images["ramp"], images["mask"] > 0.5, None, files)


def _image(path: Path) -> NDArray[np.float32]:
    try:
        image = np.asarray(fits.getdata(path), dtype=np.float32)
    except (OSError, ValueError, TypeError, IndexError, KeyError, fits.VerifyError) as error:
        raise CalibrationError(f"{path}: not a readable FITS image ({error})", "fetch the file again") from error
    if image.shape != FRAME_SHAPE or not np.isfinite(image).all():
        raise CalibrationError(f"{path}: not a finite 1024 x 1024 image (shape {image.shape})", "fetch the file again")
    return image


class FieldOfView(NamedTuple):
    """The field of view of a frame.

    Attributes
    ----------
    on_detector : ndarray of bool, shape of the frame
        On the detector grid: pixels on which an unmasked pixel of the corrected image depends.
    corrected : ndarray of bool, shape of the frame
        On the grid corrected for distortion: pixels that are neither behind occulter or pylon nor beyond the edge.
    """

    on_detector: NDArray[np.bool_]
    corrected: NDArray[np.bool_]


@lru_cache(maxsize=8)
def field_of_view(optics: Optics, geometry: Geometry) -> FieldOfView:
    """Field of view on the detector grid and on the corrected one (the same when the distortion is not corrected).

    Parameters
    ----------
    optics : Optics
    geometry : Geometry
        Geometry without roll, since the masks are on the corrected grid before its rotation.

    Returns
    -------
    Field
    """
    warp = distortion.product_map(geometry)
    if optics.field_on_detector is not None:
        return FieldOfView(optics.field_on_detector, ~warp.propagate_flags(~optics.field_on_detector))
    if optics.field_corrected is None:
        raise ValueError(f"optics of {optics.detector} without a field")
    undistorting = warp if geometry.warp else distortion.product_map(_with_warp(geometry))
    on_detector = undistorting.source_pixels(optics.field_corrected)
    return FieldOfView(on_detector, optics.field_corrected if geometry.warp else on_detector)


def _with_warp(geometry: Geometry) -> Geometry:
    return Geometry(geometry.detector, geometry.centre, geometry.shape)


def occulted_on_detector(optics: Optics, centre: tuple[float, float]) -> NDArray[np.bool_]:
    """Pixels of the detector grid outside of the field of view.

    Parameters
    ----------
    optics : Optics
    centre : tuple of float
        Occulter centre (column, row), px of the full frame from 0.

    Returns
    -------
    ndarray of bool, shape of the frame
    """
    return ~field_of_view(optics, Geometry(optics.detector, centre, optics.ramp.shape)).on_detector
