"""A forward model of C3 Clear: from a random corona to a Level 0.5 file with missing blocks, with the truth.

The sky is in `corinpaint.lasco.simulation.corona`, the camera in `corinpaint.lasco.simulation.camera`. Simulated files
have the cards of real ones in the same order, and HISTORY states that they are simulated.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.time import Time, TimeDelta
from numpy.typing import NDArray

from corinpaint.lasco.files import as_path, write_bytes
from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.photometry import corkit
from corinpaint.lasco.photometry.optics import load_calibration_set, load_optics
from corinpaint.lasco.photometry.photometry import MSB_UNIT
from corinpaint.lasco.simulation import camera, corona
from corinpaint.lasco.simulation.blank import PERCENTILES, blank_frame
from corinpaint.lasco.simulation.telemetry import missing_pattern

FIRST_DAY, LAST_DAY = 51910.0, 58800.0
"""Modified Julian dates between which random dates are drawn: 2001 to 2019."""

LONG_EXPOSURE_S, SHORT_EXPOSURE_S = 19.1, 5.1
"""Usual exposure times of C3 Clear, s."""

CME_FRACTION = 0.4
"""Fraction of frames with a CME; far more than on a quiet day, so that training data contain many."""


__all__ = ["Simulation", "missing_pattern", "simulate", "simulate_sequence", "write", "write_truth"]


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
    blank = blank_frame(seed, *_draw_date_and_exposure(setting, date, exptime))
    with_cme = bool(setting.uniform() < CME_FRACTION) if cme is None else cme
    brightness = _scene(scene, distortion.occulter_centre(blank.date), with_cme)
    return _exposure(blank, brightness, missing, camera)


def simulate_sequence(
    seed: int,
    distances: Sequence[float | None],
    *,
    missing: Sequence[NDArray[np.bool_] | int] | None = None,
    date: str = "2003-05-01T10:00:00",
    minutes: float = 24.0,
) -> list[Simulation]:
    """Simulate exposures of one corona, through which one CME moves outwards.

    Streamers, F corona and stars stay where they are.

    Parameters
    ----------
    seed : int
        As for `simulate`; the files are numbered from it on.
    distances : sequence of float or None
        For each exposure the distance of the CME's front from the sun's centre, solar radii; None before the CME.
    missing : sequence of ndarray of bool of shape (32, 32) or int, optional
        For each exposure, as for `simulate`; by default none are missing.
    date : str
        Start of the first exposure, ISO 8601, UTC.
    minutes : float
        From each exposure to the next.

    Returns
    -------
    list of Simulation

    Raises
    ------
    ValueError
        As for `simulate`, and when there are more or fewer `missing` than `distances`.
    """
    simulations = []
    given = [0] * len(distances) if missing is None else missing
    for number, (distance, holes) in enumerate(zip(distances, given, strict=True)):
        _, scene, _, _ = np.random.default_rng(seed).spawn(4)
        camera, telemetry = np.random.default_rng([seed, number]).spawn(2)
        start = Time(date, scale="utc") + TimeDelta(number * minutes * 60, format="sec")
        start.precision = 3
        blank = blank_frame(seed + number, start, LONG_EXPOSURE_S)
        cme = None if distance is None else corona.mass_ejection(np.random.default_rng([seed]), distance)
        brightness = _scene(scene, distortion.occulter_centre(blank.date), False, cme)
        simulations.append(_exposure(blank, brightness, _missing_blocks(holes, telemetry), camera))
    return simulations


def _exposure(
    blank: Frame, brightness: NDArray[np.float32], missing: blocks.Blocks, rng: np.random.Generator
) -> Simulation:
    complete = _observe(brightness, blank, rng)
    data = np.where(blocks.to_pixels(missing), np.float32(0), complete)
    frame = read_frame(_level05(blank.header, data), name=blank.name)
    return Simulation(frame, complete, brightness, missing)


def _draw_date_and_exposure(rng: np.random.Generator, date: str | None, exptime: float | None) -> tuple[Time, float]:
    day, usual = rng.uniform(FIRST_DAY, LAST_DAY), LONG_EXPOSURE_S if rng.uniform() < 0.9 else SHORT_EXPOSURE_S
    seconds = round(usual + rng.normal(0, 0.03), 4)
    start = Time(day, format="mjd", scale="utc") if date is None else Time(date, scale="utc")
    start.precision = 3
    return start, seconds if exptime is None else float(exptime)


def _scene(
    rng: np.random.Generator, centre: tuple[float, float], cme: bool, also: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Brightness on the detector grid, MSB."""
    sky = corona.k_corona(rng, cme=cme, also=also) + corona.f_corona(rng)
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
