"""Whether the calibration files of a product are those that its frame would be calibrated with now.

Only headers are read, and a table once, so that a product takes about a millisecond.
"""

from __future__ import annotations

import re

from astropy.io import fits

from corinpaint.lasco.geometry.clock import correct_clock
from corinpaint.lasco.geometry.observer import soho_observer
from corinpaint.lasco.geometry.pointing import determine_pointing
from corinpaint.lasco.level05 import keywords
from corinpaint.lasco.level05.frame import Frame, without_image
from corinpaint.lasco.photometry.exposure import exposure_table
from corinpaint.lasco.photometry.optics import NOMINAL_DIRECTORY
from corinpaint.lasco.reference_files import locate
from corinpaint.lasco.reference_files.calibration_set import CalibrationFile, CalibrationSet, calibration_file


def difference(product: fits.Header, frame: fits.Header, calibration: CalibrationSet) -> str:
    """The first calibration file of a product that is another one now.

    Parameters
    ----------
    product, frame : astropy.io.fits.Header
        Headers of the product and of the Level 0.5 frame.
    calibration : CalibrationSet
        The set to calibrate with now.

    Returns
    -------
    str
        Which card says what; empty when the files of the product are those of the set, and none is missing that would
        be used now, such as a table of the day that was fetched in the meantime.

    Raises
    ------
    FrameError
        When the header of the frame cannot be calibrated by.
    CalibrationError
        When a table of the set is damaged.
    """
    if keywords.text(product, "CALIB") != calibration.kind:
        return f"CALIB = {keywords.text(product, 'CALIB')[:40]!r}, not {calibration.kind!r}"
    used = _used(product)
    for key, file in used.items():
        now = _file(file.name, calibration)
        if now != file:
            what = "is not in the calibration set" if now is None else "is another file of that name"
            return f"{key} = {file.name[:40]!r} {what}"
    label = keywords.text(frame, "FILENAME") or "frame"
    missing = [file.name for file in tables(without_image(frame, label), calibration) if file not in used.values()]
    return f"CALF: {missing[0]} was not used" if missing else ""


def tables(frame: Frame, calibration: CalibrationSet) -> tuple[CalibrationFile, ...]:
    """The tables that a frame is calibrated with: exposure factor, clock, pointing, position of SOHO.

    Parameters
    ----------
    frame : Frame
        Its image is not read.
    calibration : CalibrationSet

    Returns
    -------
    tuple of CalibrationFile
        None of a nominal set, which has no tables.

    Raises
    ------
    CalibrationError
        When a table is damaged.
    """
    if calibration.directory is None:
        return ()
    clock = correct_clock(frame.date, calibration)
    found = (
        exposure_table(frame, calibration),
        clock.file,
        determine_pointing(frame, calibration, clock.date).file,
        soho_observer(clock.date, calibration).file,
    )
    return tuple(file for file in found if file is not None)


def _used(product: fits.Header) -> dict[str, CalibrationFile]:
    """The files of a product, by the keyword that names each."""
    keys = [key for key in product if re.fullmatch(r"CALF\d+", key)]
    return {key: CalibrationFile(*(keywords.text(product, name) for name in (key, f"CALH{key[4:]}"))) for key in keys}


def _file(name: str, calibration: CalibrationSet) -> CalibrationFile | None:
    """The file of a set with a name; None when there is none."""
    if calibration.directory is None:
        path = NOMINAL_DIRECTORY / name
        return calibration_file(path) if path.name == name and path.is_file() else None
    found = locate.locate(calibration.directory, name)
    return None if found is None else calibration_file(found)
