"""The Level 1 product: image, flags, uncertainty, noise and header, as one FITS file; and reading Level 1 files.

The image is float32 with an explicit mask, without the rounding errors of SolarSoft's scaled 16-bit integers.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from numpy.typing import NDArray

from corinpaint.lasco import files
from corinpaint.lasco.astropy_warnings import ignore_warnings
from corinpaint.lasco.errors import FrameError, NotFitsError, WrongLevelError
from corinpaint.lasco.level1.compression import IMAGE, SIGNIFICANT_BITS, compressed
from corinpaint.lasco.level1.flags import FLAG_MEANINGS as FLAG_MEANINGS
from corinpaint.lasco.level1.flags import Flag as Flag
from corinpaint.lasco.level1.flags import flagged as flagged
from corinpaint.lasco.level1.flags import set_flag as set_flag
from corinpaint.lasco.notebook import history, maps, tables

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXTENSIONS = ("MASK", "UNCERT", "NOISE")
"""Names of the extensions of a product, in their order."""

_SHARED = (
    "DATE DATE-OBS DATE-BEG DATE-AVG DATE-END TELESCOP INSTRUME DETECTOR FILTER POLAR EXPTIME CTYPE1 CTYPE2 CUNIT1 "
    "CUNIT2 CRPIX1 CRPIX2 CRVAL1 CRVAL2 CDELT1 CDELT2 CROTA1 CROTA2 RSUN_OBS RSUN_REF DSUN_OBS HGLN_OBS HGLT_OBS "
    "MJD-OBS MJD-BEG MJD-AVG MJD-END"
).split()
"""Cards of the image that the extensions repeat where it has them, so that tools can open them as maps."""


class Shown:
    """What `Level1` and `Level1File` share: how they are shown."""

    data: NDArray[Any]
    mask: NDArray[np.uint8] | None
    uncertainty: NDArray[np.float32] | None
    header: fits.Header

    def to_map(self) -> Any:
        """The image as one map of sunpy, with the uncertainty, masked where it has no value.

        Returns
        -------
        sunpy.map.GenericMap

        Raises
        ------
        OptionError
            When sunpy is not installed.
        """
        return maps.to_map(self.data, self.uncertainty, self.header)

    def plot(
        self,
        stretch: str | None = None,
        panels: Sequence[str] | None = None,
        *,
        truth: NDArray[np.floating] | None = None,
    ) -> Figure:
        """Draw the product; see `corinpaint.lasco.pictures.plot.plot` for parameters and errors."""
        from corinpaint.lasco.pictures.plot import plot

        return plot(self, stretch, panels, truth=truth)


@dataclass(frozen=True, eq=False, repr=False)
class Level1(Shown):
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
        filled pixels; infinite where `data` is NaN.
    header : astropy.io.fits.Header
        Header of the primary image.
    filename : str
        Name of the product file; FILENAME is the name in printable ASCII.
    warnings : tuple of str
        What a user has to know before measuring in the product, one sentence each; HISTORY has them too.
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
        if "NMISSING" in header:  # a background is no frame
            summary += f", {header['NMISSING']} blocks missing, {header['NFILLED']} filled"
        return f"<Level1 {self.filename}: {summary}, calibration {header['CALIB']}>"

    def _repr_html_(self) -> str:
        return tables.table(f"Level 1 product {self.filename}", _rows(self), self.warnings)

    def to_hdus(self) -> fits.HDUList:
        """The product as FITS HDUs: primary image, then the `EXTENSIONS`, whose number is NEXTEND."""
        primary = fits.PrimaryHDU(self.data, self.header)  # takes a copy of the header
        primary.header["NEXTEND"] = (len(EXTENSIONS), ", ".join(EXTENSIONS))
        mask_header = self._extension("MASK")
        for flag in Flag:
            mask_header[f"FLAG{flag.value}"] = (flag.value, flag.meaning)
        mask_header.add_comment("Sum of the flags that hold for a pixel; 0 is an observed pixel.")
        total, noise = self._extension("UNCERT"), self._extension("NOISE")
        total["BUNIT"] = noise["BUNIT"] = (self.header["BUNIT"], "1 sigma")
        total["CALERR"] = (self.header["CALERR"], "relative calibration term in it")
        total["CALADD"] = (self.header["CALADD"], "additive calibration term in it")
        total.add_comment("Noise and calibration terms, in quadrature.")
        noise.add_comment("Noise alone; in filled pixels, the uncertainty of the fill.")
        for header in (total, noise):
            header.add_comment("Infinite where the image has no value.")
            header.add_comment(f"Rounded to {SIGNIFICANT_BITS} significant bits.")
        planes = ((self.mask, mask_header), (self.uncertainty, total), (self.noise, noise))
        return fits.HDUList([primary, *(fits.ImageHDU(plane, header) for plane, header in planes)])

    def _extension(self, name: str) -> fits.Header:
        header = fits.Header()
        header["EXTNAME"] = name
        for key in _SHARED:
            if key in self.header:
                header[key] = (self.header[key], self.header.comments[key])
        if "FILTER" in header:  # the one card of free text that titles of sunpy's maps are made of
            header["FILTER"] = (f"{str(header['FILTER']).strip()} ({name})", "filter, and which plane this is")
        return header

    def to_bytes(self, compress: str = "none") -> bytes:
        """The product as the content of a FITS file, with checksums.

        Parameters
        ----------
        compress : str
            'none', 'lossless' or 'rice', see `corinpaint.lasco.level1.compression`.

        Raises
        ------
        OptionError
            When there is no such compression.
        """
        hdus, buffer = compressed(self.to_hdus(), compress), io.BytesIO()
        for hdu in hdus:
            hdu.add_checksum(when="")  # without the time of writing, so that the same product gives the same bytes
        hdus.writeto(buffer)
        return buffer.getvalue()

    def write(self, directory: str | os.PathLike[str], *, overwrite: bool = False, compress: str = "none") -> Path:
        """Write the product to a folder, as a temporary file that is then renamed, so that no partial file is left.

        Parameters
        ----------
        directory : str or os.PathLike
        overwrite : bool
            Replace a file that is there.
        compress : str
            As for `to_bytes`; the name of the file is the same.

        Raises
        ------
        OutputError
            When the file cannot be written, or exists and `overwrite` is False.
        OptionError
            When there is no such compression.
        """
        return files.write_bytes(
            files.as_path(directory, "directory") / self.filename, self.to_bytes(compress), overwrite=overwrite
        )


@dataclass(frozen=True, eq=False, repr=False)
class Level1File(Shown):
    """Content of a Level 1 file of CorInpaint or SolarSoft.

    Attributes
    ----------
    data : ndarray of float64, shape (H, W)
        Brightness in MSB, (row, column), NaN where masked.
    masked : ndarray of bool, shape (H, W)
        Pixels without a value.
    header : astropy.io.fits.Header
        Primary header of the file.
    mask : ndarray of uint8, shape (H, W), or None
        Sums of `Flag`; None in files of SolarSoft.
    uncertainty : ndarray of float32, shape (H, W), or None
        1 sigma uncertainty in the unit of `data`, noise and calibration; None in files of SolarSoft.
    noise : ndarray of float32, shape (H, W), or None
        1 sigma uncertainty without that of the calibration; None in files of SolarSoft and
        of earlier versions of CorInpaint.
    """

    data: NDArray[np.float64]
    masked: NDArray[np.bool_]
    header: fits.Header
    mask: NDArray[np.uint8] | None = None
    uncertainty: NDArray[np.float32] | None = None
    noise: NDArray[np.float32] | None = None

    def __repr__(self) -> str:
        rows, columns = self.data.shape
        summary = f"{self.header.get('DETECTOR', '')} {self.header.get('DATE-OBS', 'no DATE-OBS')}"
        return f"<Level1File: {summary}, {columns} x {rows} px, {self.masked.mean():.0%} masked>"

    def _repr_html_(self) -> str:
        return tables.table("Level 1 file", _rows(self))

    @property
    def zones(self) -> tuple[history.ZoneHistory, ...]:
        """The zones of missing blocks and what became of each, from HISTORY; none in files of SolarSoft."""
        return history.zones(self.header)

    @property
    def provenance(self) -> dict[str, object]:
        """How the product was made; see `corinpaint.lasco.notebook.history.provenance`."""
        return history.provenance(self.header)


def _rows(found: Level1 | Level1File) -> dict[str, object]:
    """Rows of the table that a notebook shows."""
    mask = found.mask
    counts = {} if mask is None else {flag.meaning: int(np.count_nonzero(flagged(mask, flag))) for flag in Flag}
    return tables.summary(found.header, found.data.shape, counts)


def read_level1(path: str | os.PathLike[str]) -> Level1File:
    """Read a Level 1 file with its masked pixels as NaN.

    SolarSoft scales C3 Clear to 16-bit integers (BSCALE, BZERO) and stores masked pixels as 0, which scales to 3.25e-9
    MSB. In integer files, masked pixels are those whose stored value is 0 or BLANK; in float files, those that are 0 or
    NaN.

    Products of CorInpaint give the same whether their planes are tile-compressed or not, but for what 'rice' adds.

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
    return _read(path, level1_of)


def read_planes(path: str | os.PathLike[str]) -> Level1File:
    """Read a file with the structure of a product, of any level: a background or a difference, too.

    Parameters and errors as for `read_level1`, but for `WrongLevelError`.
    """
    return _read(path, planes_of)


def _read(path: str | os.PathLike[str], content_of: Callable[[fits.HDUList, str], Level1File]) -> Level1File:
    path = files.as_path(path, "path")
    try:
        # Headers of 1997 have cards that the standard no longer allows.
        with ignore_warnings(AstropyWarning), fits.open(path, do_not_scale_image_data=True) as hdus:
            return content_of(hdus, path.name)
    except FrameError:
        raise
    except Exception as error:  # astropy raises many types of errors on damaged files
        raise NotFitsError(
            f"{path.name}: cannot be read as FITS ({error})", "fetch the file or make the product again"
        ) from error


def level1_of(hdus: fits.HDUList, name: str) -> Level1File:
    """The content of an open Level 1 file, see `read_level1`; opened with ``do_not_scale_image_data``."""
    found = planes_of(hdus, name)
    if not str(found.header.get("LEVEL", "")).strip().startswith("1"):
        raise WrongLevelError(f"{name}: LEVEL = {found.header.get('LEVEL')!r}", "give a Level 1 file")
    return found


def planes_of(hdus: fits.HDUList, name: str) -> Level1File:
    """The content of an open file, see `read_planes`; opened with ``do_not_scale_image_data``."""
    header, raw = hdus[0].header.copy(), hdus[0].data
    if raw is None and IMAGE in hdus:
        raw = hdus[IMAGE].data
        header = fits.PrimaryHDU(raw, header).header
    if raw is None or raw.ndim != 2:
        raise FrameError(f"{name}: contains no image", "give a Level 1 file")
    raw = np.array(raw)
    mask, uncertainty, noise = (_plane(hdus, extension, raw) for extension in EXTENSIONS)
    values = raw.astype(np.float64)
    masked = (raw == 0) | ~np.isfinite(values)
    if raw.dtype.kind in "iu":
        masked |= raw == header.get("BLANK", 0)
        values = values * float(header.get("BSCALE", 1.0)) + float(header.get("BZERO", 0.0))
    values[masked] = np.nan
    return Level1File(values, masked, header, mask, uncertainty, noise)


def _plane(hdus: fits.HDUList, name: str, image: NDArray[np.generic]) -> Any:
    """An extension in the byte order of the machine; None when the file has none of the shape of the image."""
    found = hdus[name].data if name in hdus else None
    if found is None or found.shape != image.shape:
        return None
    plane = found.astype(found.dtype.newbyteorder("="))
    if plane.dtype.kind == "f":
        plane[np.isnan(plane)] = np.inf  # integers of tile compression stand for NaN, but not for infinity
    return plane
