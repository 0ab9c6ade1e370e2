"""A height-time map as a FITS file: the map, the share of filled pixels, and the time of each column."""

from __future__ import annotations

import io

import numpy as np
from astropy.io import fits
from astropy.time import Time

from corinpaint.archive.movies.height_time import HeightTime
from corinpaint.lasco.level1.header import day_of_processing, significant
from corinpaint.lasco.version import __version__

_COORDINATES = "CTYPE1 CUNIT1 CRPIX1 CRVAL1 CDELT1 PS1_0 PS1_1 CTYPE2 CUNIT2 CRPIX2 CRVAL2 CDELT2 TIMESYS".split()
"""Cards that the map and the share of filled pixels have in common."""


def to_hdus(found: HeightTime) -> fits.HDUList:
    """A height-time map as FITS HDUs.

    Parameters
    ----------
    found : HeightTime

    Returns
    -------
    astropy.io.fits.HDUList
        The map (float32; axis 1 is time, axis 2 the distance from the sun in solar radii), FILLED (float32, the share
        of filled pixels), TIMES, a table with the times of the columns, and PRODUCTS, one with DATE-OBS and FILE of
        each. Columns are not evenly spaced in time: CTYPE1 refers to TIMES, by the -TAB convention of FITS (Greisen et
        al. 2006, Astronomy & Astrophysics 446, 747).
    """
    primary = fits.PrimaryHDU(found.values.astype(np.float32), _header(found))
    shared = fits.Header([card for card in primary.header.cards if card.keyword in _COORDINATES])
    filled = fits.ImageHDU(found.filled.astype(np.float32), shared, "FILLED")
    filled.header.add_comment("Share of the averaged pixels that are filled.")
    days = np.array([Time(taken).mjd for taken in found.times])
    dates = [taken.isoformat(timespec="milliseconds") for taken in found.times]
    table = fits.BinTableHDU.from_columns(
        [fits.Column("MJD", f"{len(days)}D", "d", dim=f"(1,{len(days)})", array=days.reshape(1, -1, 1))], name="TIMES"
    )
    names = fits.BinTableHDU.from_columns(
        [fits.Column("DATE-OBS", "23A", array=dates), fits.Column("FILE", "64A", array=found.files)], name="PRODUCTS"
    )
    return fits.HDUList([primary, filled, table, names])


def to_bytes(found: HeightTime) -> bytes:
    """A height-time map as the content of a FITS file, with checksums."""
    buffer, hdus = io.BytesIO(), to_hdus(found)
    for hdu in hdus:
        hdu.add_checksum(when="")  # without the time of writing, so that the same map gives the same bytes
    hdus.writeto(buffer)
    return buffer.getvalue()


def _header(found: HeightTime) -> fits.Header:
    header = fits.Header()
    setting = found.setting
    for key, value, comment in (
        ("DATE", day_of_processing(), "day on which the map was made, UTC"),
        ("DATE-BEG", found.times[0].isoformat(timespec="milliseconds"), "start of the first exposure, UTC"),
        ("DATE-END", found.times[-1].isoformat(timespec="milliseconds"), "start of the last exposure, UTC"),
        ("MJD-BEG", float(Time(found.times[0]).mjd), ""),
        ("MJD-END", float(Time(found.times[-1]).mjd), ""),
        ("TELESCOP", "SOHO", ""),
        ("INSTRUME", "LASCO", ""),
        ("DETECTOR", setting.detector, ""),
        ("FILTER", setting.filter, ""),
        ("POLAR", setting.polar, ""),
        ("KIND", found.kind, "what the images were"),
        ("POSANG", found.sector.angle, "deg, counter-clockwise from solar north"),
        ("SECTOR", found.sector.width, "deg, width that was averaged"),
        ("BUNIT", found.unit, "mean over the sector"),
        ("CTYPE1", "TIME-TAB", "by column, not evenly spaced"),
        ("CUNIT1", "d", "modified Julian date"),
        ("CRPIX1", 1.0, ""),
        ("CRVAL1", 1.0, "row of the table"),
        ("CDELT1", 1.0, ""),
        ("PS1_0", "TIMES", "extension with the times"),
        ("PS1_1", "MJD", "its column"),
        ("CTYPE2", "RADIUS", "distance from the sun centre, in the sky"),
        ("CUNIT2", "solRad", ""),
        ("CRPIX2", 1.0, ""),
        ("CRVAL2", significant(found.start + found.step / 2, 10), "middle of the first row"),
        ("CDELT2", significant(found.step, 10), ""),
        ("TIMESYS", "UTC", ""),
        ("CREATOR", f"CorInpaint {__version__}", "software"),
    ):
        header[key] = (value, comment)
    return header
