"""Images of the same camera on one pixel grid, by their sun centres.

Products are north-up, but where SOHO was upside down their sun centre is elsewhere: 13 and 42 px apart in C3, 3 and 10
px in C2. They are moved by whole pixels, so that neither values nor noise change; what is left is half a pixel at most.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.level05.keywords import finite_number

Value = TypeVar("Value", bound=np.generic)

Shift = tuple[int, int]
"""By how many columns and rows, px."""


def sun_centre(header: fits.Header, label: str) -> tuple[float, float]:
    """Sun centre (column, row) of a product, px from 1.

    Raises
    ------
    MissingKeywordError, BadKeywordError
        When CRPIX1 or CRPIX2 is missing or no number.
    """
    return finite_number(header, "CRPIX1", label), finite_number(header, "CRPIX2", label)


def shift_to(centre: tuple[float, float], own: tuple[float, float]) -> Shift:
    """By how many whole pixels an image with the sun centre `own` has to be moved to have it nearest to `centre`."""
    return round(centre[0] - own[0]), round(centre[1] - own[1])


def shifted(plane: NDArray[Value], shift: Shift, fill: float) -> NDArray[Value]:
    """An image moved by whole pixels.

    Parameters
    ----------
    plane : ndarray, shape (H, W)
    shift : (columns, rows)
    fill : float
        What comes in from outside.

    Returns
    -------
    ndarray, shape and dtype of `plane`
    """
    columns, rows = shift
    if not (columns or rows):
        return plane
    moved = np.full_like(plane, fill)
    height, width = plane.shape
    target = np.s_[max(rows, 0) : height + min(rows, 0), max(columns, 0) : width + min(columns, 0)]
    source = np.s_[max(-rows, 0) : height + min(-rows, 0), max(-columns, 0) : width + min(-columns, 0)]
    moved[target] = plane[source]
    return moved
