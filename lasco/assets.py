"""Calibration images of C3 Clear: from a folder of the official files, else the nominal set of the package."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco import distortion, nominal
from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.frame import FRAME_SHAPE

NOMINAL_DIRECTORY = Path(__file__).parent / "data" / "nominal"

OFFICIAL_FILES = {
    "vignetting_pre": "c3vig_preint_final.fts",
    "vignetting_post": "c3vig_postint_final.fts",
    "ramp": "C3ramp.fts",
    "mask": "c3_cl_mask_lvl1.fts",
}

INTERRUPTION_MJD = 51000
"""Day that separates the two vignetting functions (loss of SOHO in 1998)."""


class AssetFile(NamedTuple):
    """A calibration file that was used: its name and the sha256 of its content."""

    name: str
    sha256: str


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
        files = tuple(asset_file(NOMINAL_DIRECTORY / name) for name in nominal.FILES)
        return Assets("NOMINAL", vignetting, vignetting, ramp, field, files, None)
    if not directory.is_dir():
        raise CalibrationError(f"{directory}: no such folder; give the folder of the official calibration files")
    paths = {role: find(directory, name) for role, name in OFFICIAL_FILES.items()}
    images = {role: _image(path) for role, path in paths.items()}
    return Assets(
        "OFFICIAL",
        images["vignetting_pre"],
        images["vignetting_post"],
        images["ramp"],
        images["mask"] > 0.5,
        tuple(asset_file(path) for path in paths.values()),
        directory,
    )


def find(directory: Path, name: str) -> Path:
    """The file of a name at any depth of a folder, the first in order of the paths.

    Raises
    ------
    CalibrationError
        When there is none.
    """
    matches = sorted(directory.rglob(name))
    if not matches:
        raise CalibrationError(
            f"{directory}: {name} is not there; add it, or leave the folder out to use the nominal set"
        )
    return matches[0]


def _image(path: Path) -> NDArray[np.float32]:
    try:
        image = np.asarray(fits.getdata(path), dtype=np.float32)
    except (OSError, ValueError, TypeError, IndexError, KeyError, fits.VerifyError) as error:
        raise CalibrationError(f"{path}: not a readable FITS image ({error}); fetch the file again") from error
    if image.shape != FRAME_SHAPE or not np.isfinite(image).all():
        raise CalibrationError(f"{path}: not a finite 1024 x 1024 image (shape {image.shape}); fetch the file again")
    return image


def asset_file(path: Path) -> AssetFile:
    """Name and sha256 of a calibration file."""
    return AssetFile(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
