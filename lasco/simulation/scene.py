"""A forward model of C3 Clear: from a random corona to a Level 0.5 file with missing blocks, with the truth.

The sky is in `corinpaint.lasco.simulation.corona`, the camera in `corinpaint.lasco.simulation.camera`. Simulated files
have the cards of real ones in the same order, and HISTORY states that they are simulated.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.time import Time, TimeDelta
from numpy.typing import NDArray

from corinpaint.lasco.files import as_path, write_bytes
from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import FRAME_SHAPE, Frame, read_frame
from corinpaint.lasco.photometry import corkit
from corinpaint.lasco.photometry.optics import load_calibration_set, load_optics
from corinpaint.lasco.photometry.photometry import MSB_UNIT
from corinpaint.lasco.simulation import camera, corona
from corinpaint.lasco.simulation.telemetry import missing_pattern
from corinpaint.lasco.version import __version__

FIRST_DAY, LAST_DAY = 51910.0, 58800.0
"""Modified Julian dates between which random dates are drawn: 2001 to 2019."""

SHUTTER_LAG_S = 2.1
"""EXPTIME minus the commanded exposure time in real headers, s."""

LONG_EXPOSURE_S, SHORT_EXPOSURE_S = 19.1, 5.1
"""Usual exposure times of C3 Clear, s."""

CME_FRACTION = 0.4
"""Fraction of frames with a CME; far more than on a quiet day, so that training data contain many."""

OBT_ZERO = 36204.0
"""Modified Julian date of OBT_TIME = 0: 1958-01-01."""

PERCENTILES = (1, 10, 25, 75, 90, 95, 98, 99)
"""Percentiles in real Level 0.5 headers, DATAP01 to DATAP99."""


__all__ = ["Simulation", "missing_pattern", "simulate", "write", "write_truth"]


@dataclass(frozen=True, eq=False)
class Simulation:
    """A simulated exposure and its truth.

    Attributes
    ----------
    frame : Frame
        Level 0.5 with zeros in the missing blocks; it passed all checks of `read_frame`.
    complete : ndarray of float32, shape (1024, 1024)
        The same exposure without missing blocks, with its noise, DN; never-sent blocks are zero.
    brightness : ndarray of float32, shape (1024, 1024)
        Noise-free brightness on the detector grid, MSB: after the distortion, before the vignetting.
    missing : ndarray of bool, shape (32, 32)
        Missing blocks, (block row, block column).
    """

    frame: Frame
    complete: NDArray[np.float32]
    brightness: NDArray[np.float32]
    missing: NDArray[np.bool_]


def simulate(
    seed: int,
    *,
    missing: NDArray[np.bool_] | int | None = None,
    cme: bool | None = None,
    date: str | None = None,
    exptime: float | None = None,
) -> Simulation:
    """Simulate one exposure with the nominal calibration set.

    Parameters
    ----------
    seed : int
        The same seed and arguments give the same bytes. Scene, camera and missing blocks use separate random streams,
        so that the exposure does not depend on `missing`.
    missing : ndarray of bool of shape (32, 32), int or None
        The missing blocks; or their number, for random ones; or None for a random pattern (see `missing_pattern`).
    cme : bool, optional
        Whether there is a coronal mass ejection; random if None.
    date : str, optional
        Start of the exposure, ISO 8601, UTC; random between 2001 and 2019 if None.
    exptime : float, optional
        Exposure time, s; if None, about 19.1 s or, in one frame of ten, 5.1 s.

    Returns
    -------
    Simulation

    Raises
    ------
    ValueError
        When `missing` has another shape, contains a never-sent block, or exceeds the number of blocks that are sent.
    """
    setting, scene, camera, telemetry = np.random.default_rng(seed).spawn(4)
    missing = _missing_blocks(missing, telemetry)
    blank = _frame_without_counts(seed, *_draw_date_and_exposure(setting, date, exptime))
    with_cme = bool(setting.uniform() < CME_FRACTION) if cme is None else cme
    brightness = _scene(scene, distortion.occulter_centre(blank.date), with_cme)
    complete = _observe(brightness, blank, camera)
    data = np.where(blocks.to_pixels(missing), np.float32(0), complete)
    frame = read_frame(_level05(blank.header, data), name=blank.name)
    return Simulation(frame, complete, brightness, missing)


def _draw_date_and_exposure(rng: np.random.Generator, date: str | None, exptime: float | None) -> tuple[Time, float]:
    day, usual = rng.uniform(FIRST_DAY, LAST_DAY), LONG_EXPOSURE_S if rng.uniform() < 0.9 else SHORT_EXPOSURE_S
    seconds = round(usual + rng.normal(0, 0.03), 4)
    start = Time(day, format="mjd", scale="utc") if date is None else Time(date, scale="utc")
    start.precision = 3
    return start, seconds if exptime is None else float(exptime)


def _scene(rng: np.random.Generator, centre: tuple[float, float], cme: bool) -> NDArray[np.float32]:
    """Brightness on the detector grid, MSB."""
    sky = corona.k_corona(rng, cme=cme) + corona.f_corona(rng)
    brightness: NDArray[np.float32] = distortion.distort_map(centre).image(sky)
    corona.add_stars(brightness, rng)
    planet = corona.draw_planet(rng)
    if planet is not None:
        corona.add_planet(brightness, planet)
    return brightness


def _observe(brightness: NDArray[np.float32], blank: Frame, rng: np.random.Generator) -> NDArray[np.float32]:
    """Counts of the exposure, whole DN, with zeros in the never-sent blocks."""
    centre, factor = distortion.occulter_centre(blank.date), corkit.calfactor(blank)
    counts = camera.expected_counts(
        brightness, load_optics(load_calibration_set(), "C3"), centre, factor, blank.exptime, blank.mjd
    )
    dn = camera.compress(camera.read_out(counts, float(blank.header["OFFSET"]), blank.exptime, rng))
    return np.where(blocks.to_pixels(blocks.never_sent()), np.float32(0), np.clip(dn, 1, 2**14 - 1)).astype(np.float32)


def _missing_blocks(missing: NDArray[np.bool_] | int | None, rng: np.random.Generator) -> blocks.Blocks:
    if missing is None or isinstance(missing, int | np.integer):
        return missing_pattern(rng, None if missing is None else int(missing))
    given = np.asarray(missing, dtype=bool)
    if given.shape != (blocks.BLOCKS_PER_SIDE, blocks.BLOCKS_PER_SIDE):
        raise ValueError(f"missing has shape {given.shape}; give one flag per block, (32, 32)")
    if (given & blocks.never_sent()).any():
        raise ValueError("missing contains blocks that are never sent; leave out those of blocks.never_sent()")
    return given.copy()


def _frame_without_counts(seed: int, start: Time, exptime: float) -> Frame:
    """A frame of zeros with its header, which has the bias of its day."""
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


def _level05(header: fits.Header, data: NDArray[np.float32]) -> bytes:
    """Content of the Level 0.5 file: 16-bit integers, with the statistics of the nonzero pixels in the header."""
    values = data[data > 0]
    header = header.copy()
    header["DATAMIN"], header["DATAMAX"] = float(values.min()), float(values.max())
    header["DATAZER"] = int(data.size - values.size)
    header["DATAAVG"], header["DATASIG"] = round(float(values.mean()), 3), round(float(values.std()), 3)
    for level, value in zip(PERCENTILES, np.percentile(values, PERCENTILES), strict=True):
        header[f"DATAP{level:02d}"] = int(value)
    return _fits_bytes(fits.HDUList([fits.PrimaryHDU(data.astype(np.int16), header)]))


def _fits_bytes(hdus: fits.HDUList) -> bytes:
    buffer = io.BytesIO()
    hdus.writeto(buffer)
    return buffer.getvalue()


def write(simulation: Simulation, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write the Level 0.5 file, as a temporary file that is then renamed, so that no partial file is left.

    Parameters
    ----------
    simulation : Simulation
    path : str or os.PathLike
        The file.
    overwrite : bool
        Replace an existing file.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        When the file cannot be written, or exists and `overwrite` is False.
    """
    content = _level05(simulation.frame.header, simulation.frame.data)
    return write_bytes(as_path(path, "path"), content, overwrite=overwrite)


def write_truth(simulation: Simulation, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write the truth of a simulation to a FITS file: extensions COMPLETE (DN), BRIGHTNESS (MSB) and MISSING.

    MISSING has one pixel per block, 1 where it is missing. Parameters and errors as for `write`.
    """
    primary = fits.PrimaryHDU()
    primary.header["FILENAME"] = (simulation.frame.header["FILENAME"], "Level 0.5 file that this is the truth of")
    hdus = [
        primary,
        _image("COMPLETE", simulation.complete.astype(np.int16), "DN", "no block missing"),
        _image("BRIGHTNESS", simulation.brightness, MSB_UNIT, "noise-free scene, detector grid"),
        _image("MISSING", simulation.missing.astype(np.uint8), "", "1 = missing; one pixel per block of 32 x 32 px"),
    ]
    return write_bytes(as_path(path, "path"), _fits_bytes(fits.HDUList(hdus)), overwrite=overwrite)


def _image(name: str, data: NDArray[np.generic], unit: str, about: str) -> fits.ImageHDU:
    hdu = fits.ImageHDU(data, name=name)
    if unit:
        hdu.header["BUNIT"] = unit
    hdu.header["COMMENT"] = about
    return hdu
