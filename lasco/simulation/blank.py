"""A simulated C3 frame before it is exposed: the header of a Level 0.5 file, with the cards of real ones in order."""

from __future__ import annotations

import numpy as np
from astropy.io import fits
from astropy.time import Time, TimeDelta

from corinpaint.lasco.level05.frame import FRAME_SHAPE, Frame
from corinpaint.lasco.photometry import corkit
from corinpaint.lasco.simulation import corona
from corinpaint.lasco.version import __version__

SHUTTER_LAG_S = 2.1
"""EXPTIME minus the commanded exposure time in real headers, s."""

OBT_ZERO = 36204.0
"""Modified Julian date of OBT_TIME = 0: 1958-01-01."""

PERCENTILES = (1, 10, 25, 75, 90, 95, 98, 99)
"""Percentiles in real Level 0.5 headers, DATAP01 to DATAP99."""


def blank_frame(seed: int, start: Time, exptime: float) -> Frame:
    """A frame of zeros with its header, which has the bias of its day.

    Parameters
    ----------
    seed : int
        Number of the frame.
    start : astropy.time.Time
        Of the exposure.
    exptime : float
        s.
    """
    header = _header(seed, start, exptime)
    name = str(header["FILENAME"])
    blank = Frame(np.zeros(FRAME_SHAPE, np.float32), header, name, name[:8], start)
    header["OFFSET"] = round(corkit.offset_bias(blank), 3)
    header.add_history(f"offset_bias.pro 1.30, 02/19/10, {header['OFFSET']:.3f}")
    header.add_history("V15 18 Jun 1997 MAKE_FITS_HDR")
    header.add_history("2")
    header.add_history(f"Simulated by CorInpaint {__version__}, seed {seed}: not an observation")
    return blank


def _header(seed: int, start: Time, exptime: float) -> fits.Header:
    """Header of a Level 0.5 file, with the cards of real ones in order; OFFSET and statistics are set later."""
    day, clock = start.isot.split("T")
    middle = start + TimeDelta(exptime / 2, format="sec")
    written = (start + TimeDelta(58.0, format="jd")).isot.replace("T", " ").replace("-", "/")
    commanded = max(round(exptime - SHUTTER_LAG_S), 0)
    header = fits.Header()
    for key, value in (
        ("FILENAME", f"32{seed % 10**6:06d}.fts"),
        ("FILEORIG", f"{day[2:].replace('-', '')}_{clock[:8].replace(':', '')}.img"),
        ("DATE", written),
        ("DATE-OBS", day.replace("-", "/")),
        ("TIME-OBS", clock),
        ("P1COL", 20),
        ("P1ROW", 1),
        ("P2COL", 1043),
        ("P2ROW", 1024),
        ("VERSION", 2),
        ("EXPTIME", exptime),
        ("EXP0", float(commanded)),
        ("EXPCMD", float(commanded)),
        ("EXP1", 1.87598),
        ("EXP2", 2.05518),
        ("EXP3", round(exptime - commanded, 5)),
        ("TELESCOP", "SOHO"),
        ("INSTRUME", "LASCO"),
        ("DETECTOR", "C3"),
        ("READPORT", "C"),
        ("SUMROW", 0),
        ("SUMCOL", 0),
        ("LEBXSUM", 1),
        ("LEBYSUM", 1),
        ("SHUTTR", 0),
        ("LAMP", 0),
        ("FILTER", "Clear"),
        ("POLAR", "Clear"),
        ("LP_NUM", "Normal"),
        ("OS_NUM", 3390),
        ("IMGCTR", seed % 4096),
        ("IMGSEQ", 0),
        ("COMPRSSN", "X#"),
        ("HCOMP_SF", 32),
        ("MID_DATE", int(middle.mjd)),
        ("MID_TIME", round(middle.mjd % 1 * 86400, 2)),
        ("PLATESCL", 56.0),
        ("OFFSET", 0.0),
        ("IMAGE_CT", seed % 4096),
        ("SEQ_NUM", 0),
        ("OBT_TIME", round((start.mjd - OBT_ZERO) * 86400, 1)),
        ("R1COL", 20),
        ("R1ROW", 1),
        ("R2COL", 1043),
        ("R2ROW", 1024),
        ("EFFPORT", "C"),
        ("RECTIFY", "TRUE"),
        *((key, 0.0) for key in ("DATAMIN", "DATAMAX")),
        *((key, 0) for key in ("DATAZER", "DATASAT")),
        *((key, 0.0) for key in ("DATAAVG", "DATASIG")),
        *((f"DATAP{level:02d}", 0) for level in PERCENTILES),
        ("CRPIX1", corona.SUN_CENTRE[0]),
        ("CRPIX2", corona.SUN_CENTRE[1]),
        ("CRVAL1", 0.0),
        ("CRVAL2", 0.0),
        ("CROTA1", 0.0),
        ("CROTA2", 0.0),
        ("CTYPE1", "SOLAR-X"),
        ("CTYPE2", "SOLAR-Y"),
        ("CUNIT1", "ARCSEC"),
        ("CUNIT2", "ARCSEC"),
        ("CDELT1", 56.0),
        ("CDELT2", 56.0),
    ):
        header[key] = value
    return header
