"""Pixels that a user calls missing: trails of cosmic rays, planets, comets.

Whole telemetry blocks are filled, since that is what the methods are made for and were measured on. So the blocks that
hold such a pixel count as missing until they are filled; then the observed pixels of these blocks are put back.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from numpy.typing import NDArray

from corinpaint.lasco import files
from corinpaint.lasco.astropy_warnings import ignore_warnings
from corinpaint.lasco.errors import NoFrameError, OptionError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.photometry.detector import ObservedFrame


def check_mask(frame: Frame, mask: object) -> NDArray[np.bool_]:
    """Check the mask that a user gives with a frame.

    Raises
    ------
    OptionError
        When it is no array of bools of the shape of the frame.
    """
    given = np.asarray(mask)
    if given.dtype != bool or given.shape != frame.data.shape:
        raise OptionError(
            f"mask has the type {given.dtype} and the shape {given.shape}",
            f"give bools, True = missing, on the pixels of {frame.name}: {frame.data.shape}, row 0 at the bottom as in "
            "its file",
        )
    return given


def read_mask(path: str | os.PathLike[str]) -> NDArray[np.bool_]:
    """Read a mask from the first image of a FITS file: what is not 0 is missing.

    Parameters
    ----------
    path : str or os.PathLike
        Compressed by gzip or tiles, or not.

    Returns
    -------
    ndarray of bool, shape (H, W)
        Row 0 at the bottom, on the pixels of the Level 0.5 file.

    Raises
    ------
    NoFrameError
        When the file is not there or cannot be read.
    OptionError
        When it holds no image of two axes.
    """
    path = files.as_path(path, "path")
    try:
        with ignore_warnings(AstropyWarning), fits.open(path) as hdus:
            images = [np.asarray(hdu.data) for hdu in hdus if hdu.is_image and hdu.data is not None]
    except OSError as error:
        raise NoFrameError(f"{path}: cannot be read as FITS ({error})", "give a mask as a FITS file") from error
    if not images or images[0].ndim != 2:
        raise OptionError(f"{path}: holds no image", "give a mask with the rows and columns of the frame")
    return np.asarray(images[0] != 0)


def digest(mask: NDArray[np.bool_]) -> str:
    """What stands for a mask in USERMASK, hexadecimal."""
    return hashlib.sha256(np.packbits(mask).tobytes()).hexdigest()[:16]


def masked_pixels(observed: ObservedFrame, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels that are missing by the user's mask alone: in the field of view, sent, and not in a missing block.

    Parameters
    ----------
    observed : ObservedFrame
    mask : ndarray of bool, shape (H, W)
        Of the user.

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    return np.asarray(mask & observed.field & ~observed.unsent & ~blocks.to_pixels(observed.missing))


def without_masked(observed: ObservedFrame, masked: NDArray[np.bool_]) -> ObservedFrame:
    """The frame with the blocks that hold a masked pixel among its missing ones."""
    return replace(observed, missing=observed.missing | (blocks.block_means(masked) > 0))


def put_back(observed: ObservedFrame, filled: ObservedFrame, masked: NDArray[np.bool_]) -> ObservedFrame:
    """The filled frame with everything that was observed and is not masked.

    Parameters
    ----------
    observed : ObservedFrame
        As it was calibrated.
    filled : ObservedFrame
        `without_masked`, filled.
    masked : ndarray of bool, shape (H, W)

    Returns
    -------
    ObservedFrame
        With the fill in missing blocks and in masked pixels, and the missing blocks of `observed`.
    """
    hole = blocks.to_pixels(observed.missing) | masked
    return replace(
        observed,
        brightness=np.where(hole, filled.brightness, observed.brightness),
        variance=np.where(hole, filled.variance, observed.variance),
    )


def history_line(masked: NDArray[np.bool_], filled: blocks.Blocks) -> str:
    """Line of HISTORY about masked pixels, shape (H, W), filled in the blocks `filled`, (H / 32, W / 32)."""
    count = int((masked & blocks.to_pixels(filled)).sum())
    return (
        f"Mask of the user: {int(masked.sum())} pixels in the field of view called missing, {count} of them filled; "
        "their blocks are among the missing blocks of the zones, the other pixels of these were put back as observed"
    )


def cards(mask: NDArray[np.bool_], masked: NDArray[np.bool_]) -> list[tuple[str, str | float | int, str]]:
    """Cards of a product about the mask that was given and the pixels that are missing by it; both of shape (H, W)."""
    return [
        ("USERMASK", digest(mask), "digest of the user's mask"),
        ("NUSER", int(masked.sum()), "px on the detector missing by it alone"),
    ]
