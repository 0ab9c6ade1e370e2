"""The Level 1 product: detector-grid brightness in, distortion-corrected and masked image with header out.

Geometry after SolarSoft ``c3_warp.pro`` 1.9, header after ``reduce_level_1.pro`` 1.68; float32 and a mask extension
instead of SolarSoft's 16-bit scaling, so that nothing is lost.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco import blocks, calibration, distortion
from corinpaint.lasco.decoding import printable
from corinpaint.lasco.errors import OutputError
from corinpaint.lasco.frame import Frame
from corinpaint.lasco.pointing import PLATE_SCALE, SOLAR_RADIUS_M, observer, pointing
from corinpaint.lasco.version import __version__

FILLED, NEVER_SENT, OCCULTED, SATURATED, REFUSED = 1, 2, 4, 8, 16
FLAGS = {
    FILLED: "lost and filled",
    NEVER_SENT: "never sent",
    OCCULTED: "occulted (occulter, pylon, field edge)",
    SATURATED: "saturated",
    REFUSED: "lost and refused (not filled)",
}
"""Bits of the MASK extension; 0 is an observed pixel."""

MSB_UNIT = "2.009E7 W / (m2 sr)"
"""One mean solar brightness as a unit that FITS readers can parse."""

LEVEL_1_DIGIT = {"1": "4", "2": "5", "3": "4"}
"""Second digit of the file number: Level 0.5 -> Level 1 (SolarSoft)."""

_DROPPED = re.compile(
    r"^(SIMPLE|BITPIX|NAXIS\d*|EXTEND|BSCALE|BZERO|BLANK|DATE|TIME-OBS|DATE-OBS|LEVEL|BUNIT|FILENAME|"
    r"CRPIX\d|CRVAL\d|CROTA\d?|CTYPE\d|CUNIT\d|CDELT\d|DATA(MIN|MAX|ZER|SAT|AVG|SIG|P\d\d)|CHECKSUM|DATASUM|"
    r"CALF\d+|CALH\d+|FILL|WEIGHTS|NETVER|FILLVER|NFILLED|NMISSING|MISSLIST|CALIB|CREATOR|POINTSRC|EXTNAME|EXTVER|"
    r"HISTORY|COMMENT|PC\d_\d|CD\d_\d|XTENSION|PCOUNT|GCOUNT|GROUPS|END|)$"
)


_SHARED_WITH_MASK = (
    "DATE-OBS TELESCOP INSTRUME DETECTOR FILTER POLAR EXPTIME CTYPE1 CTYPE2 CUNIT1 CUNIT2 CRPIX1 CRPIX2 CRVAL1 CRVAL2 "
    "CDELT1 CDELT2 CROTA1 CROTA2 RSUN_OBS RSUN_REF DSUN_OBS HGLN_OBS HGLT_OBS MJD-OBS"
).split()
"""Cards that let tools open the mask as a map beside the image."""


@dataclass(frozen=True, eq=False)
class Level1:
    """A Level 1 frame.

    Attributes
    ----------
    data : ndarray of float32, shape (1024, 1024)
        Mean solar brightness, row 0 at the bottom, turned where SOHO was upside down; NaN where nothing was measured
        or filled.
    mask : ndarray of uint8, shape (1024, 1024)
        Bit flags, see `FLAGS`.
    header : astropy.io.fits.Header
        Header of the primary image.
    filename : str
        Name of the product file; FILENAME is its printable form.
    """

    data: NDArray[np.float32]
    mask: NDArray[np.uint8]
    header: fits.Header
    filename: str

    def to_hdus(self) -> fits.HDUList:
        """The FITS structure: primary image and MASK extension."""
        mask_header = fits.Header()
        mask_header["EXTNAME"] = "MASK"
        for key in _SHARED_WITH_MASK:
            mask_header[key] = (self.header[key], self.header.comments[key])
        for bit, meaning in FLAGS.items():
            mask_header[f"FLAG{bit}"] = (bit, meaning)
        mask_header.add_comment("Sum of the flags that hold for a pixel; 0 is an observed pixel.")
        return fits.HDUList([fits.PrimaryHDU(self.data, self.header), fits.ImageHDU(self.mask, mask_header)])

    def to_bytes(self) -> bytes:
        """The product as the content of a FITS file, with checksums."""
        buffer = io.BytesIO()
        self.to_hdus().writeto(buffer, checksum=True)
        return buffer.getvalue()

    def write(self, directory: Path, *, overwrite: bool = False) -> Path:
        """Write the product into a folder: aside first, then renamed, so that no partial file is left.

        Raises
        ------
        OutputError
            When the folder cannot be written, or the file is there and may not be replaced.
        """
        return write_bytes(directory / self.filename, self.to_bytes(), overwrite=overwrite)


def write_bytes(path: Path, content: bytes, *, overwrite: bool = False) -> Path:
    """Write one file, see `write_all`."""
    write_all({path: content}, overwrite=overwrite)
    return path


def write_all(contents: Mapping[Path, bytes], *, overwrite: bool = False) -> None:
    """Write files that belong together: all aside first, then renamed, so that nothing partial is left behind.

    Raises
    ------
    OutputError
        When one cannot be written, or is there and may not be replaced; none is written then.
    """
    for path in contents:
        if os.path.lexists(path) and not (overwrite and path.is_file()):
            raise OutputError(f"{path}: is there already; remove it, choose another folder or allow --overwrite")
    aside: dict[Path, Path] = {}
    path = Path()
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".corinpaint-", delete=False) as file:
                aside[path] = Path(file.name)
                file.write(content)
            aside[path].chmod(0o666 & ~_umask())
        for path, part in aside.items():
            os.replace(part, path)
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{path}: cannot be written ({reason}); check the folder, its rights and space") from error
    finally:
        for part in aside.values():
            part.unlink(missing_ok=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def level1_number(number: str) -> str:
    """SolarSoft's number of the Level 1 file: 32082037 -> 35082037; other names get ``_level1``."""
    if re.fullmatch(r"[23][123]\d{6}", number):
        return number[0] + LEVEL_1_DIGIT[number[1]] + number[2:]
    return f"{number}_level1"


def finish(
    frame: Frame,
    brightness: NDArray[np.float32],
    lost: NDArray[np.bool_],
    filled: NDArray[np.bool_],
    assets: calibration.Assets,
    history: Sequence[str] = (),
    cards: Sequence[tuple[str, str, str]] = (),
) -> Level1:
    """Make the product: take the distortion out of image and flags, mask, turn, and write the header.

    Parameters
    ----------
    frame : Frame
        The Level 0.5 frame.
    brightness : ndarray of float32, shape (1024, 1024)
        MSB on the detector grid, fills in place.
    lost : ndarray of bool, shape (32, 32)
        Lost blocks.
    filled : ndarray of bool, shape (32, 32)
        The lost blocks that were filled.
    assets : Assets
        What calibrated it.
    history : sequence of str
        More lines for HISTORY, in the order of the steps.
    cards : sequence of (keyword, value, comment)
        More cards, such as what filled the lost blocks.

    Returns
    -------
    Level1
    """
    centre = distortion.occulter_centre(frame.date)
    warp = distortion.undistort_map(centre)
    in_field = ~calibration.occulted_on_detector(assets, centre)
    restored = blocks.expand(filled) & in_field
    refused = warp.touched(blocks.expand(lost) & ~restored)
    unsent = warp.touched(blocks.expand(blocks.unsent(frame.data)))
    mask = np.zeros(frame.data.shape, dtype=np.uint8)
    mask[warp.touched(restored)] |= FILLED
    mask[unsent] |= NEVER_SENT
    mask[~assets.field] |= OCCULTED
    mask[warp.touched(calibration.saturated(frame))] |= SATURATED
    mask[refused] |= REFUSED
    data = warp.image(brightness)
    data[(mask & (NEVER_SENT | OCCULTED | REFUSED)) > 0] = np.nan
    data[warp.touched(~np.isfinite(brightness))] = np.nan
    mask[np.isnan(data)] &= np.uint8(255 - FILLED)
    if frame.turned:
        data, mask = data[::-1, ::-1].copy(), mask[::-1, ::-1].copy()
    exposure = calibration.exposure(frame, assets)
    header = _header(frame, assets, exposure, lost, filled)
    _add_statistics(header, data, mask)
    for card in cards:
        _add_long(header, *card)
    for line in (*_steps(frame, assets, exposure), *history):
        header.add_history(line)
    return Level1(data, mask, header, f"{level1_number(frame.number)}.fits")


def _header(
    frame: Frame,
    assets: calibration.Assets,
    exposure: calibration.Exposure,
    lost: blocks.Blocks,
    filled: blocks.Blocks,
) -> fits.Header:
    header = fits.Header()
    _add_long(header, "FILENAME", printable(f"{level1_number(frame.number)}.fits"), "Level 1 product")
    header["LEVEL"] = ("1.0", "calibrated")
    header["DATE-OBS"] = (frame.date.isot, "start of the exposure, UTC")
    for card in frame.header.cards:
        if not _DROPPED.match(card.keyword) and card.keyword not in header:
            header.append((card.keyword, card.value, card.comment))
    header["EXPTIME"] = (frame.exptime * exposure.factor, "s, corrected")
    _add_wcs(header, frame)
    header["BUNIT"] = (MSB_UNIT, "mean solar brightness (MSB)")
    header["NMISSING"] = (int(lost.sum()), "missing blocks, never-sent ones excluded")
    header["NFILLED"] = (int(filled.sum()), "missing blocks that were filled")
    _add_long(header, "MISSLIST", blocks.misslist(lost), "missing blocks, runs in base 32")
    header["CALIB"] = (assets.kind, "calibration set")
    for index, file in enumerate(calibration.files(frame, assets), start=1):
        header[f"CALF{index}"] = (file.name, "calibration file")
        header[f"CALH{index}"] = file.sha256
    header["CREATOR"] = (f"CorInpaint {__version__}", "software")
    return header


def _add_long(header: fits.Header, key: str, value: str, comment: str) -> None:
    """Set a value that may need CONTINUE cards; a comment would only be cut there."""
    header[key] = (value, comment) if len(value) < 30 else value


def _add_wcs(header: fits.Header, frame: Frame) -> None:
    place, seen_from = pointing(frame), observer(frame.date)
    cards = (
        ("CTYPE1", "HPLN-TAN", ""),
        ("CTYPE2", "HPLT-TAN", ""),
        ("CUNIT1", "arcsec", ""),
        ("CUNIT2", "arcsec", ""),
        ("CRPIX1", place.column + 1, "sun centre, px from 1"),
        ("CRPIX2", place.row + 1, "sun centre, px from 1"),
        ("CRVAL1", 0.0, "arcsec"),
        ("CRVAL2", 0.0, "arcsec"),
        ("CDELT1", PLATE_SCALE, "arcsec/px"),
        ("CDELT2", PLATE_SCALE, "arcsec/px"),
        ("CROTA1", place.roll, "deg"),
        ("CROTA2", place.roll, "deg"),
        ("POINTSRC", place.source, "pointing"),
        ("RSUN", seen_from.radius, "angular radius of the sun, arcsec"),
        ("RSUN_OBS", seen_from.radius, "arcsec"),
        ("RSUN_REF", SOLAR_RADIUS_M, "m"),
        ("DSUN_OBS", seen_from.distance, "m, 0.99 of the distance of the earth"),
        ("HGLN_OBS", seen_from.longitude, "deg, approximate"),
        ("HGLT_OBS", seen_from.latitude, "deg, approximate"),
        ("MJD-OBS", float(frame.date.mjd), "start of the exposure"),
    )
    for key, value, comment in cards:
        header[key] = (value, comment)


def _add_statistics(header: fits.Header, data: NDArray[np.float32], mask: NDArray[np.uint8]) -> None:
    """DATAMIN to DATAP99 of the unmasked pixels, in MSB, as ``reduce_statistics2.pro`` names them."""
    values = data[np.isfinite(data)].astype(np.float64)
    header["DATAZER"] = (int(data.size - values.size), "pixels without a value")
    header["DATASAT"] = (int(np.count_nonzero(mask & SATURATED)), "saturated pixels")
    if not values.size:
        return
    header["DATAMIN"], header["DATAMAX"] = (values.min(), "MSB"), (values.max(), "MSB")
    header["DATAAVG"], header["DATASIG"] = (values.mean(), "MSB"), (values.std(), "MSB")
    levels = (1, 10, 25, 50, 75, 90, 95, 98, 99)
    for level, value in zip(levels, np.percentile(values, levels), strict=True):
        header[f"DATAP{level:02d}"] = (value, "MSB, percentile")


def _steps(frame: Frame, assets: calibration.Assets, exposure: calibration.Exposure) -> list[str]:
    """HISTORY: the lines of the Level 0.5 file, then every calibration step with the file that it used."""
    factor, bias, source = exposure
    names = [file.name for file in assets.files]
    late = assets.kind == "NOMINAL" and frame.mjd < calibration.INTERRUPTION_MJD
    lines = [str(line) for line in frame.header.get("HISTORY", [])]
    lines += [f"COMMENT {line}" for line in frame.header.get("COMMENT", []) if str(line).strip()]
    lines += [
        f"CorInpaint {__version__}: Level 0.5 file {printable(str(frame.header.get('FILENAME') or frame.name))}",
        f"Bias {bias:.3f} DN and exposure factor {factor:.6f} from {source}",
        f"calfactor {calibration.calfactor(frame):.6g} MSB/(DN/s) (corkit c3_calfactor)",
        f"Vignetting, stray light and mask ({assets.kind.lower()}): {', '.join(names)}",
        *(["The nominal vignetting is of 2002, this frame of before the interruption of 1998"] if late else []),
        "Optical distortion removed (c3_warp formula, exact map, bilinear)",
    ]
    if frame.turned:
        lines.append("Image turned by 180 degrees (SOHO rolled)")
    return lines
