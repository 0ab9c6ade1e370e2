"""Level 1 products of made-up images, with the header of a calibrated frame."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import level05
import numpy as np
from astropy.io import fits

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.product import Level1


@cache
def _header(cards: tuple[tuple[str, Any], ...]) -> fits.Header:
    return calibrate(read_frame(level05.small_frame(**dict(cards)))).header


def made_up(
    number: int, when: str, data: np.ndarray, mask: np.ndarray | None = None, noise: float = 1.0, **cards: Any
) -> Level1:
    """A product of an image; flagged pixels keep their values, as filled and saturated ones do, unless they are NaN."""
    header = _header((("DETECTOR", "C3"),)).copy()
    name = f"{number}.fits"
    middle = (data.shape[1] + 1) / 2
    header.update({"FILENAME": name, "DATE-OBS": when, "CRPIX1": middle, "CRPIX2": middle, **cards})
    data = np.asarray(data, np.float32)
    sigma = np.where(np.isnan(data), np.inf, noise).astype(np.float32)
    total = np.where(np.isnan(data), np.inf, np.hypot(noise, header["CALERR"] * data)).astype(np.float32)
    return Level1(data, np.zeros(data.shape, np.uint8) if mask is None else mask, total, sigma, header, name)


def write(folder: Path, *given: Any, **cards: Any) -> Path:
    """A product as a file; see `made_up`."""
    return made_up(*given, **cards).write(folder)
