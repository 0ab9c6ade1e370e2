"""The Level 1 product: image, flags, uncertainty and header, as one FITS file; and reading Level 1 files.

The image is float32 with an explicit mask, without the rounding errors of SolarSoft's scaled 16-bit integers.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from numpy.typing import NDArray

from corinpaint.lasco import files
from corinpaint.lasco.astropy_warnings import ignore_warnings
from corinpaint.lasco.errors import FrameError, NotFitsError, WrongLevelError


class Flag(IntFlag):
    """Bits of the MASK extension; a pixel without any flag was observed."""

    FILLED = 1
    NEVER_SENT = 2
    OCCULTED = 4
    SATURATED = 8
    REFUSED = 16

    @property
    def meaning(self) -> str:
        """Meaning of a single flag, as the MASK extension states it."""
        return FLAG_MEANINGS[self]


FLAG_MEANINGS = {
    Flag.FILLED: "lost and filled",
    Flag.NEVER_SENT: "never sent, or outside of the frame",
    Flag.OCCULTED: "occulted (occulter, pylon, field edge)",
    Flag.SATURATED: "saturated",
    Flag.REFUSED: "lost and refused (not filled)",
}
"""Meanings of the flags in the product; the wording is part of its format."""


def flagged(mask: NDArray[np.uint8], flags: Flag) -> NDArray[np.bool_]:
    """Pixels of a MASK with at least one of the flags; shape of the mask."""
    return np.asarray((mask & np.uint8(flags)) > 0)


def set_flag(mask: NDArray[np.uint8], where: NDArray[np.bool_], flag: Flag) -> None:
    """Set a flag, in place, in the selected pixels of a MASK."""
    mask[where] |= np.uint8(flag)


_SHARED = (
    "DATE-OBS TELESCOP INSTRUME DETECTOR FILTER POLAR EXPTIME CTYPE1 CTYPE2 CUNIT1 CUNIT2 CRPIX1 CRPIX2 CRVAL1 CRVAL2 "
    "CDELT1 CDELT2 CROTA1 CROTA2 RSUN_OBS RSUN_REF DSUN_OBS HGLN_OBS HGLT_OBS MJD-OBS"
).split()
"""Cards of the image that the extensions repeat, so that tools can open them as maps."""


@dataclass(frozen=True, eq=False, repr=False)
class Level1:
    """A Level 1 product.

    Attributes
    ----------
    data : ndarray of float32, shape (1024, 1024), less when summed
        Brightness in MSB, (row, column), row 0 at the bottom, rotated by 180 degrees when SOHO was upside down; NaN
        where it was neither observed nor filled.
    mask : ndarray of uint8, shape of `data`
        Sums of `Flag`.
    uncertainty : ndarray of float32, shape of `data`
        1 sigma uncertainty in the unit of `data`, noise and calibration; infinite where `data` is NaN.
    noise : ndarray of float32, shape of `data`
        1 sigma uncertainty without that of the calibration: the scatter of a repeated observation about `data`, also in
        filled pixels. It is not in the file, whose CALERR gives the relative uncertainty of the calibration.
    header : astropy.io.fits.Header
        Header of the primary image.
    filename : str
        Name of the product file; FILENAME is the name in printable ASCII.
    warnings : tuple of str
        What the user should know, such as an unknown pointing; also in HISTORY.
    """

    data: NDArray[np.float32]
    mask: NDArray[np.uint8]
    uncertainty: NDArray[np.float32]
    noise: NDArray[np.float32]
    header: fits.Header
    filename: str
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        header, (rows, columns) = self.header, self.data.shape
        summary = f"{header['DETECTOR']} {header['DATE-OBS']}, {columns} x {rows} px of {header['BUNIT']}"
        blocks = f"{header['NMISSING']} blocks missing, {header['NFILLED']} filled"
        return f"<Level1 {self.filename}: {summary}, {blocks}, calibration {header['CALIB']}>"

    def to_hdus(self) -> fits.HDUList:
        """The product as FITS HDUs: primary image, MASK and UNCERT extensions."""
        mask_header = self._extension("MASK")
        for flag in Flag:
            mask_header[f"FLAG{flag.value}"] = (flag.value, flag.meaning)
        mask_header.add_comment("Sum of the flags that hold for a pixel; 0 is an observed pixel.")
        error_header = self._extension("UNCERT")
        error_header["BUNIT"] = (self.header["BUNIT"], "1 sigma")
        error_header["CALERR"] = (self.header["CALERR"], "relative calibration term in it")
        error_header.add_comment("Noise and calibration term, in quadrature; infinite where the image has no value.")
        return fits.HDUList(
            [
                fits.PrimaryHDU(self.data, self.header),
                fits.ImageHDU(self.mask, mask_header),
                fits.ImageHDU(self.uncertainty, error_header),
            ]
        )

    def _extension(self, name: str) -> fits.Header:
        header = fits.Header()
        header["EXTNAME"] = name
        for key in _SHARED:
            header[key] = (self.header[key], self.header.comments[key])
        return header

    def to_bytes(self) -> bytes:
        """The product as the content of a FITS file, with checksums."""
        hdus, buffer = self.to_hdus(), io.BytesIO()
        for hdu in hdus:
            hdu.add_checksum(when="")  # without the time of writing, so that the same product gives the same bytes
        hdus.writeto(buffer)
        return buffer.getvalue()

    def write(self, directory: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the product to a folder, as a temporary file that is then renamed, so that no partial file is left.

        Raises
        ------
        OutputError
            When the file cannot be written, or exists and `overwrite` is False.
        """
        return files.write_bytes(
            files.as_path(directory, "directory") / self.filename, self.to_bytes(), overwrite=overwrite
        )


@dataclass(frozen=True, eq=False, repr=False)
class Level1File:
    """Content of a Level 1 file of CorInpaint or SolarSoft.

    Attributes
    ----------
    data : ndarray of float64, shape (H, W)
        Brightness in MSB, (row, column), NaN where masked.
    masked : ndarray of bool, shape (H, W)
        Pixels without a value.
    header : astropy.io.fits.Header
        Primary header of the file.
    """

    data: NDArray[np.float64]
    masked: NDArray[np.bool_]
    header: fits.Header

    def __repr__(self) -> str:
        rows, columns = self.data.shape
        summary = f"{self.header.get('DETECTOR', '')} {self.header.get('DATE-OBS', 'no DATE-OBS')}"
        return f"<Level1File: {summary}, {columns} x {rows} px, {self.masked.mean():.0%} masked>"


def read_level1(path: str | os.PathLike[str]) -> Level1File:
    """Read a Level 1 file with its masked pixels as NaN.

    SolarSoft scales C3 Clear to 16-bit integers (BSCALE, BZERO) and stores masked pixels as 0, which scales to 3.25e-9
    MSB. In integer files, masked pixels are those whose stored value is 0 or BLANK; in float files, those that are 0 or
    NaN.

    Parameters
    ----------
    path : str or os.PathLike
        ``.fts`` or ``.fits``, gzip-compressed or not.

    Returns
    -------
    Level1File

    Raises
    ------
    FrameError
        When the file is not a readable FITS image (`NotFitsError`) or not Level 1 (`WrongLevelError`).
    """
    path = files.as_path(path, "path")
    try:
        # Headers of 1997 have cards that the standard no longer allows.
        with ignore_warnings(AstropyWarning), fits.open(path, do_not_scale_image_data=True) as hdus:
            header, raw = hdus[0].header.copy(), hdus[0].data
            raw = None if raw is None else np.array(raw)
    except OSError as error:
        raise NotFitsError(f"{path.name}: cannot be read as FITS ({error})", "fetch the file again") from error
    if raw is None or raw.ndim != 2:
        raise FrameError(f"{path.name}: contains no image", "give a Level 1 file")
    if not str(header.get("LEVEL", "")).strip().startswith("1"):
        raise WrongLevelError(f"{path.name}: LEVEL = {header.get('LEVEL')!r}", "give a Level 1 file")
    values = raw.astype(np.float64)
    masked = (raw == 0) | ~np.isfinite(values)
    if raw.dtype.kind in "iu":
        masked |= raw == header.get("BLANK", 0)
        values = values * float(header.get("BSCALE", 1.0)) + float(header.get("BZERO", 0.0))
    values[masked] = np.nan
    return Level1File(values, masked, header)
